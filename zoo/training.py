"""From a recipe to a checkpoint folder with a receipt and a card: `zoo.train`."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from zoo import cards, checkpoints, models, pictures, saving, store, tensors
from zoo.errors import TrainingError
from zoo.plugins import found
from zoo.references import module
from zoo.run import Run, Watcher
from zoo.settings import change
from zoo.specs import ModelSpec
from zoo.tensors import Tensors
from zoo.weights import narrow

__all__ = ["recipe_of", "train"]

CURVES = "The course of training: the loss on training rows, the rest as validated."


def train(
    name: str,
    folder: str | Path | None = None,
    *,
    settings: Mapping[str, object] | None = None,
    smoke: bool = False,
    device: str | torch.device = "cpu",
    watcher: Watcher | None = None,
) -> Path:
    """Run the recipe of `name` and return the checkpoint folder that it made.

    `settings` change the recipe's own; text is read as the type of its field. The same
    seed gives the same bytes on the same machine. `smoke` trains for a moment, with
    noise for data where the data can't be had. Raises SettingsError, DataError,
    Diverged.
    """
    spec = models.find(name)
    recipe = recipe_of(spec)
    given = {**spec.settings, **(recipe.SMOKE if smoke else {}), **(settings or {})}
    chosen = change(recipe.Settings(), given)
    target = Path(folder) if folder else Path("runs") / spec.name
    checkpoints.refuse_strangers(target)
    cards.check_prose(spec)  # before an hour of training, not after
    run = Run(spec, seed=chosen.seed, smoke=smoke, device=device, watcher=watcher)
    with torch.random.fork_rng():
        torch.manual_seed(chosen.seed)
        model: nn.Module = recipe.train(chosen, run).eval().cpu()
        if spec.stored == "float16":  # measure what is stored, not what was trained
            model.load_state_dict(narrow(model.state_dict(), torch.float16))
        held_out = recipe.data(run, "test")
        metrics = recipe.measure(model, held_out)
        if hasattr(recipe, "report"):
            recipe.report(model, run)
    if len(run.history) > 1:
        run.picture("curves", pictures.curves(run.history), CURVES)
    receipt = _receipt(run, asdict(chosen), metrics, held_out)
    files = {name: content for name, (content, _) in run.pictures.items()}
    card = cards.text(spec, receipt)
    return saving.save(
        model,
        target,
        example=tensors.prepared(held_out.input[:2]),
        receipt=receipt,
        files=files | {checkpoints.CARD: card.encode()},
        dtype=getattr(torch, spec.stored),
    )


def recipe_of(spec: ModelSpec) -> ModuleType:
    """Return the module of a model's recipe, with everything a recipe must have."""
    recipe = module(spec.recipe, plugin=found().packages()[spec.package].name)
    for name in ("Settings", "SMOKE", "data", "train", "measure"):
        if not hasattr(recipe, name):
            raise TrainingError(
                f"The recipe {spec.recipe!r} of {spec.name!r} has no {name!r}."
            )
    return recipe


def _receipt(
    run: Run,
    settings: dict[str, Any],
    metrics: Mapping[str, float],
    held_out: Tensors,
) -> dict[str, Any]:
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
