"""The name of the hardware, and the peak memory of this process."""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["hardware_name", "peak_memory"]


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


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = [line for line in file if line.startswith("model name")]
        return lines[0].partition(":")[2].strip()
    except (OSError, IndexError):
        return platform.machine()
