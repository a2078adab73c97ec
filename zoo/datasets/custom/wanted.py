"""The request for a user's data: which inputs and targets a model needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zoo.specs import Input, Output
from zoo.tasks.targets.base import Targets, targets_of
from zoo.tasks.targets.classes import ClassTargets

__all__ = ["ReadOptions", "Wanted"]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How a user says that data is read: options of `zoo.finetune` and the like.

    `target` and `column` name the columns of a table that hold targets and inputs.
    `encoding` is that of text files. With `allow_outside`, a table may name files
    elsewhere, and addresses.
    """

    target: str | None = None
    column: str | None = None
    encoding: str | None = None
    allow_outside: bool = False


@dataclass(frozen=True)
class Wanted:
    """The input and output of a model (by default classes), how the user says that the
    data is read, and the kind of the targets, by default that of the output."""

    input_spec: Input
    output_spec: Output | None
    options: ReadOptions
    targets: Targets[Any] | None = None

    @cached_property
    def kind(self) -> Targets[Any]:
        """The kind of the targets."""
        if self.targets is not None:
            return self.targets
        return (
            ClassTargets() if self.output_spec is None else targets_of(self.output_spec)
        )

    @property
    def columns(self) -> Sequence[str]:
        """The columns that may hold the targets, the likeliest first."""
        return (
            [self.options.target]
            if self.options.target
            else self.kind.columns(self.output_spec)
        )

    @property
    def horizon(self) -> int:
        """The number of steps that a target forecasts."""
        return self.kind.horizon(self.output_spec)
