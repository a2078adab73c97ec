"""The receipt of a run: what made these weights, and what was measured."""

import subprocess
import time
from collections.abc import Mapping
from typing import Any

from zoo._utils.hardware import hardware_name, peak_memory
from zoo.artifacts import weight_store
from zoo.datasets.in_memory import TensorRows
from zoo.datasets.streaming import StreamedRows
from zoo.models import saving
from zoo.plugins.discovery import installed
from zoo.specs import ModelSpec
from zoo.training.run import Run

__all__ = ["receipt"]


def receipt(
    run: Run,
    settings: dict[str, Any],
    metrics: Mapping[str, float],
    held_out: TensorRows | StreamedRows,
) -> dict[str, Any]:
    """Return run.json: settings, data, measurements, time, machine and versions."""
    spec = run.spec
    plugin = installed().packages()[spec.package]
    dataset, _, split = held_out.source.partition("/")
    peak = peak_memory()
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
        "measured": run.summary,
        "history": run.history,
        "pictures": {name: caption for name, (_, caption) in run.figures.items()},
        "seconds": round(time.perf_counter() - run.started, 1),
        "peak_memory_mib": None if peak is None else peak >> 10,
        "hardware": hardware_name(run.device),
        "precision": run.context.precision,
        "versions": saving.versions(plugin),
        "commit": _commit(spec),
    }


def _commit(spec: ModelSpec) -> str | None:
    """Return the commit of the recipe's repository, where it lies in one."""
    where = weight_store.package_folder(spec.package)
    asked = ["git", "-C", str(where), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
