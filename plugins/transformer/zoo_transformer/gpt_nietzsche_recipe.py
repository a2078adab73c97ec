"""Pre-train a small GPT on articles and novels, then tune it on one philosopher.

Read it from top to bottom: settings, data, training, evaluation. The first epochs read
the training text of Wikipedia articles and of two novels, the others that of the book.
The vocabulary is the book's: lower-case characters; what else the other texts hold is
left out of them. The epoch is chosen on the book's validation split. Its test split is
used once, at the end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import OneCycleLR

from zoo.recipes import TensorRows
from zoo.recipes.text import TextRun, TokenStream, load_token_stream, use_tokenizer
from zoo_transformer.bert_recipe import passages
from zoo_transformer.char_tokenizer import train_tokenizer
from zoo_transformer.gpt_recipe import evaluate
from zoo_transformer.muon import MuonAndAdamW

__all__ = [
    "DATASET",
    "OTHERS",
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "evaluate",
    "keep_known",
    "load_stream",
    "pretraining_streams",
    "train",
]

DATASET = "nietzsche"
OTHERS = ("wikipedia_text", "gutenberg_novels")  # read before the book


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    pretraining_epochs: int = 1  # passes over the articles and novels
    pretraining_lr: float = 6e-3  # the peak: a short warm-up, then cosine
    epochs: int = 6  # passes over the book
    lr: float = 2e-3  # the peak, as above
    batch_size: int = 32  # passages
    weight_decay: float = 0.1
    dropout: float = 0.1  # on the book; none before
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"pretraining_epochs": 1, "epochs": 1, "batch_size": 4}


def load_stream(run: TextRun, split: str) -> TokenStream:
    """Return a split of the book as one sequence of tokens, one for each character."""
    return load_token_stream(run, DATASET, split)


def data(run: TextRun, split: str) -> TensorRows:
    """Return passages of the context length, each starting in the middle of the one
    before: `evaluate` says why."""
    length: int = run.spec.options["context_length"]
    return load_stream(run, split).passages(length, step=length // 2)


def pretraining_streams(run: TextRun) -> list[TokenStream]:
    """Return the texts to read before the book, in the characters of the book."""
    known = keep_known("".join(run.load_texts(DATASET)))
    return [load_token_stream(run, name, "train", change=known) for name in OTHERS]


def keep_known(source: str) -> Callable[[str], str]:
    """Return what removes the characters that `source` lacks, in either case.

    >>> keep_known("a tale")("A taxi, a Late €")
    'A ta a Late '
    """
    alphabet = set(source.lower())
    return lambda text: "".join(c for c in text if c.lower() in alphabet)


def train(settings: Settings, run: TextRun) -> nn.Module:
    use_tokenizer(run, train_tokenizer(run.load_texts(DATASET), lower_case=True))
    book, validation = [load_stream(run, "train")], data(run, "validation")
    others = pretraining_streams(run) if settings.pretraining_epochs else []
    length: int = run.spec.options["context_length"]
    model = run.prepare(run.build(dropout=settings.dropout))

    def steps_of(texts: list[TokenStream], epochs: int, lr: float) -> tuple[Any, Any]:
        """Return an optimizer, and its schedule over some passes over texts."""
        optimizer = run.prepare(
            MuonAndAdamW(model, model.blocks, lr=lr, weight_decay=settings.weight_decay)
        )
        steps = run.steps(passages(run, texts), settings.batch_size, epochs)
        schedule = OneCycleLR(
            optimizer,
            max_lr=lr,
            total_steps=steps,
            pct_start=0.05,
            cycle_momentum=False,
        )
        return optimizer, run.prepare(schedule)

    tuning = steps_of(book, settings.epochs, settings.lr)
    first = (
        steps_of(others, settings.pretraining_epochs, settings.pretraining_lr)
        if others
        else tuning
    )
    for epoch in run.epochs(settings.pretraining_epochs + settings.epochs):
        tunes = epoch > settings.pretraining_epochs
        set_dropout(model, settings.dropout if tunes else 0.0)
        model.train()
        offset = int(torch.randint(length, (), generator=run.generator))
        rows = passages(run, book if tunes else others, offset)
        for token, next_token in run.batches(rows, settings.batch_size):
            logits = model(token)
            # The mean of -log p(s_n | s_1, ..., s_{n-1}): the factors of equation (1)
            # in the GPT-2 paper.
            loss = cross_entropy(logits.flatten(0, 1), next_token.flatten())
            run.step(loss, *(tuning if tunes else first), clip=1.0)
        metrics = {"validation_loss": evaluate(model, validation)["loss"]}
        run.log(metrics, best="validation_loss" if tunes else ())
    return run.best(model)


def set_dropout(model: nn.Module, dropout: float) -> None:
    """Set the probability of every dropout of a model."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = dropout
