"""A tensor for what is computed and may not fit into memory twice, or once."""

import math
import os
import tempfile
from collections.abc import Sequence

import torch
from torch import Tensor

from zoo._utils import paths

__all__ = ["MAX_MEMORY_BYTES", "empty"]

MAX_MEMORY_BYTES = 256 << 20  # of a tensor that is not mapped from a file


def empty(shape: Sequence[int]) -> Tensor:
    """Return a float32 tensor to be filled; a large one is mapped from a file.

    The file is in the zoo's cache folder and has no name any more, where the system
    allows that: it is gone with the tensor. The system writes to it what memory is
    short of.

    >>> empty((2, 3)).shape
    torch.Size([2, 3])
    """
    count = math.prod(shape)
    if count * 4 <= MAX_MEMORY_BYTES or os.name != "posix":
        return torch.empty(*shape)
    folder = paths.cache_dir()
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, path = tempfile.mkstemp(prefix=".scratch-", dir=folder)
    os.close(descriptor)
    try:
        return torch.from_file(path, shared=True, size=count).view(*shape)
    finally:
        os.unlink(path)
