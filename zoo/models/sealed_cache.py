"""Tensors kept on disk that can be computed again: decoded rows, features.

The name of a file holds the SHA-256 of its content. One that does not match its name is
not used, as if it were not there.
"""

import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from torch import Tensor

from zoo._utils.atomic_write import write_atomic
from zoo.artifacts import checked_file, sealed_files
from zoo.errors import IntegrityError, NotSafetensors
from zoo.models import safetensors_io

__all__ = ["read", "write"]


def read(place: Path, required: Collection[str]) -> dict[str, Tensor] | None:
    """Return the tensors that were written for `place`, or None.

    They have at least the names in `required`. A large file is hashed once, as weights
    are.
    """
    for path, pin in sealed_files.find(place):
        try:
            with checked_file.open_checked(path, pin, verify="stamp", blame="") as file:
                tensors = safetensors_io.tensors(file)
                file.check_unchanged()
        except (IntegrityError, NotSafetensors, OSError):
            continue
        if set(required) <= tensors.keys():
            with suppress(OSError):  # its time says when it was last used
                os.utime(path)
            return tensors
    return None


def write(tensors: Mapping[str, Tensor], place: Path) -> None:
    """Keep tensors for `place`, the path of a file without its ending.

    A cache that can't be written only costs time.
    """
    content = safetensors_io.to_bytes(tensors)
    path = sealed_files.path_of(place, content)
    with suppress(OSError):
        write_atomic(path, content)
        for old, _ in sealed_files.find(place):
            if old != path:
                old.unlink()
