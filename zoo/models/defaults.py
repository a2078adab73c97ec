"""Torch's defaults of the process: what a user may have set, and a load must not get.

A model is loaded on the CPU, in float32, as its file was written; `device` and `dtype`
of `zoo.load` change that afterwards.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["on_cpu_in_float32"]


@contextmanager
def on_cpu_in_float32() -> Iterator[None]:
    """Use torch's own defaults for what is made within the block."""
    dtype, cpu = torch.get_default_dtype(), torch.device("cpu")
    if dtype != torch.float32:
        torch.set_default_dtype(torch.float32)
    try:
        # Where the device is the CPU already, the mode that sets it would cost time.
        if _default_device().type == "cpu":
            yield
        else:
            with cpu:
                yield
    finally:
        if dtype != torch.float32:
            torch.set_default_dtype(dtype)


def _default_device() -> torch.device:
    try:
        return torch.get_default_device()
    except AttributeError:  # torch 2.9 and older, once the device was set to None
        return torch.device("cpu")
