"""Train a recurrent network to tell good film reviews from bad ones, in Korean.

Read it from top to bottom: settings, data, training, measuring. The tokenizer, which
lists characters, is made of the training reviews first. Batches hold reviews of like
length, so that little of them is filling. What the network reads and how much of it is
hidden while it learns was chosen on rows held back, and so is the epoch. The weights
that are kept are a moving average. The wide path is solved afterwards, on the same
rows: until then it is silent, so that neither path leans on the other. How much each
counts is found on the rows held back. The test reviews are used once.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import Run, TextInput
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches
from zoo.training import train_tokenizer as tokenising
from zoo_rnn import characters, counting, drawing, letters
from zoo_rnn.gru import GRUReader

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

FEW = 200  # reviews of a smoke run
RISE = 0.11  # share of the steps; a tenth would divide by zero in a run of ten steps


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
    strength: float = 8.0  # of the texts against small numbers, in the wide path
    search: int = 200  # steps towards the best numbers there
    holding: float = 0.05  # share of the training rows kept for validation


SMOKE_SETTINGS = {"epochs": 1, "search": 3}


def data(run: Run, split: str) -> TensorRows:
    """Return reviews as token numbers, and 1 for a good one."""
    few = FEW if run.smoke else None
    return run.load_rows("nsmc", split, columns="text", first=few)


def train(settings: Settings, run: Run) -> nn.Module:
    size = run.spec.options["vocabulary"]
    tokenising.use_tokenizer(run, letters.tokenizer(_reviews(run, "train"), size=size))
    fitting, holding = run.split(data(run, "train"), settings.holding)
    bare: GRUReader = run.build(dropout=settings.dropout)
    bare.wide.requires_grad_(False)
    average = run.ema(bare, decay=settings.decay)
    length = bare.length(fitting.input)
    model = run.prepare(bare)
    optimizer = run.prepare(torch.optim.AdamW(_groups(bare, settings), lr=settings.lr))
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(fitting, settings.batch, settings.epochs),
            pct_start=RISE,
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
        run.log(evaluate(average, holding), best="accuracy", model=average)
    best = run.best(average)
    assert isinstance(best, GRUReader), "the average of what was built"
    _widen(best, fitting, holding, settings, run)
    return best


def _groups(model: GRUReader, settings: Settings) -> list[dict[str, Any]]:
    """Return the weights in two groups: grams, of which many are rare, and the rest."""
    grams = list(model.grams.parameters())
    apart = {id(p) for p in (*grams, *model.wide.parameters())}
    rest = [p for p in model.parameters() if id(p) not in apart]
    return [
        {"params": grams, "weight_decay": settings.fading},
        {"params": rest, "weight_decay": settings.weight_decay},
    ]


@torch.no_grad()
def _widen(
    model: GRUReader,
    fitting: TensorRows,
    holding: TensorRows,
    settings: Settings,
    run: Run,
) -> None:
    """Solve the wide path, and let the head weigh both by the rows held back."""
    strength, steps = settings.strength, settings.search
    counting.solve(model.wide, fitting, strength=strength, steps=steps)
    token = to_model_input(holding.input, run.spec.input)
    odds = _paths(model, token)
    of_deep, of_wide, rest = counting.shares(
        [odds["deep"], odds["wide"]], holding.target
    ).to(run.device)
    side = torch.tensor([-0.5, 0.5], device=run.device)
    model.decide.weight.mul_(of_deep)
    model.decide.bias.mul_(of_deep).add_(rest * side)
    model.decide.weight[:, -1] = of_wide * side
    for path, found in _paths(model, token).items():
        run.log_summary(**{f"{path}_validated": _share((found > 0) == holding.target)})


def _paths(model: GRUReader, token: Tensor) -> dict[str, Tensor]:
    """Return the log odds of a good review by each path alone, and by both."""
    logits, wide = (
        predict_batches(model, token),
        predict_batches(model.wide, token)[:, 0],
    )
    heard = model.decide.weight[:, -1].detach().cpu()
    both = logits[:, 1] - logits[:, 0]
    return {"deep": both - wide * (heard[1] - heard[0]), "wide": wide, "both": both}


def report(model: GRUReader, run: Run) -> None:
    """Note what counting characters reaches, and on which reviews the model fails."""
    training, test, expected = data(run, "train"), data(run, "test"), run.spec.input
    assert isinstance(expected, TextInput), "the model here reads text"
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    run.log_baseline(
        "logistic regression on character n-grams",
        accuracy=characters.accuracy(
            (_reviews(run, "train"), training.target.tolist()),
            (_reviews(run, "test"), test.target.tolist()),
        ),
    )
    token = to_model_input(test.input, expected)
    alone = {
        path: _share((odds > 0) == test.target)
        for path, odds in _paths(model, token).items()
    }
    run.log_baseline("its own list of character n-grams", accuracy=alone["wide"])
    run.log_summary(deep=alone["deep"], wide=alone["wide"])
    logits = predict_batches(model, token)
    said, score = logits.argmax(dim=1), logits.softmax(dim=1).amax(dim=1)
    right, length = said == test.target, model.length(test.input)
    short, long = length <= 10, length > 100
    unsure = score < 0.75
    run.log_summary(
        short=_share(right[short]),
        short_rows=int(short.sum()),
        long=_share(right[long]),
        long_rows=int(long.sum()),
        longest=expected.max_length,
        unsure=_share(unsure),
        right_if_unsure=_share(right[unsure]),
        right_if_sure=_share(right[~unsure]),
    )
    run.log_figure(
        "confusion",
        pictures.confusion(said, test.target, run.spec.labels),
        "How often each kind of the test reviews was taken for which.",
    )
    run.log_figure(
        "length",
        drawing.by_length(right, length),
        "The share of test reviews read rightly, by their number of characters.",
    )


def _reviews(run: Run, split: str) -> list[str]:
    found = tokenising.training_texts(run, "nsmc", split)
    return found[:FEW] if run.smoke else found


def _share(right: Tensor) -> float:
    return right.float().mean().item()
