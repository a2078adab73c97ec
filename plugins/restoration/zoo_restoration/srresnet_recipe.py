"""Train SRResNet to enlarge faces and photographs to twice their size.

Read it from top to bottom: settings, data, training. `zoo_restoration/pairs.py` makes
the pairs. Faces are what the model is measured by, and photographs are learned beside
them. The epoch is chosen by the validation rows, a tenth of the training faces; of the
photographs the set has validation rows of its own. The test rows are used once, at the
end.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from zoo.recipes import Run, TensorRows, normalize, to_model_input
from zoo.recipes.metrics import evaluate_enlarged as evaluate
from zoo_restoration.pairs import FACES, PHOTOS, load_pairs, turned

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

VAL_SQUARES = 200  # of photographs
FINAL_LR = 0.01  # factor of the learning rate at the end of the cosine


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 2
    batch_size: int = 8
    lr: float = 2e-3
    warmup: float = 0.05  # of all steps, in which the learning rate rises
    photo_step: int = 2  # one of so many squares of photographs is learned
    val_fraction: float = 0.1  # of the training faces, held out for validation
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 4}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return faces, (N, 3, 32, 32) bytes, and as targets those of 64x64."""
    return load_pairs(run, FACES, split)


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    photos = load_pairs(run, PHOTOS, "train")[:: settings.photo_step]
    train_rows = both(train_rows, photos)
    val_photos = load_pairs(run, PHOTOS, "validation")[:VAL_SQUARES]
    model = run.prepare(run.build())
    optimizer = run.prepare(torch.optim.Adam(model.parameters(), lr=settings.lr))
    scheduler = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(train_rows, settings.batch_size, settings.epochs),
            pct_start=settings.warmup,
            final_div_factor=1 / FINAL_LR,
        )
    )
    for epoch in run.epochs(settings.epochs):
        model.train()
        generator = torch.Generator().manual_seed(settings.seed + epoch)
        for small, large in run.batches(train_rows, settings.batch_size):
            expected = normalize(to_model_input(large), run.spec.input)
            small, expected = turned(small, expected, generator)
            run.step(l1_loss(model(small), expected), optimizer, scheduler)
        measured = evaluate(model, val_rows)
        photo_psnr = evaluate(model, val_photos)["psnr"]
        run.log({**measured, "photo_psnr": photo_psnr}, best="psnr")
    return run.best(model)


def both(first: TensorRows, second: TensorRows) -> TensorRows:
    """Return the rows of two sets as one."""
    parts: list[tuple[Tensor, Tensor]] = [
        (first.input, second.input),
        (first.target, second.target),
    ]
    given, target = (torch.cat(part) for part in parts)
    source = f"{first.source} and {second.source}"
    return replace(first, input=given, target=target, source=source)
