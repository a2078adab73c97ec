"""A small network with batch normalisation, and pictures that it can tell apart."""

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.models.metadata import ModelMetadata, attach
from zoo.specs import ClassOutput, ImageInput, License, ModelSpec

__all__ = ["Small", "lesson_rows", "pictures", "small"]

COLOURS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}
FREE = License(code="mit", weights="mit", data="mit")


class Small(nn.Module):
    """Two blocks of convolution and normalisation, a dropout, and a linear head."""

    def __init__(self, *, classes: int = 3) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3, 1, 1))
        self.first = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(4),
        )
        self.second = nn.Sequential(
            nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()
        )
        self.rest = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout())
        self.head = nn.Linear(16, classes)

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.head(
            self.rest(self.second(self.first(image * self.scale)))
        )
        return logits


def small(*, labels: tuple[str, ...] = ("red", "green", "blue"), **changed: Any) -> Any:
    """Return the network with weights of seed 0, and what the zoo needs to know."""
    torch.manual_seed(0)
    model = Small(classes=len(labels)).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    known: dict[str, Any] = {
        "name": "small",
        "summary": "A small network.",
        "task": "image-classification",
        "build": "small:Small",
        "card": "card.md",
        "license": FREE,
        "parameters": sum(p.numel() for p in model.parameters()),
        "input": ImageInput(height=32, width=32),
        "output": ClassOutput(labels=labels),
        "trained_on": (),
        "head": "head",
    }
    spec = ModelSpec(**known | changed)
    return attach(model, ModelMetadata(spec=spec, options={}))


def lesson_rows(
    count: int = 36, labels: tuple[str, ...] = tuple(COLOURS)
) -> DatasetSplits:
    """Return noisy pictures, each mostly of its label's colour, in three parts."""
    random = torch.Generator().manual_seed(0)

    def part(rows: int) -> LabeledExamples:
        targets = [n % len(labels) for n in range(rows)]
        hues = torch.tensor([COLOURS[labels[n]] for n in targets]) / 255
        noise = torch.rand(rows, 3, 32, 32, generator=random)
        images = 0.3 * hues[:, :, None, None] + 0.7 * noise
        names = [f"picture {n}" for n in range(rows)]
        return LabeledExamples(items=list(images), targets=tuple(targets), names=names)

    return DatasetSplits(
        source="colours",
        labels=labels,
        training=part(count),
        validation=part(count // 2),
        test=part(count // 2),
    )


def pictures(
    folder: Path, count: int = 8, labels: tuple[str, ...] = ("across", "down")
) -> Path:
    """Write stripes across or down, bright on dark, into class-named folders."""
    random = torch.Generator().manual_seed(0)
    for number, label in enumerate(labels):
        (folder / label).mkdir(parents=True)
        for picture in range(count):
            shown = Image.new("L", (28, 28))
            first = int(torch.randint(4, 12, (), generator=random))
            for line in range(first, first + 9, 4):
                box = (
                    (3, line, 25, line + 2)
                    if number % 2 == 0
                    else (line, 3, line + 2, 25)
                )
                shown.paste(255 - 20 * (number // 2), box)
            shown.save(folder / label / f"{picture}.png")
    return folder
