"""Build and load: names and checkpoint folders to modules."""

import inspect
import time
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from zoo import checkpoints, store, weights
from zoo.about import About, LoadReport, attach
from zoo.errors import (
    CheckpointError,
    ModelNotFound,
    NoWeights,
    OptionError,
    ZooError,
    near,
)
from zoo.plugins import Plugin, found
from zoo.references import resolve
from zoo.registry import Registry
from zoo.specs import ClassOutput, ModelSpec, Weights
from zoo.store import Verify
from zoo.unfilled import without_initialisers

__all__ = ["build", "find", "load", "loaded", "make"]


@dataclass(frozen=True)
class _Source:
    """A model that was found: its spec, its plugin, and its folder if it is one."""

    spec: ModelSpec
    plugin: Plugin
    folder: Path | None
    parent: Mapping[str, str] | None = None


def find(name: str | Path) -> ModelSpec:
    """Return the spec of a registered name or of a checkpoint folder."""
    return _find(name).spec


def build(name: str | Path, **options: Any) -> nn.Module:
    """Return the model with fresh random weights; `options` go to its build function.

    `labels=[...]` names the classes of a new head, `classes=N` only counts them.
    Raises ModelNotFound, OptionError, PluginError.
    """
    source = _find(name)
    spec, chosen, _ = _with_head(source.spec, options)
    model = make(spec, source.plugin, chosen)
    return attach(model, About(spec=spec, options=chosen, parent=source.parent))


def load(
    name: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    verify: Verify = "stamp",
    **options: Any,
) -> nn.Module:
    """Return the trained model in eval mode, every tensor accounted for.

    `name` is a registered model or a checkpoint folder. Size and SHA-256 are checked
    before a tensor reaches the model; `verify="always"` hashes a big file even if a
    stamp says that it was hashed before. `labels=[...]` or `classes=N` gives a new
    head, the only part that may be fresh; `model.zoo.report` says so.
    Raises ModelNotFound, NoWeights, IntegrityError, MisfitError, NotSafetensors,
    OptionError, CheckpointError.
    """
    started = time.perf_counter()
    source = _find(name)
    pin = source.spec.weights
    if pin is None:
        raise NoWeights(source.spec.name)
    path, hashed = _checked(source, pin, verify)
    spec, chosen, new_head = _with_head(source.spec, options)
    # A new head needs its initialiser, and an initialiser does not know whose it is.
    with nullcontext() if new_head else without_initialisers():
        model = make(spec, source.plugin, chosen)
    slots = weights.slots(model)
    names = slots.names()
    fresh = tuple(n for n in names if new_head and _within(n, spec.head))
    casts = weights.read(model, path, slots, fresh=fresh)
    if device is not None or dtype is not None:
        model = _moved(model, device, dtype, spec)
    report = LoadReport(
        path=str(path),
        sha256=pin.sha256,
        hashed=hashed,
        loaded=tuple(n for n in names if n not in fresh),
        fresh=fresh,
        tied=tuple(place[2] for group in slots.places for place in group[1:]),
        casts=casts,
        seconds=time.perf_counter() - started,
    )
    parent = source.parent
    if new_head:
        parent = {"name": source.spec.name, "sha256": pin.sha256}
    about = About(
        spec=spec, options=chosen, folder=path.parent, parent=parent, report=report
    )
    return attach(model.eval(), about)


@lru_cache(maxsize=4)
def loaded(name: str) -> nn.Module:
    """Return a registered model, loaded once: for predictions by name."""
    return load(name)


def _find(name: str | Path) -> _Source:
    known = found()
    if not isinstance(name, (str, Path)):
        raise ModelNotFound(repr(name), known.models)
    if isinstance(name, str) and name in known.models:
        return _Source(known.models[name], known.providers[name], None)
    folder = Path(name)
    if isinstance(name, Path) or checkpoints.is_checkpoint(folder) or "/" in name:
        config = checkpoints.read_config(folder)
        spec = config.spec(known.packages(), folder)
        plugin = known.packages()[spec.package]
        return _Source(spec, plugin, folder, config.parent)
    Registry(known.models)[name]
    raise AssertionError("the registry raises ModelNotFound")


def _checked(source: _Source, pin: Weights, verify: Verify) -> tuple[Path, bool]:
    if source.folder is None:
        path = store.locate(source.spec, pin, source.plugin)
        blame = store.blame(pin, source.plugin)
    else:
        path = source.folder / checkpoints.WEIGHTS
        blame = "Save the checkpoint again, or get another copy of the folder"
        if not path.is_file():
            raise CheckpointError(f"{path} is missing. {blame}.")
    return path, store.check(path, pin, verify=verify, blame=blame)


def _moved(model: nn.Module, device: Any, dtype: Any, spec: ModelSpec) -> nn.Module:
    try:
        return model.to(device=device, dtype=dtype)
    except (RuntimeError, AssertionError, TypeError) as exc:  # torch raises any of them
        problem = f"it can't be moved to device={device!r}, dtype={dtype!r}"
        fault = f"{problem} ({str(exc).splitlines()[0]})."
        raise OptionError(spec.name, fault, ["device", "dtype"]) from exc


def _with_head(
    spec: ModelSpec, options: Mapping[str, Any]
) -> tuple[ModelSpec, dict[str, Any], bool]:
    """Return the spec and options for the head asked for, and whether it is new."""
    chosen = {**spec.options, **options}
    labels = _labels(spec, chosen.pop("labels", None), options.get("classes"))
    if labels == spec.labels:
        return spec, chosen, False
    if spec.head is None or not isinstance(spec.output, ClassOutput):
        problem = "its head can't be replaced, so it takes no labels or classes."
        raise OptionError(spec.name, problem, list(spec.options))
    try:
        output = replace(spec.output, labels=labels)
    except ZooError as exc:
        raise OptionError(spec.name, str(exc), ["labels", "classes"]) from exc
    chosen["classes"] = len(output.labels)
    return replace(spec, output=output, weights=None, metrics=()), chosen, True


def _labels(spec: ModelSpec, labels: Any, classes: Any) -> tuple[str, ...]:
    """Return the labels asked for: by name, by number, or those that were trained."""
    known = ["labels", "classes"]
    if labels is not None:
        if isinstance(labels, str) or not isinstance(labels, Iterable):
            problem = f"labels={labels!r} should be a list of names."
            raise OptionError(spec.name, problem, known)
        return tuple(map(str, labels))
    if classes is None or classes == len(spec.labels):
        return spec.labels
    if not isinstance(classes, int) or isinstance(classes, bool) or classes < 2:
        problem = f"classes={classes!r} should be a whole number of at least 2."
        raise OptionError(spec.name, problem, known)
    return tuple(map(str, range(classes)))


def make(spec: ModelSpec, plugin: Plugin, options: Mapping[str, Any]) -> nn.Module:
    """Call a model's build function. Raises OptionError, PluginError."""
    make = resolve(spec.build, plugin=plugin.name)
    try:
        inspect.signature(make).bind(**options)
    except TypeError as exc:
        known = list(inspect.signature(make).parameters)
        wrong = next((name for name in options if name not in known), "")
        problem = f"no option {wrong!r}. {near(wrong, known)}".rstrip()
        raise OptionError(spec.name, problem if wrong else f"{exc}.", known) from exc
    model: nn.Module = make(**options)
    return model


def _within(name: str, head: str | None) -> bool:
    return head is not None and name.startswith(f"{head}.")
