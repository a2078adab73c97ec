"""Targets that recipes read, and that are not read from a user's own data yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from zoo.errors import DataError
from zoo.specs import Input
from zoo.tasks.targets.base import OutputT, Rows, Targets

__all__ = ["RecipeOnlyTargets"]

NOT_READ = (
    "{plural} are not read from folders and tables yet. A recipe reads them: 'zoo "
    "eject' gives you that of a model for your own data."
)


class RecipeOnlyTargets(Targets[OutputT]):
    """Targets of the rows that a recipe makes; `plural` names them in the error."""

    plural: ClassVar[str]

    def read_folder(self, folder: Path, input_spec: Input) -> Rows:
        raise DataError(f"{folder}: {NOT_READ.format(plural=self.plural)}")

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        raise DataError(f"{source}: {NOT_READ.format(plural=self.plural)}")

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: OutputT
    ) -> Tensor:
        raise NotImplementedError(f"{self.plural} are not parsed yet")
