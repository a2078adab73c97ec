"""Train a transformer encoder to classify the sentiment of English film reviews.

Read it from top to bottom: settings, data, training, evaluation. The tokenizer is made
of the words of the training reviews first. Batches hold reviews of similar length. The
epoch is chosen on validation rows, a tenth of the training rows. The test reviews are
used at the end.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import TextInput
from zoo.recipes import TensorRows
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo.recipes.text import TextRun, bucket_by_length, trim_padding, use_tokenizer
from zoo_transformer.word_tokenizer import UNK_TOKEN_ID, train_word_tokenizer

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "reviews", "train"]

SMOKE_REVIEWS = 200
# As OneCycleLR's pct_start. A tenth would divide by zero in a run of ten steps.
WARMUP_FRACTION = 0.21


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    dropout: float = 0.1
    unk_probability: float = 0.1  # of a word to be replaced by [UNK]
    epochs: int = 2
    batch_size: int = 32
    lr: float = 2e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    val_fraction: float = 0.1  # of the training rows


SMOKE_SETTINGS = {"epochs": 1}  # what the test suite runs


def reviews(run: TextRun, split: str) -> list[str]:
    """Return the reviews of a split as texts; a smoke run takes the first of them."""
    texts = run.load_texts("imdb", split)
    return texts[:SMOKE_REVIEWS] if run.smoke else texts


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
    order = bucket_by_length((training.input != 0).sum(dim=1))
    model = run.prepare(run.build(dropout=settings.dropout))
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

    def hide_words(token: Tensor, random: torch.Generator) -> Tensor:
        """Replace some words by [UNK], and leave out columns of padding alone."""
        kept = torch.rand(token.shape, generator=random) >= settings.unk_probability
        hidden = token.where(kept | (token == 0), UNK_TOKEN_ID)
        return trim_padding(hidden, run.spec.input)

    for _ in run.epochs(settings.epochs):
        model.train()
        batches = run.batches(
            training, settings.batch_size, augment=hide_words, order=order
        )
        for token, label in batches:
            loss = cross_entropy(model(token), label)
            run.step(loss, optimizer, schedule, clip=settings.max_grad_norm)
        run.log(evaluate(model, validation), best="accuracy", model=model)
    return run.best(model)
