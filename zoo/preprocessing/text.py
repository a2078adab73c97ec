"""From whatever a person calls a text to one batch of token numbers."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from zoo.errors import DataError, InputError
from zoo.preprocessing import tokenizer as tokens
from zoo.specs import TextInput

__all__ = ["batch", "column", "describe", "items", "opened", "suspicion"]

LARGEST = 32 << 20  # bytes of a text file


def describe(input_spec: TextInput) -> str:
    """Return what the model takes, in words for an error message."""
    language = f" (language: {input_spec.language})" if input_spec.language else ""
    return (
        f"a text{language}: a str, the pathlib.Path of a text file in UTF-8, or a list "
        "of those"
    )


def items(raw: Any, input_spec: TextInput) -> tuple[list[Any], bool]:
    """Take a text or a list of texts; an array or a pandas column is a list too.

    A tensor of whole numbers is token numbers already: (length,), or (batch, length).
    """
    if isinstance(raw, Tensor) and raw.ndim < 2:
        return [raw], True
    if isinstance(raw, (str, bytes, os.PathLike)) or not hasattr(raw, "__iter__"):
        return [raw], True
    if isinstance(raw, (dict, set)):
        problem = f"A {type(raw).__name__} is not a text."
        raise InputError(problem, describe(input_spec))
    found = list(raw)
    if not found:
        raise InputError("The list is empty.", describe(input_spec))
    return found, False


def opened(item: Any, input_spec: TextInput) -> str | Tensor:
    """Return a text, which may be empty of known words, but not empty."""
    if isinstance(item, Tensor):
        return _numbered(item, input_spec)
    if isinstance(item, os.PathLike):
        return _read(Path(item), input_spec)
    if isinstance(item, bytes):
        problem = "These are bytes, not a text: decode them, as in raw.decode('utf-8')."
        raise InputError(problem, describe(input_spec))
    if not isinstance(item, str):
        problem = f"A {type(item).__name__} is not a text."
        raise InputError(problem, describe(input_spec))
    if item.endswith(".txt") and len(item.split()) == 1:
        problem = (
            f"{item!r} is the name of a file, not a text: give pathlib.Path({item!r})."
        )
        raise InputError(problem, describe(input_spec))
    return _checked(str(item), "The text", input_spec)


def batch(opened: Sequence[str | Tensor], input_spec: TextInput) -> Tensor:
    """Return opened texts as token numbers, (B, length), padded to the longest."""
    rows = [
        tokens.numbers([one], input_spec)[0] if isinstance(one, str) else one.tolist()
        for one in opened
    ]
    return tokens.padded(rows, input_spec)


def suspicion(batch: Tensor, input_spec: TextInput) -> tuple[str, str] | None:
    """Return why an answer would say nothing: not one token of a text is known."""
    known = batch != input_spec.pad_token_id
    if input_spec.unk_token_id is not None:
        known &= batch != input_spec.unk_token_id
    if known.any(dim=1).all():
        return None
    language = f" (language: {input_spec.language})" if input_spec.language else ""
    return "unknown", (
        "A text has no word that the model knows, so its answer means nothing: check "
        f"the language and the alphabet{language}."
    )


def column(rows: Any, name: str, input_spec: TextInput, source: str) -> Tensor:
    """Return a column of texts of a dataset, or of a part of one, as a batch."""
    held = list(rows[name])
    for place, text in enumerate(held):
        if not isinstance(text, str):
            shown = type(text).__name__
            raise DataError(
                f"{source}: column {name!r} does not hold texts (row {place}: {shown})."
            )
    return tokens.padded(tokens.numbers(held, input_spec), input_spec)


def _numbered(item: Tensor, input_spec: TextInput) -> Tensor:
    whole = item.ndim == 1 and not item.is_floating_point() and len(item) > 0
    if not whole or item.min() < 0 or item.max() >= input_spec.vocab_size:
        problem = (
            f"A tensor {tuple(item.shape)} of {item.dtype} is no row of token numbers "
            f"below {input_spec.vocab_size:,}."
        )
        raise InputError(problem, describe(input_spec))
    return item[: input_spec.max_length].cpu()


def _read(path: Path, input_spec: TextInput) -> str:
    try:
        if path.stat().st_size > LARGEST:
            problem = f"{path} has more than {LARGEST >> 20} MiB: give a part of it."
            raise InputError(problem, describe(input_spec))
        return _checked(path.read_text(encoding="utf-8-sig"), str(path), input_spec)
    except FileNotFoundError:
        problem = f"There is no file '{path}'."
    except IsADirectoryError:
        problem = f"{path} is a folder."
    except UnicodeDecodeError as exc:
        problem = f"{path} is not UTF-8 text (byte {exc.start:,}): save it as UTF-8."
    except OSError as exc:
        problem = f"{path} can't be read ({exc.strerror})."
    raise InputError(problem, describe(input_spec))


def _checked(text: str, name: str, input_spec: TextInput) -> str:
    if not text.strip():
        raise InputError(f"{name} is empty.", describe(input_spec))
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        problem = (
            f"{name} holds half a character at place {exc.start:,}: it was cut, or "
            "decoded wrongly."
        )
        raise InputError(problem, describe(input_spec)) from exc
    return text
