"""From texts to token numbers, by the tokenizer.json that travels with the weights."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.errors import CheckpointError, InputError, IntegrityError, MissingExtra
from zoo.specs import Input, TextInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = [
    "identity",
    "numbers",
    "padded",
    "sentence",
    "spelled",
    "text_input",
    "tokenizer",
    "trimmed",
    "whole",
    "written",
]

LARGEST = 32 << 20  # bytes of a tokenizer.json
ENDLESS = 1 << 31  # tokens that no text has


def text_input(input_spec: Input) -> TextInput | None:
    """Return the input of a model that takes text; None of any other."""
    return input_spec if isinstance(input_spec, TextInput) else None


def tokenizer(input_spec: TextInput) -> "Tokenizer":
    """Return the tokenizer of a model that was loaded or trained, read once.

    It is the pinned one, or an IntegrityError. Raises CheckpointError, MissingExtra.
    """
    return _parsed(input_spec.tokenizer_source, _age(input_spec), input_spec)


def numbers(texts: Sequence[str], input_spec: TextInput) -> list[list[int]]:
    """Return the token numbers of each text, at least one of each."""
    made = tokenizer(input_spec)
    empty = [
        input_spec.pad_token_id
        if input_spec.unk_token_id is None
        else input_spec.unk_token_id
    ]
    return [_encoded(made, text) or empty for text in texts]


def whole(text: str, input_spec: TextInput) -> list[int]:
    """Return the token numbers of a text of any length, with nothing put around it.

    Raises InputError where the tokenizer knows no token for part of it.
    """
    # A text that is cut by hand must not be cut by the tokenizer before.
    made = tokenizer(replace(input_spec, max_length=ENDLESS))
    return _encoded(made, text, around=False)


def spelled(row: Sequence[int], input_spec: TextInput) -> str:
    """Return the text that token numbers stand for, without special tokens."""
    return tokenizer(input_spec).decode(list(row))


def sentence(row: Tensor, input_spec: TextInput) -> str:
    """Return the text of a row of a batch, in which a gap is a token like others."""
    made = tokenizer(input_spec)
    kept = [n for n in row.tolist() if n != input_spec.pad_token_id]
    around = set(made.encode("").ids)  # what is put before and after every text
    return made.decode([n for n in kept if n not in around], skip_special_tokens=False)


def padded(rows: Sequence[Sequence[int]], input_spec: TextInput) -> Tensor:
    """Return rows of numbers as one batch, the shorter ones filled up at the end."""
    width = max((len(row) for row in rows), default=1)
    held = torch.full((len(rows), width), input_spec.pad_token_id)
    for place, row in enumerate(rows):
        held[place, : len(row)] = torch.tensor(row)
    return held


def trimmed(rows: Tensor, input_spec: TextInput) -> Tensor:
    """Return stored rows as a batch: int64, no wider than its longest text."""
    used = (rows != input_spec.pad_token_id).any(dim=0).nonzero()
    width = int(used.max()) + 1 if len(used) else 1
    return rows[:, :width].long()


def written(input_spec: TextInput, folder: Path) -> TextInput:
    """Write the tokenizer of a text model into `folder`; return the input, pinned.

    A model that was never trained may have none, and none is written then.
    """
    if input_spec.tokenizer_source is None:
        return input_spec
    if (
        isinstance(input_spec.tokenizer_source, Path)
        and not input_spec.tokenizer_source.is_file()
    ):
        return input_spec
    content = _content(input_spec)
    (folder / checkpoints.TOKENIZER).write_bytes(content)
    return replace(input_spec, tokenizer=hashlib.sha256(content).hexdigest())


def identity(input_spec: TextInput) -> str:
    """Return what tells one way of reading text from another."""
    return f"{hashlib.sha256(_content(input_spec)).hexdigest()}:{input_spec.max_length}"


def _content(input_spec: TextInput) -> bytes:
    """Return tokenizer.json of a model, checked against its pin."""
    held = input_spec.tokenizer_source
    if held is None:
        raise CheckpointError(
            "This model reads text and has no tokenizer yet: load a trained one, or "
            "let its recipe make one."
        )
    if isinstance(held, Path):
        try:
            if held.stat().st_size > LARGEST:
                raise CheckpointError(f"{held} is too large for a tokenizer.")
            content = held.read_bytes()
        except OSError as exc:
            raise CheckpointError(
                f"{held} can't be read ({exc.strerror}): without it the model reads no "
                "text. Train the model, or get another copy of its checkpoint."
            ) from exc
    else:
        content = held
    found = hashlib.sha256(content).hexdigest()
    if input_spec.tokenizer and found != input_spec.tokenizer:
        raise IntegrityError(
            str(held) if isinstance(held, Path) else checkpoints.TOKENIZER,
            f"has SHA-256 {found[:12]}..., not {input_spec.tokenizer[:12]}... as "
            "pinned: "
            "it would give other numbers to the same words",
            "Save the checkpoint again, or get another copy of the folder",
        )
    return content


def _encoded(made: "Tokenizer", text: str, *, around: bool = True) -> list[int]:
    """Return the numbers of a text, with special tokens around it if there are any."""
    try:
        found: list[int] = made.encode(text, add_special_tokens=around).ids
    except Exception as exc:  # the library raises bare ones
        strange = next(
            (one for one in dict.fromkeys(text) if not _knows(made, one)), ""
        )
        problem = f"The text holds {strange!r}, and the model has no token for that."
        input_spec = f"a text of its {made.get_vocab_size():,} tokens"
        raise InputError(problem, input_spec) from exc
    return found


def _knows(made: "Tokenizer", character: str) -> bool:
    try:
        made.encode(character)
    except Exception:  # noqa: BLE001 - the library raises bare ones
        return False
    return True


def _age(input_spec: TextInput) -> int:
    """Return what tells one unpinned file from the next in its place."""
    if input_spec.tokenizer or not isinstance(input_spec.tokenizer_source, Path):
        return 0
    try:
        return input_spec.tokenizer_source.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=8)
def _parsed(held: Path | bytes | None, age: int, input_spec: TextInput) -> "Tokenizer":
    content = _content(input_spec)
    try:
        from tokenizers import Tokenizer
    except ImportError as exc:
        raise MissingExtra("tokenizers", "Reading text", "text") from exc
    name = held if isinstance(held, Path) else checkpoints.TOKENIZER
    try:
        made = Tokenizer.from_str(content.decode())
    except Exception as exc:  # the library raises bare ones
        fault = str(exc).partition("\n")[0].rstrip(".")
        raise CheckpointError(f"{name} is no tokenizer ({fault}).") from exc
    if made.get_vocab_size() > input_spec.vocab_size:
        raise CheckpointError(
            f"{name} knows {made.get_vocab_size():,} tokens, and the model "
            f"{input_spec.vocab_size:,}: they do not belong together."
        )
    made.no_padding()
    made.enable_truncation(input_spec.max_length)
    return made
