"""Points that answer where the parts of a pictured object are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.specs import Input, KeypointOutput
from zoo.tasks.targets.base import Rows, Targets

__all__ = ["KeypointTargets"]

NOT_READ = (
    "keypoints are not read from folders and tables yet. A recipe reads them: 'zoo "
    "eject' gives you that of a model for your own data."
)


class KeypointTargets(Targets[KeypointOutput]):
    """Each target is the points of a picture, (points, 2), as shares of it."""

    column_names = ("keypoints",)

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
        self, targets: Sequence[Any], input_spec: Input, output_spec: KeypointOutput
    ) -> Tensor:
        raise NotImplementedError("keypoints are not parsed yet")

    def synthetic(
        self, output_spec: KeypointOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        return torch.rand(len(given), len(output_spec.points), 2, generator=random)
