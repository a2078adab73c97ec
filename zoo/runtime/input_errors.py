"""Errors about an input, an option or a spec that a model does not accept."""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from zoo.runtime import ZooError

__all__ = [
    "InputError",
    "OptionError",
    "SpecError",
    "a_type",
    "is_missing",
    "near",
    "no_text",
    "open_each",
]

WORKBOOK = (
    "{} is no text, but a file such as Excel and LibreOffice write: save the sheet as "
    "CSV in UTF-8, or read it with pandas.read_excel and give the DataFrame."
)

# What files that are no text begin with, and what is said of them.
NO_TEXT = {
    b"PK\x03\x04": "a document or an archive: save it as plain text in UTF-8",
    b"\xd0\xcf\x11\xe0": "an old office document: save it as plain text in UTF-8",
    b"%PDF-": "a PDF: save its text in UTF-8",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "compressed: unpack it first",
    b"BZh": "compressed: unpack it first",
    b"\xfd7zXZ": "compressed: unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed: unpack it first",
}


class InputError(ZooError):
    """An input of a model is not what the model expects."""

    def __init__(self, problem: str, expected: str) -> None:
        super().__init__(f"{problem} The model expects {expected}.")
        self.problem, self.expected = problem, expected

    def of(self, item: str) -> "InputError":
        """Return the same error with the name of the item that is at fault."""
        return InputError(f"{item}: {self.problem}", self.expected)


class OptionError(ZooError):
    """A model was built, or run, with an option that it does not take."""

    def __init__(self, model: str, problem: str, known: Sequence[str]) -> None:
        listing = ", ".join(known) or "none"
        super().__init__(f"Model {model!r}: {problem} Options: {listing}.")


class SpecError(ZooError):
    """A spec has a value that is not valid."""

    def __init__(self, owner: str, field: str, value: object, expected: str) -> None:
        super().__init__(f"{owner}: {field}={value!r} should be {expected}.")


def open_each(
    items: Sequence[Any], single: bool, opening: Callable[[Any], Any]
) -> list[Any]:
    """Return opened items; an error names the item that is at fault."""
    opened = []
    for number, item in enumerate(items, start=1):
        try:
            opened.append(opening(item))
        except InputError as exc:
            raise (exc if single else exc.of(f"Item {number}")) from exc.__cause__
    return opened


def no_text(name: str, start: bytes) -> str:
    """Return what is said of a file of another kind than text, by its first bytes."""
    kind = next((kind for mark, kind in NO_TEXT.items() if start.startswith(mark)), "")
    return f"{name} is no text, but {kind}." if kind else ""


def is_missing(value: Any) -> bool:
    """Return whether a value of a table stands for none: None, or NaN."""
    return value is None or (isinstance(value, float) and value != value)


def a_type(value: object) -> str:
    """Return what a value is, for the start of a message.

    >>> a_type(3), a_type({})
    ('An int', 'A dict')
    """
    name = type(value).__name__
    return f"{'An' if name[0].lower() in 'aeiou' else 'A'} {name}"


def near(name: str, known: Iterable[str]) -> str:
    """Return "Did you mean 'a' or 'b'? " or nothing; case does not count."""
    plain = {word.lower(): word for word in known}
    matches = [plain[word] for word in get_close_matches(name.lower(), plain, n=3)]
    return f"Did you mean {' or '.join(map(repr, matches))}? " if matches else ""
