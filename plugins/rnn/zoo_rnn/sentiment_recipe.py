"""Train a recurrent network to classify the sentiment of English film reviews.

One recipe for three cells, with the same settings, so that they can be compared. The
tokenizer is made of the words of the training reviews first, and keeps the last words
of a review, where a writer often sums up. Batches hold reviews of similar length. The
epoch is chosen on validation rows. The test reviews are used at the end.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from zoo import TextInput
from zoo.recipes import TensorRows
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo.recipes.text import TextRun, bucket_by_length, use_tokenizer
from zoo_rnn.char_tokenizer import random_unk
from zoo_rnn.sentiment import RecurrentClassifier
from zoo_rnn.word_tokenizer import train_word_tokenizer

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "reviews", "train"]

SMOKE_REVIEWS = 200
# As OneCycleLR's pct_start. A tenth would divide by zero in a run of ten steps.
WARMUP_FRACTION = 0.21


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    dropout: float = 0.4  # of the embeddings, and of the pooled states
    unk_probability: float = 0.1  # of a word to be replaced by [UNK]
    epochs: int = 3
    batch_size: int = 64
    lr: float = 4e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    val_fraction: float = 0.1  # of the training rows


SMOKE_SETTINGS = {"epochs": 1}


def data(run: TextRun, split: str) -> TensorRows:
    """Return reviews as token ids, and 1 for a positive one."""
    first = SMOKE_REVIEWS if run.smoke else None
    return run.load_rows("imdb", split, columns="text", first=first)


def train(settings: Settings, run: TextRun) -> nn.Module:
    input_spec = run.spec.input
    assert isinstance(input_spec, TextInput), "the model here reads text"
    tokenizer = train_word_tokenizer(
        reviews(run, "train"),
        vocab_size=input_spec.vocab_size,
        max_length=input_spec.max_length,
    )
    use_tokenizer(run, tokenizer)
    training, validation = run.split(data(run, "train"), settings.val_fraction)
    unwrapped: RecurrentClassifier = run.build(dropout=settings.dropout)
    order = bucket_by_length(unwrapped.length(training.input))
    model = run.prepare(unwrapped)
    optimizer = run.prepare(
        torch.optim.AdamW(
            model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(training, settings.batch_size, settings.epochs),
            pct_start=WARMUP_FRACTION,
        )
    )
    augment = random_unk(settings.unk_probability)
    for _ in run.epochs(settings.epochs):
        model.train()
        batches = run.batches(
            training, settings.batch_size, augment=augment, order=order
        )
        for token, label in batches:
            loss = cross_entropy(model(token), label)
            run.step(loss, optimizer, schedule, clip=settings.max_grad_norm)
        run.log(evaluate(model, validation), best="accuracy", model=model)
    return run.best(model)


def reviews(run: TextRun, split: str) -> list[str]:
    """Return the reviews of a split as texts; a smoke run takes the first of them."""
    texts = run.load_texts("imdb", split)
    return texts[:SMOKE_REVIEWS] if run.smoke else texts
