"""What has to be known of a kind of answer to learn from data: `Targets`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar, cast

import torch
from torch import Tensor

from zoo._utils import paths
from zoo._utils.import_string import resolve
from zoo.errors import DataError
from zoo.preprocessing.preprocessor import preprocessor
from zoo.specs import Input, Output
from zoo.tasks.targets.files import Files, input_files, left_out_notes, no_files

__all__ = ["Kinds", "Rows", "Targets", "children", "some", "targets_of"]

OutputT = TypeVar("OutputT", bound=Output)
MOST = 20  # names that a message shows


@dataclass
class Rows:
    """A part of the data with its targets as they were written.

    `notes` say what was left out of it.
    """

    items: Sequence[Any]
    targets: Sequence[Any]
    names: Sequence[str]
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """Stand-in rows of two kinds that differ clearly, in turn, and what they answer."""

    items: Tensor
    targets: tuple[Any, ...]
    labels: tuple[str, ...]


class Targets(ABC, Generic[OutputT]):
    """What rows answer, for a kind of output.

    `output_spec` is always the model's output. A kind of output names its class in
    `Output.targets`, and nothing else registers it.
    """

    column_names: ClassVar[tuple[str, ...]] = ("label", "labels", "class", "target")
    stratified: ClassVar[bool] = False  # whether each row is of one class
    pictures: ClassVar[bool] = False  # whether each target is a picture
    flat_folders: ClassVar[bool] = False  # whether files alone make a folder of rows
    of_inputs: ClassVar[bool] = False  # whether an input is its own target
    dataset_labels: ClassVar[bool] = False  # whether a dataset's labels name its values
    own_columns: ClassVar[bool] = False  # whether `read_columns` finds them in a table
    file_suffixes: ClassVar[tuple[str, ...]] = ()  # of files that `read_splits` takes

    # In a user's own data

    def columns(self, output_spec: OutputT | None) -> Sequence[str]:
        """Return the columns that may hold the targets, the likeliest first."""
        return self.column_names

    def flat_rows(self, rows: Any) -> Any:
        """Return the rows of a table or a dataset, a column that holds several targets
        made into columns of their own."""
        return rows

    def column_notes(
        self, column: str, target: str, input_spec: Input, output_spec: OutputT | None
    ) -> list[str]:
        """Return what is to be said of the columns that a table of texts has its inputs
        and its targets in, by their names."""
        return []

    def horizon(self, output_spec: OutputT | None) -> int:
        """Return how many steps ahead a target reaches, of rows in the order of
        time."""
        return 1

    def read_folder(self, folder: Path, input_spec: Input) -> Rows:
        """Return the inputs in a folder, and what they answer. Raises DataError."""
        return _labelled(folder, input_spec)

    def read_splits(self, place: Path, input_spec: Input) -> dict[str, Rows] | None:
        """Return the rows of a folder, or of a file with one of the `file_suffixes`, by
        split, "" where there are none; None where the folders in it are the splits.

        Raises DataError.
        """
        return None

    def folder_of(self, file: Path) -> Path:
        """Return the folder of the inputs that a file of `read_splits` speaks of."""
        return file.parent

    def read_columns(
        self,
        source: str,
        rows: Any,
        picture: str,
        target: str | None,
        places: Sequence[str],
    ) -> list[tuple[int, Any]]:
        """Return the targets of a table whose inputs are in the column `picture`, each
        with the number of a row that has its input.

        Only a kind with `own_columns` is asked. Raises DataError.
        """
        raise NotImplementedError(f"{type(self).__name__} has one column of targets")

    @abstractmethod
    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """Write every target as data holds it; return the labels they are of, in order.

        `labels` fixes them and their order, `known` the order of those that a model
        knows already. Raises DataError.
        """

    def counts(self, targets: Sequence[Any], labels: Sequence[str]) -> dict[str, int]:
        """Return of how many targets each label is, or in how many it is."""
        return {}

    def sizes(self, targets: Sequence[Any], labels: Sequence[str]) -> list[int]:
        """Return how much there is of each label, by which it can be weighed."""
        return list(self.counts(targets, labels).values())

    def fitted_output(
        self, targets: Sequence[Any], output_spec: OutputT
    ) -> OutputT | None:
        """Return the output of a new head with what its parsed training targets say of
        it beside its labels; None where they say nothing."""
        return None

    # As tensors

    @abstractmethod
    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: OutputT
    ) -> Tensor:
        """Return parsed targets as the task's loss and measure take them."""

    @abstractmethod
    def synthetic(
        self, output_spec: OutputT, given: Tensor, random: torch.Generator
    ) -> Tensor:
        """Return random answers for stand-in rows, as a dataset would hold them."""

    def two_kinds(
        self, drawn: Tensor, input_spec: Input, output_spec: OutputT
    ) -> Kinds:
        """Return rows of two kinds and their parsed targets, to try a head on.

        `drawn` are synthetic inputs, as floats where they were bytes.
        """
        kind = torch.arange(len(drawn)) % 2
        items = preprocessor(input_spec).contrast(drawn, kind == 1, input_spec)
        return Kinds(items=items, targets=tuple(kind.tolist()), labels=())


def targets_of(output_spec: OutputT) -> Targets[OutputT]:
    """Return what is known of the answers of this kind of output."""
    return cast(Targets[OutputT], _made(output_spec.targets))


@cache
def _made(reference: str) -> Targets[Any]:
    made: Targets[Any] = resolve(reference, plugin="zoo")()
    return made


def children(folder: Path) -> list[Path]:
    """Return the folders in a folder, in order."""
    return sorted(
        p for p in folder.iterdir() if p.is_dir() and not paths.is_hidden(p.name)
    )


def some(names: Sequence[str]) -> str:
    """Return names for a message, of many the first."""
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(map(str, names[:MOST])) + more


def _labelled(folder: Path, input_spec: Input) -> Rows:
    """Return the inputs in a folder of class-named folders."""
    classes = children(folder)
    if not classes:
        raise DataError(
            f"{folder} has no folders in it. Give each class a folder of its own that "
            f"is named as the class: {input_spec.folder_example}."
        )
    items: list[Path] = []
    targets: list[str] = []
    found = input_files(folder, input_spec, deep=False)
    loose, left = found.taken, found.left
    for place in classes:
        files = input_files(place, input_spec)
        if not files.taken:
            raise DataError(no_files(place, files, input_spec))
        items += files.taken
        left += files.left
        targets += [place.name] * len(files.taken)
    names = [str(path.relative_to(folder)) for path in items]
    notes = left_out_notes(folder, Files(items, left), input_spec, loose)
    return Rows(items, targets, names, notes)
