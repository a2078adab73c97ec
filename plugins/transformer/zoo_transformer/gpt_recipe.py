"""Train a small GPT on the characters of Shakespeare's plays.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The settings were chosen on the validation split in short
runs; the test split is used once, at the end.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo.training import train_tokenizer as tokenising
from zoo.training.token_stream import Stream, stream
from zoo_transformer import characters, telling
from zoo_transformer.muon import MuonAndAdamW

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

SET, OTHER = "tiny_shakespeare", "gutenberg_novels"
PATIENCE = 2  # epochs without a better validation loss end the training
PROMPT = 68  # characters of the test split that are gone on from: up to a name


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 16  # passes over the text, each cut into passages anew
    batch: int = 32  # passages
    lr: float = 6e-3  # the peak: it rises for a twentieth of the steps, then falls
    weight_decay: float = 0.1
    dropout: float = 0.0


SMOKE_SETTINGS = {"epochs": 1, "batch": 4}  # what the test suite runs


def text(run: Run, split: str) -> Stream:
    """Return a split as one row of tokens, a character each."""
    return stream(run, SET, split)


def data(run: Run, split: str) -> TensorRows:
    """Return passages as long as the model reads, each begun in the middle of the one
    before: `evaluate` says why."""
    length: int = run.spec.options["context"]
    return text(run, split).passages(length, step=length // 2)


def train(settings: Settings, run: Run) -> nn.Module:
    tokenising.use_tokenizer(
        run, characters.tokenizer(tokenising.training_texts(run, SET))
    )
    fitting, holding = text(run, "train"), data(run, "validation")
    length: int = run.spec.options["context"]
    model = run.prepare(run.build(dropout=settings.dropout))
    optimizer = run.prepare(
        MuonAndAdamW(
            model, model.blocks, lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    steps = run.steps(fitting.passages(length), settings.batch, settings.epochs)
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=steps,
            pct_start=0.05,
            cycle_momentum=False,
        )
    )
    for _ in run.epochs(settings.epochs, patience=PATIENCE):
        model.train()
        offset = int(torch.randint(length, (), generator=run.generator))
        rows = fitting.passages(length, offset=offset)
        for token, following in run.batches(rows, settings.batch):
            with torch.autocast(run.device.type, torch.bfloat16):
                logits = model(token)
            loss = cross_entropy(logits.flatten(0, 1).float(), following.flatten())
            run.step(loss, optimizer, schedule, clip=1.0)
        found = {"validation_loss": evaluate(model, holding)["loss"]}
        run.log(found, best="validation_loss")
    return run.best(model)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return what a character costs, told after at least half a passage.

    Only the second half of each passage counts, and of the first passage all.
    """
    nats = costs(model, rows)
    half = nats.shape[1] // 2
    loss = torch.cat([nats[0, :half], nats[:, half:].flatten()]).mean().item()
    return {
        "loss": loss,
        "perplexity": math.exp(loss),
        "bits_per_character": loss / math.log(2),
    }


def costs(model: nn.Module, rows: TensorRows) -> Tensor:
    """Return what each character of passages costs after those before it, in nats."""
    found = [
        cross_entropy(
            predict_batches(model, part.long()).transpose(1, 2),
            following,
            reduction="none",
        )
        for part, following in rows.batches(torch.arange(len(rows)).split(64))
    ]
    return torch.cat(found)


def only(known: set[str]) -> Callable[[str], str]:
    """Return what leaves out the characters that are not known."""
    return lambda text: "".join(letter for letter in text if letter in known)


def report(model: Any, run: Run) -> None:
    """Measure what the card speaks of."""
    training, validation, test = (
        text(run, split) for split in ("train", "validation", "test")
    )
    length: int = run.spec.options["context"]
    source = "\n".join(tokenising.training_texts(run, SET))
    table = telling.compare(run, training, validation, test)
    telling.written(model, run, source, test.token[:PROMPT])
    nats = costs(model, test.passages(length))
    run.log_summary(
        in_passages=nats.mean().item(), first_eight=nats[:, :8].mean().item()
    )
    novels = stream(run, OTHER, "test", change=only(set(source)))
    rows = novels.passages(length, step=length // 2)
    run.log_summary(
        novels=evaluate(model, rows)["loss"],
        novels_table=table.nats(novels.token).mean().item(),
    )
