"""The base classes of all kinds of input and of output."""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

from zoo.errors import SpecError
from zoo.specs.spec_part import SpecPart

__all__ = [
    "MOST_NUMBERS",
    "MOST_PIXELS",
    "MOST_SIDE",
    "Input",
    "LabelledOutput",
    "Output",
    "check_range",
    "check_size",
]

MOST_SIDE, MOST_PIXELS = 1 << 14, 1 << 24  # of a picture that a model takes or gives
MOST_NUMBERS = 1 << 24  # of a text, a series, a vector or a vocabulary
MANY, SHOWN = 12, 10  # labels that `zoo info` names, and a card


def check_range(part: Any, name: str, most: int = MOST_NUMBERS, least: int = 1) -> None:
    """Raise SpecError for a number that is below `least` or above `most`."""
    number = getattr(part, name)
    if not least <= number <= most:
        expected = f"at least {least}" if number < least else f"at most {most:,}"
        raise SpecError(type(part).__name__, name, number, expected)


def check_size(part: Any) -> None:
    """Raise SpecError for pictures of a size that is none, or that fill a memory."""
    check_range(part, "height", MOST_SIDE)
    check_range(part, "width", MOST_SIDE)
    if part.height * part.width > MOST_PIXELS:
        expected = f"at most {MOST_PIXELS // part.width:,} with a width of {part.width}"
        raise SpecError(type(part).__name__, "height", part.height, expected)


class Input(SpecPart):
    """A kind of input of a model: a frozen dataclass of plain data.

    A kind of input is a subclass here and a `zoo.preprocessing` class that turns raw
    inputs into tensors. By default an input is a single value, and no file.
    """

    __slots__ = ()
    kinds: ClassVar[dict[str, type[Any]]] = {}
    preprocessor: ClassVar[str]  # "package.module:class"
    plural: ClassVar[str]  # what a model takes, in a word or two for a message
    noun: ClassVar[str] = "input"  # one of them, where a column of a table holds each
    column_names: ClassVar[tuple[str, ...]] = ()  # of that column, the likeliest first
    suffixes: ClassVar[tuple[str, ...]] = ()  # of files that hold one input each
    folder_example: ClassVar[str] = ""  # such files in class-named folders
    pictured: ClassVar[bool] = False  # whether an opened input is a picture
    takes_strings: ClassVar[bool] = False  # whether any str is an input, and no path
    from_data: ClassVar[bool] = True  # whether it is data, or drawn at random

    @property
    def description(self) -> str:
        """What `zoo info` says of it."""
        return self.plural

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns of a table that an input is made of, if they are fixed."""
        return ()

    @property
    def usual_columns(self) -> tuple[str, ...]:
        """The names of the column that holds the inputs, the likeliest first."""
        return self.column_names

    @property
    def window(self) -> int | None:
        """How many rows make one input, where rows follow each other in time."""
        return None

    # Files beside the weights, without which no input can be read

    @property
    def files(self) -> dict[str, str]:
        """The names of the files needed beside the weights, and the SHA-256 of each."""
        return {}

    @property
    def local_files(self) -> tuple[Path, ...]:
        """The paths of these files on this machine; they need not exist."""
        return ()

    @property
    def missing_files(self) -> tuple[str, ...]:
        """The names of these files that are missing on this machine."""
        return ()

    def located(self, folder: Path) -> Self:
        """Return a copy whose files are in `folder`."""
        return self

    def with_contents(self) -> Self:
        """Return a copy that holds the contents of its files, where they are right.

        It does not need them any more, whatever becomes of their folder.
        """
        return self


class Output(SpecPart):
    """A kind of output of a model: a frozen dataclass of plain data.

    A kind of output is a subclass here, a `zoo.tasks.targets` class that reads targets
    of this kind from data, and a task that makes results of it.
    """

    __slots__ = ()
    kinds: ClassVar[dict[str, type[Any]]] = {}
    targets: ClassVar[str] = "zoo.tasks.targets.numbers:NumberTargets"
    drawable: ClassVar[bool] = False  # whether a result can be drawn, as a picture
    shown_as: ClassVar[tuple[str, ...]] = ("text",)  # parts of a result that show it
    ignored_label: ClassVar[int | None] = None  # the number of a target of no label
    is_features: ClassVar[bool] = False  # whether the output stands for the input
    labelled_task: ClassVar[str | None] = None  # with a head for labels, if another one

    # How the rows of a fine-tuning are counted
    label_noun: ClassVar[str] = "class"
    counted: ClassVar[str] = "training rows"  # what is counted of each label
    judged: ClassVar[str] = "row"  # what is right or wrong, and has one label
    weighable: ClassVar[bool] = True  # whether a label may count more than another

    @property
    def description(self) -> str:
        """What `zoo info` says of it."""
        return type(self).__name__

    @property
    def facts(self) -> dict[str, str]:
        """The lines of `zoo info` about it."""
        return {"output": self.description}

    @property
    def answer(self) -> str:
        """What a fine-tuned model answers, as a sentence of its card."""
        return "It gives a number."

    @property
    def target_labels(self) -> int | None:
        """The number of labels, where targets are label numbers."""
        return None

    def training_input(self, input_spec: Input) -> Input:
        """Return the input of the training rows of a model with this input."""
        return input_spec

    def with_labels(self, labels: tuple[str, ...]) -> "Output | None":
        """Return the output of a new head for `labels`; None where it has no labels."""
        return None

    def example_labels(self, count: int) -> tuple[str, ...]:
        """Return `count` labels for a test of a new head."""
        return tuple(f"new {number}" for number in range(count))

    def check_input(self, owner: str, input_spec: Input) -> None:
        """Raise SpecError for an input that does not fit this output."""


class LabelledOutput(Output):
    """An output with labels, which a new head may replace."""

    __slots__ = ()
    labels: tuple[str, ...]

    @property
    def description(self) -> str:
        shown = ", ".join(self.labels[:MANY])
        more = f", ... ({len(self.labels):,})" if len(self.labels) > MANY else ""
        return shown + more

    @property
    def facts(self) -> dict[str, str]:
        return {"labels": self.description}

    @property
    def answer(self) -> str:
        if not self.labels:
            return "It gives a number."
        rest = len(self.labels) - SHOWN
        more = f" and {rest} more" if rest > 0 else ""
        return f"It tells apart {', '.join(self.labels[:SHOWN])}{more}."

    def with_labels(self, labels: tuple[str, ...]) -> Self | None:
        made: Any = self
        new: Self = replace(made, labels=labels)
        return new
