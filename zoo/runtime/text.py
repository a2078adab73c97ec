"""From whatever a person calls a text to one batch of token numbers."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from zoo.runtime.input_errors import (
    WORKBOOK,
    InputError,
    a_type,
    is_missing,
    no_text,
    open_each,
)
from zoo.runtime.tokenizer import encode_batch, pad

__all__ = ["describe", "encode", "items", "open_text", "read", "token_numbers"]

FILES = (  # no text ends so
    ".txt",
    ".csv",
    ".tsv",
    ".json",
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".xls",
    ".xlsx",
)
MAX_FILE_BYTES = 32 << 20  # bytes of a text, and of the file of one


def describe(input_spec: Any) -> str:
    """Return what the model takes, in words for an error message."""
    language = f" (language: {input_spec.language})" if input_spec.language else ""
    return (
        f"a text{language}: a str, the pathlib.Path of a text file in UTF-8, or a list "
        "of those"
    )


def read(raw: Any, input_spec: Any) -> tuple[list[str | Tensor], bool]:
    """Return the texts in `raw`, and whether it was a single one."""
    texts, single = items(raw, input_spec)
    return open_each(texts, single, lambda one: open_text(one, input_spec)), single


def encode(opened: Sequence[str | Tensor], input_spec: Any) -> Tensor:
    """Return opened texts as token numbers, (B, length), padded to the longest."""
    return pad(token_numbers(opened, input_spec), input_spec)


def token_numbers(opened: Sequence[str | Tensor], input_spec: Any) -> list[list[int]]:
    """Return the token numbers of each opened text."""
    return [
        encode_batch([one], input_spec)[0]
        if isinstance(one, str)
        else one[: input_spec.max_length].tolist()
        for one in opened
    ]


def items(raw: Any, input_spec: Any) -> tuple[list[Any], bool]:
    """Return the single texts in `raw`, and whether it was one and not a list.

    An array or a pandas column is a list too. A tensor of whole numbers is token
    numbers already: (length,), or (batch, length).
    """
    if isinstance(raw, Tensor) and raw.ndim < 2:
        return [raw], True
    if isinstance(raw, (str, bytes, os.PathLike)) or not hasattr(raw, "__iter__"):
        return [raw], True
    if isinstance(raw, (dict, set)):
        problem = f"{a_type(raw)} is not a text."
        raise InputError(problem, describe(input_spec))
    if getattr(raw, "ndim", 1) == 2 and hasattr(raw, "columns"):
        problem = "A DataFrame is not a text: give one of its columns."
        raise InputError(problem, describe(input_spec))
    texts = list(raw)
    if not texts:
        raise InputError("The list is empty.", describe(input_spec))
    return texts, False


def open_text(item: Any, input_spec: Any) -> str | Tensor:
    """Return a text, which may be empty of known words, but not empty."""
    if isinstance(item, Tensor):
        return _numbered(item, input_spec)
    if isinstance(item, os.PathLike):
        return _read(Path(item), input_spec)
    if is_missing(item):
        raise InputError(f"There is no text ({item}).", describe(input_spec))
    if isinstance(item, bytes):
        problem = "These are bytes, not a text: decode them, as in raw.decode('utf-8')."
        raise InputError(problem, describe(input_spec))
    if not isinstance(item, str):
        problem = f"{a_type(item)} is not a text."
        raise InputError(problem, describe(input_spec))
    if item.endswith(FILES) and len(item.split()) == 1:
        problem = (
            f"{item!r} is the name of a file, not a text: give pathlib.Path({item!r})."
        )
        raise InputError(problem, describe(input_spec))
    if max(len(item), len(item.encode(errors="replace"))) > MAX_FILE_BYTES:
        raise InputError(_too_long("The text"), describe(input_spec))
    return _checked(str(item), "The text", input_spec)


def _too_long(name: str) -> str:
    return f"{name} has more than {MAX_FILE_BYTES >> 20} MiB: give a part of it."


def _numbered(item: Tensor, input_spec: Any) -> Tensor:
    whole = item.ndim == 1 and not item.is_floating_point() and len(item) > 0
    if not whole or item.min() < 0 or item.max() >= input_spec.vocab_size:
        problem = (
            f"A tensor {tuple(item.shape)} of {item.dtype} is no row of token numbers "
            f"below {input_spec.vocab_size:,}."
        )
        raise InputError(problem, describe(input_spec))
    return item.cpu()


def _read(path: Path, input_spec: Any) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError(_too_long(str(path)), describe(input_spec))
        content = path.read_bytes()
        fault = no_text(str(path), content)
        if fault and path.suffix.lower() in (".xls", ".xlsx"):
            fault = WORKBOOK.format(path)
        if fault:
            raise InputError(fault, describe(input_spec))
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        return _checked(text, str(path), input_spec)
    except FileNotFoundError:
        problem = f"There is no file '{path}'."
    except IsADirectoryError:
        problem = f"{path} is a folder."
    except UnicodeDecodeError as exc:
        problem = (
            f"{path} is not UTF-8 text (byte {exc.start:,}): save it as UTF-8, or give "
            "its encoding."
        )
    except OSError as exc:
        problem = f"{path} can't be read ({exc.strerror})."
    raise InputError(problem, describe(input_spec))


def _checked(text: str, name: str, input_spec: Any) -> str:
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
