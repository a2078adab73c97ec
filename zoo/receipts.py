"""The receipt of a run: what made these weights, and what was measured."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

import torch

from zoo import saving, store
from zoo.plugins import found
from zoo.run import Run
from zoo.specs import ModelSpec
from zoo.streams import Rows
from zoo.tensors import Tensors

__all__ = ["receipt"]


def receipt(
    run: Run,
    settings: dict[str, Any],
    metrics: Mapping[str, float],
    held_out: Tensors | Rows,
) -> dict[str, Any]:
    """Return run.json: settings, data, measurements, time, machine and versions."""
    spec = run.spec
    plugin = found().packages()[spec.package]
    dataset, _, split = held_out.source.partition("/")
    return {
        "name": spec.name,
        "recipe": spec.recipe,
        "smoke": run.smoke,
        "settings": settings,
        "data": run.data,
        "metrics": [
            {"name": name, "value": value, "dataset": dataset, "split": split}
            for name, value in metrics.items()
        ],
        "rows": len(held_out),
        "baselines": run.baselines,
        "measured": run.notes,
        "history": run.history,
        "pictures": {name: caption for name, (_, caption) in run.pictures.items()},
        "seconds": round(time.perf_counter() - run.started, 1),
        "peak_memory_mib": _peak_memory(),
        "hardware": _hardware(run.device),
        "versions": saving.versions(plugin),
        "commit": _commit(spec),
    }


def _peak_memory() -> int | None:
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10  # bytes there, KiB here
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    threads = torch.get_num_threads()
    return f"{_processor()}, {threads} of {os.cpu_count()} cores"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = [line for line in file if line.startswith("model name")]
        return lines[0].partition(":")[2].strip()
    except (OSError, IndexError):
        return platform.machine()


def _commit(spec: ModelSpec) -> str | None:
    """Return the commit of the recipe's repository, where it lies in one."""
    where = store.package_folder(spec.package)
    asked = ["git", "-C", str(where), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
