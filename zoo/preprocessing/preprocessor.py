"""What has to be known of a kind of input to make tensors of it: `Preprocessor`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast

import torch
from torch import Tensor, nn

from zoo._utils.import_string import resolve
from zoo.errors import InputError
from zoo.runtime.rows import to_model_input
from zoo.specs import Input

__all__ = ["GraphInput", "InputWarning", "Preprocessor", "preprocessor"]

InputT = TypeVar("InputT", bound=Input)


@dataclass(frozen=True, kw_only=True)
class GraphInput:
    """What an exported graph takes, in place of raw inputs.

    `axes` names the dimensions of what the model takes that may have any length. Where
    a `module` prepares the input in the graph, `raw_axes` are those of what it takes.
    """

    name: str = "input"
    axes: Mapping[int, str] = field(default_factory=lambda: {0: "batch"})
    module: nn.Module | None = None
    raw_axes: Mapping[int, str] = field(default_factory=dict)


class InputWarning(NamedTuple):
    """Why a batch does not look like the training data: a kind, and a sentence.

    Where it is about some `rows` of the batch alone, the first of them and their number
    stand in the sentence before `rest`; `noun` is what a row is.
    """

    kind: str
    sentence: str
    rest: str = ""
    rows: tuple[int, ...] = ()
    noun: str = "row"

    def text(self, name: str = "", count: int = 1) -> str:
        """Return the sentence; `name` is that of the first of `count` rows."""
        more = f" and {count - 1:,} more" if count > 1 else ""
        where = f" ({name}{more})" if name else ""
        return f"{self.sentence}{where}{self.rest}"


class Preprocessor(ABC, Generic[InputT]):
    """From raw inputs of one kind, or rows of a dataset, to what a model takes.

    `input_spec` is always the model's input. A kind of input names its class in
    `Input.preprocessor`, and nothing else registers it.
    """

    pads: ClassVar[bool] = False  # whether the shorter rows of a batch are filled up

    # From what a person has

    @abstractmethod
    def split_items(self, raw: Any, input_spec: InputT) -> tuple[list[Any], bool]:
        """Return the single inputs in `raw`, and whether it was one and not a list."""

    @abstractmethod
    def load_item(self, item: Any, input_spec: InputT) -> Any:
        """Return one of those items, read and checked. Raises InputError."""

    @abstractmethod
    def collate(self, opened: Sequence[Any], input_spec: InputT) -> Tensor:
        """Return opened items as the model's input tensor.

        Keyword-only arguments that a subclass adds are options of `zoo.predict`.
        """

    @property
    def options(self) -> tuple[str, ...]:
        """The names of the options that `collate` takes."""
        given = signature(self.collate).parameters.values()
        return tuple(p.name for p in given if p.kind is p.KEYWORD_ONLY)

    def input_warnings(self, batch: Tensor, input_spec: InputT) -> list[InputWarning]:
        """Return why a batch does not look like the training data."""
        return []

    def table_warnings(self, rows: Any, input_spec: InputT) -> list[InputWarning]:
        """Return why the rows of a table do not look like the training data."""
        return []

    def truncated(self, opened: Sequence[Any], input_spec: InputT) -> int:
        """Return of how many opened items `collate` leaves a part out."""
        return 0

    def steps(self, input_spec: InputT) -> list[str]:
        """Return what becomes of an input until a model takes it, a sentence a step.

        A subclass adds the options of its `collate`, here and to `inverse`.
        """
        return [f"Take {input_spec.description}."]

    def inverse(self, tensor: Tensor, input_spec: InputT) -> Any:
        """Return what the tensor of one input shows, in a form that `load_item` reads.

        Raises InputError.
        """
        problem = f"The tensors of {input_spec.plural} have no inverse."
        raise InputError(problem, "pictures or rows of a table for that")

    # From the rows of a dataset

    def column(
        self, rows: Any, name: str, input_spec: InputT, source: str
    ) -> Tensor | None:
        """Return a column of a dataset, or of a part of one, as it is kept in memory.

        None where it is kept as the dataset has it: pictures, or numbers.
        """
        return None

    def streamed(
        self,
        rows: Mapping[str, Any],
        name: str,
        numbers: Sequence[int],
        input_spec: InputT,
    ) -> Tensor | None:
        """Return a column of some rows, by their `numbers`, decoded as they are used.

        Files are not opened yet. None where it holds numbers. Raises DataError.
        """
        return self.column(rows, name, input_spec, "these rows")

    def identity(self, input_spec: InputT) -> str:
        """Return a key that differs where a `column` would be read otherwise."""
        return ""

    def prepared(self, rows: Tensor, input_spec: InputT) -> Tensor:
        """Return rows as they are kept, or features of them, as the model takes them:
        bytes become floats in 0..1."""
        return to_model_input(rows)

    def joined(self, batches: Sequence[Tensor], input_spec: InputT) -> Tensor:
        """Return batches as one."""
        return torch.cat(list(batches))

    # Where there is no zoo

    def graph_input(self, input_spec: InputT) -> GraphInput:
        """Return what a graph of a model takes: by default, the model's own input."""
        return GraphInput()

    # Beside the weights

    def check_files(self, input_spec: InputT, folder: Path) -> None:
        """Refuse files of `folder` that a stranger made and that can't be used.

        Raises CheckpointError.
        """

    def save(self, input_spec: InputT, folder: Path) -> InputT:
        """Write what inputs are read with into `folder`; return the input, pinned."""
        return input_spec

    # Where there is no data

    @abstractmethod
    def synthetic(
        self, input_spec: InputT, rows: int, random: torch.Generator
    ) -> Tensor:
        """Return random rows as a dataset would hold them, within their range."""

    def benchmark(self, input_spec: InputT, rows: int) -> Tensor:
        """Return prepared inputs of the size that the model is timed with."""
        random = torch.Generator().manual_seed(0)
        return self.prepared(self.synthetic(input_spec, rows, random), input_spec)

    def contrast(self, drawn: Tensor, second: Tensor, input_spec: InputT) -> Tensor:
        """Return rows of two kinds that differ clearly, made of stand-in rows.

        `drawn` are synthetic rows, as floats where they were bytes, and `second`,
        (rows,), marks those of the second kind: near the most that the rows hold,
        where the others are near the least.
        """
        picked = second.view(-1, *[1] * (drawn.ndim - 1))
        ends = torch.where(picked, drawn.amax(dim=0), drawn.amin(dim=0))
        return 0.3 * drawn + 0.7 * ends


def preprocessor(input_spec: InputT) -> Preprocessor[InputT]:
    """Return what makes tensors of inputs of this kind."""
    return cast(Preprocessor[InputT], _made(input_spec.preprocessor))


@cache
def _made(reference: str) -> Preprocessor[Any]:
    made: Preprocessor[Any] = resolve(reference, plugin="zoo")()
    return made
