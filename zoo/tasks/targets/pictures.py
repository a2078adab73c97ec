"""Pictures that are their own targets: a model is given a worse copy of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.specs import ColorizedImageOutput, ImageOutput, Input, ScaledImageOutput
from zoo.tasks.targets.base import Rows, Targets
from zoo.tasks.targets.files import input_files, left_out_notes, no_files

__all__ = ["PictureTargets"]

Pictured = ImageOutput | ScaledImageOutput | ColorizedImageOutput


class PictureTargets(Targets[Pictured]):
    """Nothing is written beside a picture; what is measured is made of it alone.

    Rows of a recipe whose model draws pictures have numbers, which nothing uses.
    """

    flat_folders = True
    of_inputs = True

    def read_folder(self, folder: Path, input_spec: Input) -> Rows:
        """Return all pictures in a folder, and in the folders in it."""
        found = input_files(folder, input_spec)
        if not found.taken:
            raise DataError(no_files(folder, found, input_spec))
        names = [str(path.relative_to(folder)) for path in found.taken]
        notes = left_out_notes(folder, found, input_spec)
        return Rows(found.taken, [None] * len(names), names, notes)

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        return ()

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: Pictured
    ) -> Tensor:
        """Return the originals of pairs as bytes, (rows, channels, height, width)."""
        return torch.stack([torch.from_numpy(one) for one in targets])

    def synthetic(
        self, output_spec: Pictured, given: Tensor, random: torch.Generator
    ) -> Tensor:
        if isinstance(output_spec, ImageOutput):
            return torch.randn(len(given), generator=random)
        rows, _, height, width = given.shape
        size = output_spec.scale * height, output_spec.scale * width
        shape = (rows, output_spec.channels, *size)
        return torch.randint(256, shape, generator=random, dtype=torch.uint8)
