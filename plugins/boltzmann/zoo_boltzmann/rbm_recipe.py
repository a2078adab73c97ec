"""Train a restricted Boltzmann machine on MNIST, without a loss.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The settings were chosen on the 6,000 validation rows; the
test rows are used once, at the end.

The likelihood's gradient is the difference of two means: of what the machine sees in
digits, and of what it sees in pictures of its own. The latter come from chains that are
begun anew at digits in each step (contrastive divergence), or that go on from step to
step (persistent: Tieleman, "Training restricted Boltzmann machines using approximations
to the likelihood gradient", 2008). It is written out below; nothing is differentiated.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo_boltzmann.likelihood import annealed, pseudo
from zoo_boltzmann.rbm import RBM, drawn
from zoo_boltzmann.telling import describe

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

LEAST, MOST = 1e-3, 1 - 1e-3  # how often a pixel is white, at the start


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 50
    batch: int = 50  # and as many chains
    lr: float = 0.1  # falls to zero in a straight line
    method: Literal["pcd", "cd"] = "pcd"  # chains go on, or begin at each batch
    steps: int = 1  # of the chains, up and down, for each step of the weights
    holding: float = 0.1  # share of the training rows kept for validation


SMOKE_SETTINGS = {"epochs": 1, "batch": 32}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes; only what the card tells uses their labels."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


class Chains:
    """Pictures that the machine goes on drawing, kept for resuming."""

    def __init__(self, pixels: Tensor) -> None:
        self.pixels = pixels

    def state_dict(self) -> dict[str, Any]:
        """Return where the chains are, as a run keeps it."""
        return {"pixels": self.pixels}

    def load_state_dict(self, held: dict[str, Any]) -> None:
        """Go on from where the chains of a killed run were."""
        self.pixels = held["pixels"].to(self.pixels)


@torch.no_grad()
def train(settings: Settings, run: Run) -> nn.Module:
    fitting, holding = run.split(data(run, "train"), settings.holding)
    model: RBM = run.build()
    begin(model, fitting)
    run.prepare(model)
    optimizer = run.prepare(torch.optim.SGD(model.parameters(), settings.lr))
    total = run.steps(fitting, settings.batch, settings.epochs)
    schedule = run.prepare(
        torch.optim.lr_scheduler.LinearLR(optimizer, 1, 1e-3, total_iters=total)
    )
    chains = run.prepare(Chains(drawn(model.start.expand(settings.batch, -1))))
    for _ in run.epochs(settings.epochs):
        for image, _ in run.batches(fitting, settings.batch):
            ink = torch.bernoulli(image.flatten(start_dim=1))
            from_where = chains.pixels if settings.method == "pcd" else ink
            chains.pixels = walked(model, from_where, settings.steps)
            for parameter, gradient in zip(
                model.parameters(), uphill(model, ink, chains.pixels), strict=True
            ):
                parameter.grad = run.context.mean(-gradient)
            optimizer.step()
            schedule.step()
        run.log(validated(model, holding))
    return run.best(model)


def begin(model: RBM, rows: TensorRows) -> None:
    """Let the machine begin as independent pixels, each as often white as in `rows`."""
    image = to_model_input(rows.input).flatten(start_dim=1)
    logit = image.mean(dim=0).clamp(LEAST, MOST).logit()
    model.start.copy_(logit)
    model.visible.copy_(logit)


def walked(model: RBM, pixels: Tensor, steps: int) -> Tensor:
    """Return where chains are after some steps of drawing hidden units, then pixels."""
    for _ in range(steps):
        pixels = drawn(model.down(drawn(model.up(pixels))))
    return pixels


def uphill(model: RBM, ink: Tensor, own: Tensor) -> list[Tensor]:
    """Return the direction in which black and white digits become likelier, and
    pictures of the machine's own less so: of weights, pixels and hidden units."""
    digits, dreams = seen(model, ink), seen(model, own)
    return [digit - dream for digit, dream in zip(digits, dreams, strict=True)]


def seen(model: RBM, pixels: Tensor) -> list[Tensor]:
    """Return how often units are on, and both ends of a weight together, on average."""
    units = model.up(pixels).sigmoid()
    return [units.T @ pixels / len(pixels), pixels.mean(dim=0), units.mean(dim=0)]


def validated(model: RBM, rows: TensorRows) -> dict[str, float]:
    """Return figures of black and white rows, drawn by a fixed seed."""
    random = torch.Generator().manual_seed(0)
    image = to_model_input(rows.input)
    ink = torch.bernoulli(image, generator=random).flatten(start_dim=1)
    kept = predict_batches(model, image).sigmoid()
    pixels = ink.to(model.weight.device)
    return {
        "negative_pseudo_likelihood": -pseudo(model, pixels, random),
        "mse": (kept - image).square().mean().item(),
    }


def evaluate(model: Any, rows: TensorRows) -> dict[str, float]:
    """Return what the card claims. Pictures are made black and white, and chains run,
    by a fixed seed; log Z is estimated in a step for every four rows."""
    random = torch.Generator().manual_seed(0)
    image = to_model_input(rows.input)
    ink = torch.bernoulli(image, generator=random).flatten(start_dim=1)
    partition = annealed(model, random, steps=len(rows) // 4).value
    energy = predict_batches(_Energy(model), ink)
    kept = predict_batches(model, image).sigmoid()
    return {
        "negative_log_likelihood": energy.double().mean().item() + partition,
        "mse": (kept - image).square().mean().item(),
    }


class _Energy(nn.Module):
    """The free energy as a module, to be run in batches like any other."""

    def __init__(self, model: RBM) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the free energy of black and white pictures, (B,)."""
        return self.model.free_energy(pixels)


def report(model: Any, run: Run) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    describe(model, run, data(run, "train"), data(run, "test"))
