"""From texts to token numbers, by the tokenizer.json that travels with the weights."""

import hashlib
import json
import os
import stat
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from zoo.runtime.input_errors import InputError
from zoo.runtime.load_errors import CheckpointError, IntegrityError, MissingExtra
from zoo.runtime.specs import replace_values

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = [
    "content",
    "decode",
    "decode_sentence",
    "encode_batch",
    "encode_untruncated",
    "filler",
    "is_truncated",
    "pad",
    "surrounding",
    "text_input",
    "tokenizer",
    "trim_padding",
    "with_truncation_side",
]

NAME = "tokenizer.json"  # beside the weights
MAX_FILE_BYTES = 32 << 20  # bytes of it
MASKS = ("[MASK]", "<mask>")  # that stand for a gap in a text
NO_LIMIT = 1 << 31  # tokens that no text has


def text_input(input_spec: Any) -> Any | None:
    """Return the input of a model that takes text; None of any other."""
    return input_spec if input_spec.kind == "text" else None


def tokenizer(input_spec: Any) -> "Tokenizer":
    """Return the tokenizer of a model that was loaded or trained, read once.

    It is the pinned one, or an IntegrityError. Raises CheckpointError, MissingExtra.
    """
    source, pin = input_spec.tokenizer_source, input_spec.tokenizer
    sizes = (input_spec.vocab_size, input_spec.max_length)
    return _parsed(source, pin, _age(source, pin), *sizes)


def encode_batch(texts: Sequence[str], input_spec: Any) -> list[list[int]]:
    """Return the token numbers of each text, at least one of each."""
    made, empty = tokenizer(input_spec), filler(input_spec)
    return [_encoded(made, text) or empty for text in texts]


def filler(input_spec: Any) -> list[int]:
    """Return what stands for a text of which the tokenizer leaves nothing."""
    unknown = input_spec.unk_token_id
    return [input_spec.pad_token_id if unknown is None else unknown]


def encode_untruncated(text: str, input_spec: Any) -> list[int]:
    """Return the token numbers of a text of any length, with nothing put around it.

    Raises InputError where the tokenizer knows no token for part of it.
    """
    # A text that is cut by hand must not be cut by the tokenizer before.
    made = tokenizer(replace_values(input_spec, max_length=NO_LIMIT))
    return _encoded(made, text, around=False)


def is_truncated(text: str, input_spec: Any) -> bool:
    """Return whether a text has more tokens than the model reads."""
    made = tokenizer(input_spec)
    around = len(surrounding(input_spec))
    if len(text.encode()) + around <= input_spec.max_length:
        return False  # a token is a byte at least
    try:
        return bool(made.encode(text).overflowing)
    except Exception:  # noqa: BLE001 - a character without a token is said elsewhere
        return False


def decode(row: Sequence[int], input_spec: Any) -> str:
    """Return the text that token numbers stand for, without special tokens."""
    return tokenizer(input_spec).decode(list(row))


def decode_sentence(row: Tensor, input_spec: Any) -> str:
    """Return the text of a row of a batch, in which a gap is a token like others."""
    made = tokenizer(input_spec)
    kept = [n for n in row.tolist() if n != input_spec.pad_token_id]
    around = set(surrounding(input_spec))
    return made.decode([n for n in kept if n not in around], skip_special_tokens=False)


def surrounding(input_spec: Any) -> list[int]:
    """Return the tokens that are put before and after every text, such as [CLS] and
    [SEP]; none where there is no tokenizer yet."""
    if input_spec.tokenizer_source is None:
        return []
    numbers: list[int] = tokenizer(input_spec).encode("").ids
    return numbers


def pad(rows: Sequence[Sequence[int]], input_spec: Any) -> Tensor:
    """Return rows of numbers as one batch, the shorter ones filled up at the end."""
    width = max((len(row) for row in rows), default=1)
    batch = torch.full((len(rows), width), input_spec.pad_token_id)
    for place, row in enumerate(rows):
        batch[place, : len(row)] = torch.tensor(row)
    return batch


def trim_padding(rows: Tensor, input_spec: Any) -> Tensor:
    """Return stored rows as a batch: int64, no wider than its longest text."""
    used = (rows != input_spec.pad_token_id).any(dim=0).nonzero()
    width = int(used.max()) + 1 if len(used) else 1
    return rows[:, :width].long()


def content(input_spec: Any) -> bytes:
    """Return tokenizer.json of a model, checked against its pin."""
    return _content(input_spec.tokenizer_source, input_spec.tokenizer)


def with_truncation_side(input_spec: Any, side: str) -> Any:
    """Return the input with a tokenizer.json that cuts a long text off at its "right"
    or its "left" end, which keeps the end of the text."""
    parsed = json.loads(content(input_spec))
    parsed["truncation"] = {
        "direction": side.capitalize(),
        "max_length": input_spec.max_length,
        "strategy": "LongestFirst",
        "stride": 0,
    }
    changed = json.dumps(parsed, ensure_ascii=False).encode()
    pin = hashlib.sha256(changed).hexdigest()
    return replace_values(input_spec, tokenizer_source=changed, tokenizer=pin)


def _content(source: Path | bytes | None, pin: str) -> bytes:
    if source is None:
        raise CheckpointError(
            "This model reads text and has no tokenizer yet: load a trained one, or "
            "let its recipe make one."
        )
    if isinstance(source, Path):
        try:
            content = _file_content(source)
        except OSError as exc:
            raise CheckpointError(
                f"{source} can't be read ({exc.strerror}): without it the model reads "
                "no text. Train the model, or get another copy of its checkpoint."
            ) from exc
    else:
        content = source
    digest = hashlib.sha256(content).hexdigest()
    if pin and digest != pin:
        raise IntegrityError(
            str(source) if isinstance(source, Path) else NAME,
            f"has SHA-256 {digest[:12]}..., not {pin[:12]}... as pinned: it would give "
            "other numbers to the same words",
            "Save the checkpoint again, or get another copy of the folder",
        )
    return content


def _file_content(path: Path) -> bytes:
    """Return the content of a file, without waiting for who writes into a pipe."""
    with open(path, "rb", opener=_at_once) as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise CheckpointError(
                f"{path} is no file: get another copy of the checkpoint."
            )
        content = file.read(min(state.st_size, MAX_FILE_BYTES) + 1)
    if len(content) > MAX_FILE_BYTES:
        raise CheckpointError(f"{path} is too large for a tokenizer.")
    return content


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _encoded(made: "Tokenizer", text: str, *, around: bool = True) -> list[int]:
    """Return the numbers of a text, with special tokens around it if there are any."""
    try:
        numbers: list[int] = made.encode(text, add_special_tokens=around).ids
    except BaseException as exc:  # the library raises bare ones, and panics
        if isinstance(exc, KeyboardInterrupt | SystemExit):
            raise
        strange = next(
            (one for one in dict.fromkeys(text) if not _knows(made, one)), ""
        )
        problem = f"The text holds {strange!r}, and the model has no token for that."
        input_spec = f"a text of its {made.get_vocab_size():,} tokens"
        raise InputError(problem, input_spec) from exc
    return numbers


def _knows(made: "Tokenizer", character: str) -> bool:
    try:
        made.encode(character)
    except BaseException as exc:  # the library raises bare ones, and panics
        if isinstance(exc, KeyboardInterrupt | SystemExit):
            raise
        return False
    return True


def _age(source: Path | bytes | None, pin: str) -> int:
    """Return the time of change of an unpinned file, so that a new one is read."""
    if pin or not isinstance(source, Path):
        return 0
    try:
        return source.stat().st_mtime_ns
    except OSError:
        return 0


def _with_typed_masks(content: str) -> str:
    """Return tokenizer.json with a mask that people may type: it marks a gap."""
    parsed = json.loads(content)
    masks = [one for one in parsed.get("added_tokens", ()) if one["content"] in MASKS]
    for one in masks:
        one["special"] = False
    return json.dumps(parsed) if masks else content


@lru_cache(maxsize=8)
def _parsed(
    source: Path | bytes | None, pin: str, age: int, vocab_size: int, max_length: int
) -> "Tokenizer":
    content = _content(source, pin)
    try:
        from tokenizers import Tokenizer
    except ImportError as exc:
        raise MissingExtra("tokenizers", "Reading text", None) from exc
    name = source if isinstance(source, Path) else NAME
    try:
        made = Tokenizer.from_str(_with_typed_masks(content.decode()))
    except BaseException as exc:  # the library raises bare ones, and panics
        if isinstance(exc, KeyboardInterrupt | SystemExit):
            raise
        fault = str(exc).partition("\n")[0].rstrip(".")
        raise CheckpointError(f"{name} is no tokenizer ({fault}).") from exc
    if made.get_vocab_size() > vocab_size:
        raise CheckpointError(
            f"{name} knows {made.get_vocab_size():,} tokens, and the model "
            f"{vocab_size:,}: they do not belong together."
        )
    made.encode_special_tokens = True  # what a person types as one is text
    made.no_padding()
    # The file may say that a long text is cut at its start.
    direction = (made.truncation or {}).get("direction", "right")
    made.enable_truncation(max_length, direction=direction)
    return made
