"""Texts that are their own targets: a model learns what comes next, or is masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.specs import Input, MaskedTokenOutput, TextOutput
from zoo.tasks.targets.base import Rows, Targets
from zoo.tasks.targets.files import input_files, left_out_notes, no_files

__all__ = ["OwnTextTargets"]

ENDING = ".txt"


class OwnTextTargets(Targets[TextOutput | MaskedTokenOutput]):
    """Nothing is written beside a text; a folder of files, or one file, is enough."""

    flat_folders = True
    of_inputs = True
    file_suffixes = (ENDING,)

    def read_folder(self, folder: Path, input_spec: Input) -> Rows:
        """Return all text files in a folder, and in the folders in it."""
        found = input_files(folder, input_spec)
        if not found.taken:
            raise DataError(no_files(folder, found, input_spec))
        names = [str(path.relative_to(folder)) for path in found.taken]
        notes = left_out_notes(folder, found, input_spec)
        return Rows(found.taken, [None] * len(names), names, notes)

    def read_splits(self, place: Path, input_spec: Input) -> dict[str, Rows] | None:
        """Return the one text of a file; of a folder the folders in it are splits."""
        if place.is_dir():
            return None
        return {"": Rows([place], [None], [place.name])}

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        return ()

    def tensor(
        self,
        targets: Sequence[Any],
        input_spec: Input,
        output_spec: TextOutput | MaskedTokenOutput,
    ) -> Tensor:
        """Return the tokens that blocks ask for, (rows, length)."""
        return torch.stack(list(targets))

    def synthetic(
        self,
        output_spec: TextOutput | MaskedTokenOutput,
        given: Tensor,
        random: torch.Generator,
    ) -> Tensor:
        """Return the tokens themselves, as nobody looks at more."""
        return given.clone()
