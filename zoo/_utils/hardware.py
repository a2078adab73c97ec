"""The name of the hardware, what it can do, and the peak memory of this process."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["cpu_features", "hardware_name", "peak_memory", "processors"]


def hardware_name(device: torch.device) -> str:
    """Return the name of a device: a GPU, or a processor with its threads and cores."""
    import torch

    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    threads = torch.get_num_threads()
    return f"{_processor()}, {threads} of {os.cpu_count()} cores"


def peak_memory() -> int | None:
    """Return the peak memory of this process in KiB, or None on Windows."""
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    unit = 1 << 10 if sys.platform == "darwin" else 1  # bytes there, KiB here
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


@cache
def cpu_features() -> frozenset[str]:
    """Return the names of the processor's instruction sets, as Linux knows them."""
    for line in _cpuinfo():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):  # x86, Arm
            return frozenset(value.split())
    return frozenset()


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    for line in _cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _cpuinfo() -> list[str]:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return file.readlines()
    except OSError:
        return []
