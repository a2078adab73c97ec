"""Train a recurrent network to tell good film reviews from bad ones, in Korean.

Read it from top to bottom: settings, data, training, measuring. The tokenizer, which
lists characters, is made of the training reviews first. Batches hold reviews of like
length, so that little of them is filling. What the network reads and how much of it is
hidden while it learns was chosen on rows held back, and so is the epoch. The weights
that are kept are a moving average. The test reviews are used once.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import Run, TextInput, baselines, pictures, tokenising
from zoo.measuring import measure, outputs
from zoo.tensors import Tensors, prepared
from zoo_rnn import characters, drawing, letters
from zoo_rnn.gru import GRUReader

__all__ = ["SMOKE", "Settings", "data", "measure", "report", "train"]

FEW = 200  # reviews of a smoke run


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    dropout: float = 0.5  # of what is read of a character, and of what is pooled
    unlisted: float = 0.05  # share of the characters that stand as unlisted ones
    epochs: int = 4  # the best on rows held back is the third
    batch: int = 128
    lr: float = 2e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.01
    fading: float = 0.5  # weight decay of grams: those that are rare fade again
    clip: float = 1.0  # bound of the gradient's norm
    decay: float = 0.998  # of the moving average of the weights, a step
    half: bool = True  # matrices are multiplied in bfloat16
    holding: float = 0.05  # share of the training rows kept for validation


SMOKE = {"epochs": 1}


def data(run: Run, split: str) -> Tensors:
    """Return reviews as token numbers, and 1 for a good one."""
    few = FEW if run.smoke else None
    return run.tensors("nsmc", split, columns="text", first=few)


def train(settings: Settings, run: Run) -> nn.Module:
    size = run.spec.options["vocabulary"]
    tokenising.adopt(run, letters.tokenizer(_reviews(run, "train"), size=size))
    fitting, holding = run.split(data(run, "train"), settings.holding)
    bare: GRUReader = run.build(dropout=settings.dropout)
    average = run.average(bare, decay=settings.decay)
    length = bare.length(fitting.input)
    model = run.prepare(bare)
    optimizer = run.prepare(torch.optim.AdamW(_groups(bare, settings), lr=settings.lr))
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(fitting, settings.batch, settings.epochs),
            pct_start=0.1,
        )
    )
    hiding = letters.unlisted(settings.unlisted)
    for _ in run.epochs(settings.epochs):
        model.train()
        batches = run.batches(fitting, settings.batch, augment=hiding, length=length)
        for token, label in batches:
            with torch.autocast(run.device.type, torch.bfloat16, settings.half):
                logits = model(token)
            loss = cross_entropy(logits.float(), label)
            run.step(loss, optimizer, schedule, clip=settings.clip)
        run.log(measure(average, holding), best="accuracy", model=average)
    return run.best(average)


def _groups(model: GRUReader, settings: Settings) -> list[dict[str, Any]]:
    """Return the weights in two groups: grams, of which many are rare, and the rest."""
    grams = list(model.grams.parameters())
    rest = [p for p in model.parameters() if all(p is not gram for gram in grams)]
    return [
        {"params": grams, "weight_decay": settings.fading},
        {"params": rest, "weight_decay": settings.weight_decay},
    ]


def report(model: GRUReader, run: Run) -> None:
    """Note what counting characters reaches, and on which reviews the model fails."""
    training, test, expected = data(run, "train"), data(run, "test"), run.spec.input
    assert isinstance(expected, TextInput), "the model here reads text"
    run.baseline("majority class", accuracy=baselines.majority(training, test))
    run.baseline(
        "logistic regression on character n-grams",
        accuracy=characters.accuracy(
            (_reviews(run, "train"), training.target.tolist()),
            (_reviews(run, "test"), test.target.tolist()),
        ),
    )
    logits = outputs(model, prepared(test.input, expected))
    said, score = logits.argmax(dim=1), logits.softmax(dim=1).amax(dim=1)
    right, length = said == test.target, model.length(test.input)
    short, long = length <= 10, length > 100
    unsure = score < 0.75
    run.note(
        short=_share(right[short]),
        short_rows=int(short.sum()),
        long=_share(right[long]),
        long_rows=int(long.sum()),
        longest=expected.longest,
        unsure=_share(unsure),
        right_if_unsure=_share(right[unsure]),
        right_if_sure=_share(right[~unsure]),
    )
    run.picture(
        "confusion",
        pictures.confusion(said, test.target, run.spec.labels),
        "How often each kind of the test reviews was taken for which.",
    )
    run.picture(
        "length",
        drawing.by_length(right, length),
        "The share of test reviews read rightly, by their number of tokens.",
    )


def _reviews(run: Run, split: str) -> list[str]:
    found = tokenising.texts(run, "nsmc", split)
    return found[:FEW] if run.smoke else found


def _share(right: Tensor) -> float:
    return right.float().mean().item()
