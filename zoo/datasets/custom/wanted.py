"""The request for a user's data: which inputs and targets a model needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zoo.specs import Input, Output
from zoo.tasks.targets.base import Targets, targets_of
from zoo.tasks.targets.classes import ClassTargets

__all__ = ["Wanted"]


@dataclass(frozen=True)
class Wanted:
    """The input and output of a model (by default classes), and the target column that
    the user named."""

    input_spec: Input
    output_spec: Output | None
    target: str | None

    @cached_property
    def kind(self) -> Targets[Any]:
        """The kind of the targets."""
        return (
            ClassTargets() if self.output_spec is None else targets_of(self.output_spec)
        )

    @property
    def columns(self) -> Sequence[str]:
        """The columns that may hold the targets, the likeliest first."""
        return [self.target] if self.target else self.kind.columns(self.output_spec)

    @property
    def horizon(self) -> int:
        """The number of steps that a target forecasts."""
        return self.kind.horizon(self.output_spec)
