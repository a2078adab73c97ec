"""Train the colorizer of Iizuka et al. on photographs of flowers.

Read it from top to bottom: settings, data, training. A photograph's own colours are the
target, so colours need no labels; the kind of the flower is learned beside them, as in
the paper, so that the global features say what a picture is of. The epoch is chosen by
the validation rows of the set. The test rows are used once, at the end.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, interpolate, mse_loss

from zoo.recipes import Run, TensorRows
from zoo.recipes.images import rgb_to_lab
from zoo.recipes.metrics import evaluate_colorized as evaluate
from zoo_restoration.colorizer import AB_RANGE, Colorizer, grey_lightness
from zoo_restoration.flowers import KINDS, load_kinds, load_photographs

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "joint_loss", "train"]

CHUNK_ROWS = 256  # photographs whose colours are converted together


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 24
    batch_size: int = 32
    lr: float = 3e-3  # the peak of the one-cycle schedule
    warmup: float = 0.1  # of all steps, in which the learning rate rises
    weight_decay: float = 0.01
    kind_weight: float = 0.003  # of the loss of classification: about 1 / 300, as there
    least_crop: float = 0.75  # of a photograph's side, that is learned at a time
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 4}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return grey photographs, (N, 1, 72, 72) bytes, and as targets those in colour."""
    return load_photographs(run, split)


def train(settings: Settings, run: Run) -> nn.Module:
    photographs = data(run, "train")
    train_rows = in_lab(photographs, load_kinds(run, len(photographs)))
    val_rows = data(run, "validation")
    model = run.build()
    network = run.prepare(ColorsAndKind(model, KINDS))
    optimizer = run.prepare(
        torch.optim.AdamW(
            network.parameters(),
            lr=settings.lr,
            weight_decay=settings.weight_decay,
            fused=True,
        )
    )
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(train_rows, settings.batch_size, settings.epochs),
            pct_start=settings.warmup,
        )
    )
    for epoch in run.epochs(settings.epochs):
        network.train()
        generator = torch.Generator().manual_seed(settings.seed + epoch)
        for lab, kind in run.batches(train_rows, settings.batch_size):
            lab = cropped(lab, model.side, settings.least_crop, generator)
            ab, logits = network(lab[:, :1])
            loss = joint_loss(ab, lab[:, 1:], logits, kind, settings.kind_weight)
            run.step(loss, optimizer, scheduler)
        run.log(evaluate(model, val_rows), best="ab_psnr")
    return run.best(model)


class ColorsAndKind(nn.Module):
    """The colorizer, and a layer on its global features that says what kind of flower a
    photograph shows. Only the colorizer is kept."""

    def __init__(self, colorizer: Colorizer, kinds: int) -> None:
        super().__init__()
        self.colorizer = colorizer
        self.kind = nn.Linear(colorizer.global_width, kinds)

    def forward(self, lightness: Tensor) -> tuple[Tensor, Tensor]:
        """Return a and b, (B, 2, H / 2, W / 2), and logits, (B, kinds)."""
        ab, features = self.colorizer.colors(lightness)
        return ab, self.kind(features)


def joint_loss(
    ab: Tensor, expected: Tensor, logits: Tensor, kind: Tensor, kind_weight: float
) -> Tensor:
    """Return the loss of colours, (B, 2, h, w) against (B, 2, H, W), and of kinds:

    L = ||y - y*||^2 - alpha (l[kind] - log sum_i exp l[i])

    equation 3 of the paper, with a mean over pixels in units of AB_RANGE for the norm.
    What is expected is averaged to the size that the network gives.
    """
    factor = expected.shape[-1] // ab.shape[-1]
    error = mse_loss(ab.float(), avg_pool2d(expected, factor)) / AB_RANGE**2
    return error + kind_weight * cross_entropy(logits.float(), kind)


def cropped(lab: Tensor, side: int, least: float, generator: torch.Generator) -> Tensor:
    """Return a batch of squares, (B, 3, H, H), cut at random, one place and size for
    all, mirrored at random, and brought to (B, 3, side, side)."""
    whole = lab.shape[-1]
    cut = int(torch.randint(round(least * whole), whole + 1, (), generator=generator))
    top, left = torch.randint(whole - cut + 1, (2,), generator=generator).tolist()
    lab = lab[..., top : top + cut, left : left + cut]
    if torch.rand((), generator=generator) < 0.5:
        lab = lab.flip(3)
    return interpolate(lab, size=(side, side), mode="bilinear", antialias=True)


def in_lab(photographs: TensorRows, kinds: Tensor) -> TensorRows:
    """Return photographs as floats, (N, 3, H, W): the lightness of the grey ones, and a
    and b of those in colour; their targets are the kinds, (N,)."""
    parts = [
        torch.cat([grey_lightness(grey / 255), rgb_to_lab(whole / 255)[:, 1:]], dim=1)
        for grey, whole in zip(
            photographs.input.split(CHUNK_ROWS),
            photographs.target.split(CHUNK_ROWS),
            strict=True,
        )
    ]
    return replace(photographs, input=torch.cat(parts), target=kinds)
