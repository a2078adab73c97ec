"""Boxes that answer what objects a picture shows, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.specs import BoxOutput, Input
from zoo.tasks.targets.base import Kinds, Rows, Targets

__all__ = ["BoxTargets"]

OBJECTS = 3  # of a stand-in row
NOT_READ = (
    "boxes are not read from folders and tables yet. A recipe reads them: 'zoo eject' "
    "gives you that of a model for your own data."
)


class BoxTargets(Targets[BoxOutput]):
    """Each target is the objects of a picture; see `zoo.runtime.boxes`."""

    column_names = ("objects", "boxes", "annotations")
    dataset_labels = True

    def read_folder(self, folder: Path, input_spec: Input) -> Rows:
        raise DataError(f"{folder}: {NOT_READ}")

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        raise DataError(f"{source}: {NOT_READ}")

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: BoxOutput
    ) -> Tensor:
        raise NotImplementedError("boxes are not parsed yet")

    def synthetic(
        self, output_spec: BoxOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        """Return boxes, (rows, 3, 5), of random labels."""
        rows, count = len(given), len(output_spec.labels)
        shape = (rows, OBJECTS, 1)
        label = torch.randint(count, shape, generator=random).float()
        low = 0.6 * torch.rand(rows, OBJECTS, 2, generator=random)
        size = 0.2 + 0.2 * torch.rand(rows, OBJECTS, 2, generator=random)
        return torch.cat([label, low, low + size], dim=2)

    def two_kinds(
        self, drawn: Tensor, input_spec: Input, output_spec: BoxOutput
    ) -> Kinds:
        raise NotImplementedError("heads of boxes are not fine-tuned yet")
