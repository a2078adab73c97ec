"""Validation and test rows of a recipe that are copies of its training rows."""

import hashlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from zoo.specs import Input

__all__ = ["copy_notes"]

MOST_BYTES = 1 << 29  # of rows that are compared: a second or so


def copy_notes(input_spec: Input, training: Any, parts: dict[str, Any]) -> list[str]:
    """Return what is said of rows whose input is, to the byte, that of a training row.

    `parts` are other rows by the name of their split. Rows that are read as they are
    used, and those that are not in memory as they were read, are not compared.
    """
    seen = {*_hashes(training, input_spec)}
    notes = []
    for part, rows in parts.items() if seen else ():
        hashes = [*_hashes(rows, input_spec)]
        copies = sum(one in seen for one in hashes)
        if copies:
            what = f"{copies:,} of {len(hashes):,} {part} rows"
            are = "is a copy" if copies == 1 else "are copies"
            notes.append(
                f"{rows.source}: {what} {are} of training rows, so the {part} metrics "
                "say less about new rows."
            )
    return notes


def _hashes(rows: Any, input_spec: Input) -> Iterator[bytes]:
    given = getattr(rows, "input", None)
    if not isinstance(given, Tensor) or given.nbytes > MOST_BYTES:
        return
    padding = getattr(input_spec, "pad_token_id", None)
    texts = padding is not None and not given.is_floating_point() and given.ndim == 2
    for row in given.cpu().long() if texts else given.cpu().contiguous():
        if texts:  # a text is padded by the longest of its split
            used = (row != padding).nonzero()
            row = row[: int(used[-1]) + 1 if len(used) else 0]
        content = row.reshape(-1).view(torch.uint8).numpy().tobytes()
        yield hashlib.blake2b(content, digest_size=16).digest()
