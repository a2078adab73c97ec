"""Build and load modules from names and checkpoint folders."""

import inspect
import time
from collections.abc import Iterable, Mapping, Set
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import lru_cache
from numbers import Integral
from pathlib import Path
from typing import Any

import torch
from torch import nn

from zoo._utils.import_string import load_module, resolve
from zoo.artifacts import resolve as sources
from zoo.artifacts.checked_file import Verify
from zoo.artifacts.checkpoint_folder import CONFIG, WEIGHTS
from zoo.errors import (
    CheckpointError,
    InputError,
    IntegrityError,
    NotSafetensors,
    OptionError,
    ZooError,
    a_type,
    near,
)
from zoo.models import option_types, safetensors_io
from zoo.models.defaults import on_cpu_in_float32
from zoo.models.devices import Device, resolve_device
from zoo.models.metadata import LoadedModel, LoadReport, ModelMetadata, attach
from zoo.models.skip_init import BuildLimit, skip_initialization
from zoo.plugins import discovery
from zoo.plugins.discovery import Plugin
from zoo.plugins.namespaces import find_model
from zoo.preprocessing.preprocessor import preprocessor
from zoo.specs import ModelSpec

__all__ = [
    "build",
    "build_model",
    "find",
    "load",
    "load_with_metadata",
    "renamed_of",
    "require_module",
    "when_written",
]

# Of a stranger's config.json: what its options may make, against what the weights fill.
# A build makes views of its parameters, ties some, and drops others; weights may be
# packed to a few bits; some numbers are of no size.
TIMES, SPARE_PARAMETERS, SPARE_NUMBERS = 16, 1 << 10, 1 << 24
MOST_PLAIN = 1 << 20  # any option may be as much
LEAST_HEADER, MOST_UNREAD = 50, 1 << 12  # bytes for a tensor; tensors of no file yet

# What the function that builds a model may raise for options that do not fit
FAULTS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError),
    *(RuntimeError, TypeError, ValueError),
)


def find(name: str | Path) -> ModelSpec:
    """Return the spec of a registered name or of a checkpoint folder."""
    return sources.find(name).spec


def build(name: str | Path, **options: Any) -> LoadedModel:
    """Return the model with fresh random weights; `options` go to its build function.

    It is made where and in which type torch makes modules: by default on the CPU, in
    float32, within `torch.device("meta")` without memory. `labels=[...]` gives the
    class names of a new head, `classes=N` only their number.
    Raises ModelNotFound, OptionError, PluginError.

    >>> model = zoo.build("mlp-mnist", hidden=(64, 64))
    >>> [tuple(one.shape) for one in model.parameters() if one.ndim > 1]
    [(64, 784), (64, 64), (10, 64)]
    """
    source = sources.find(name)
    if source.kind != "registered":
        tensors, size = _unread_weights(source)
        _check_numbers(source, size)
        _check_build(source, _most(tensors, size))
    spec, build_options, _ = _with_head(source.spec, options)
    model = build_model(spec, source.plugin, build_options)
    spec = _with_files(spec, source)
    return attach(
        model, ModelMetadata(spec=spec, options=build_options, parent=source.parent)
    )


def load(
    name: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    verify: Verify = "stamp",
    **options: Any,
) -> LoadedModel:
    """Return the trained model in eval mode, loaded strictly.

    `name` is a registered model, a checkpoint folder, or a repository on the Hub as
    "hf://user/name@commit". Size and SHA-256 are checked before a tensor reaches the
    model; `verify="always"` hashes a large file even if a stamp says that it was hashed
    before. `labels=[...]` or `classes=N` gives a new head, the only submodule that may
    be initialised at random; `model.zoo.report` lists its tensors. A zoo.lock in the
    working directory is honoured.
    Raises ModelNotFound, NoWeights, IntegrityError, MisfitError, NotSafetensors,
    OptionError, DeviceError, CheckpointError, LicenseError, LockError, and a HubError:
    NotOnHub, GatedError, OfflineError, UnreachableError, CacheError.

    >>> model = zoo.load("lenet5-mnist")
    >>> model.training, model.zoo.labels[:3]
    (False, ('0', '1', '2'))
    >>> zoo.load("lenet5-mnist", labels=["cat", "dog"]).zoo.report.fresh
    ('classifier.5.weight', 'classifier.5.bias')
    """
    started = time.perf_counter()
    place = None if device is None else resolve_device(device)
    while True:
        written = when_written(name)
        try:
            source = sources.find(name)
            return _load(source, verify, place, dtype, options, started)
        except (CheckpointError, IntegrityError, FileNotFoundError):
            # Its files are those of two checkpoints, if another process saves there.
            if written == when_written(name):
                raise


def when_written(name: str | Path) -> tuple[int, ...]:
    """Return what changes when a checkpoint folder is replaced; nothing of a name."""
    try:
        stat = (Path(name) / CONFIG).stat()
    except (OSError, TypeError, ValueError):
        return ()
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns


def _load(
    source: sources.Source,
    verify: Verify,
    place: torch.device | None,
    dtype: torch.dtype | None,
    options: Mapping[str, Any],
    started: float,
) -> LoadedModel:
    file, _ = sources.open_weights(source, verify=verify)
    with file:
        spec, build_options, new_head = _with_head(source.spec, options)
        stored, most = safetensors_io.tensors(file), None
        if source.kind != "registered":
            most = _most(len(stored), file.size)
            _check_numbers(source, file.size)
            if new_head:
                _check_build(source, most)
        # A new head needs its initialiser, which does not know whose it is.
        quick = nullcontext() if new_head else skip_initialization(most)
        with on_cpu_in_float32(), quick:
            model = build_model(spec, source.plugin, build_options)
        slots, renamed = safetensors_io.slots(model), renamed_of(spec, source.plugin)
        names = slots.names()
        fresh = tuple(
            n for n in names if new_head and _parameters_of_head(n, spec.head)
        )
        casts = safetensors_io.fill(
            model, stored, file.path, slots, fresh=fresh, renamed=renamed
        )
        file.check_unchanged()
    if place is not None or dtype is not None:
        model = _to_device(model, place, dtype, spec)
    report = LoadReport(
        path=str(file.path),
        sha256=file.sha256,
        hashed=file.hashed,
        loaded=tuple(n for n in names if n not in fresh),
        fresh=fresh,
        tied=tuple(place[2] for group in slots.places for place in group[1:]),
        casts=casts,
        seconds=time.perf_counter() - started,
    )
    own = {"name": source.spec.name, "sha256": file.sha256}
    parent = own if new_head else source.parent
    about = ModelMetadata(
        spec=_with_files(spec, source),
        options=build_options,
        folder=source.folder.absolute(),
        parent=parent,
        report=report,
    )
    return attach(model.eval(), about)


@lru_cache(maxsize=4)
def load_with_metadata(name: str, device: str = "cpu") -> nn.Module:
    """Return a registered model, cached for predictions by name."""
    return load(name, device=device)


def require_module(
    model: nn.Module | str | Path, call: str, device: Device | None = None
) -> nn.Module:
    """Return a module unchanged, or load it by name; `call` is shown in the error.

    What is loaded goes to `device`. Raises InputError, and what `load` raises.
    """
    if isinstance(model, nn.Module):
        return model
    place = "cpu" if device is None else str(resolve_device(device))
    if isinstance(model, str) and find_model(model, discovery.installed()):
        return load_with_metadata(model, place)
    if isinstance(model, (str, Path)):
        return load(model, device=place)  # a folder may hold other weights later
    problem = f"{a_type(model)} is not a model."
    raise InputError(problem, f"to come first: {call}")


def _to_device(model: nn.Module, device: Any, dtype: Any, spec: ModelSpec) -> nn.Module:
    try:
        return model.to(device=device, dtype=dtype)
    except (RuntimeError, AssertionError, TypeError) as exc:  # torch raises any of them
        problem = f"it can't be moved to device={device!r}, dtype={dtype!r}"
        fault = f"{problem} ({str(exc).splitlines()[0]})."
        raise OptionError(spec.name, fault, ["device", "dtype"]) from exc


def _with_files(spec: ModelSpec, source: sources.Source) -> ModelSpec:
    """Return the spec with the contents of the files that its input is read with.

    Those that no installed plugin pins are looked at first. Raises CheckpointError.
    """
    held = spec.input.with_contents()
    pins = {*held.files.values()}
    if pins and not (source.kind == "registered" and all(pins)):
        every = discovery.installed().models.values()
        if not pins <= {
            pin for one in every for pin in one.input.files.values() if pin
        }:
            preprocessor(held).check_files(held, source.folder)
    return replace(spec, input=held)


def _with_head(
    spec: ModelSpec, options: Mapping[str, Any]
) -> tuple[ModelSpec, dict[str, Any], bool]:
    """Return the spec and build options for the head, and whether it is new."""
    build_options = {**spec.options, **options}
    labels = _labels(spec, build_options.pop("labels", None), options.get("classes"))
    if labels == spec.labels:
        return spec, build_options, False
    try:
        output = None if spec.head is None else spec.output.with_labels(labels)
    except ZooError as exc:
        raise OptionError(spec.name, str(exc), ["labels", "classes"]) from exc
    if output is None:
        problem = "its head can't be replaced, so it takes no labels or classes."
        raise OptionError(spec.name, problem, list(spec.options))
    build_options["classes"] = len(labels)
    bare = replace(spec, output=output, weights=None, metrics=(), behind_baseline="")
    bare = replace(bare, task=spec.finetuned_task, costs=None)
    return bare, build_options, True


def _labels(spec: ModelSpec, labels: Any, classes: Any) -> tuple[str, ...]:
    """Return the labels of the head: given, numbered, or those of the spec."""
    option_names = ["labels", "classes"]
    if labels is not None:
        unordered = isinstance(labels, str | Mapping | Set)
        if unordered or not isinstance(labels, Iterable):
            problem = f"labels={labels!r} should be a list of names, in their order."
            raise OptionError(spec.name, problem, option_names)
        return tuple(map(str, labels))
    if classes is None or classes == len(spec.labels):
        return spec.labels
    if not isinstance(classes, Integral) or isinstance(classes, bool) or classes < 2:
        problem = f"classes={classes!r} should be a whole number of at least 2."
        raise OptionError(spec.name, problem, option_names)
    return tuple(map(str, range(int(classes))))


def build_model(
    spec: ModelSpec, plugin: Plugin, options: Mapping[str, Any]
) -> nn.Module:
    """Call a model's build function. Raises OptionError, PluginError."""
    make = resolve(spec.build, plugin=plugin.name)
    option_names = list(inspect.signature(make).parameters)
    try:
        inspect.signature(make).bind(**options)
    except TypeError as exc:
        wrong = next((name for name in options if name not in option_names), "")
        problem = f"no option {wrong!r}. {near(wrong, option_names)}".rstrip()
        raise OptionError(
            spec.name, problem if wrong else f"{exc}.", option_names
        ) from exc
    if problem := option_types.misfit(make, options):
        raise OptionError(spec.name, problem, option_names)
    try:
        model: nn.Module = make(**options)
    except FAULTS as exc:
        first = str(exc).partition("\n")[0].rstrip(".")
        problem = f"it can't be built with these options ({first})."
        raise OptionError(spec.name, problem, option_names) from exc
    return model


def _check_numbers(source: sources.Source, size: int) -> None:
    """Refuse options of a config.json that its weights, `size` bytes, make absurd."""
    spec = source.spec
    problem = option_types.out_of_proportion(spec.options, max(size, MOST_PLAIN))
    if problem:
        raise OptionError(spec.name, problem, list(spec.options))


def _check_build(source: sources.Source, most: BuildLimit) -> None:
    """Refuse options of a config.json that make far more than its weights fill.

    The model is built once without touching its memory, and without the user's own
    options, which may make it as large as they like. Raises OptionError.
    """
    with on_cpu_in_float32(), skip_initialization(most):
        build_model(source.spec, source.plugin, source.spec.options)


def _most(tensors: int, size: int) -> BuildLimit:
    """Return what may be built for weights of so many tensors and bytes."""
    return BuildLimit(TIMES * tensors + SPARE_PARAMETERS, TIMES * size + SPARE_NUMBERS)


def _unread_weights(source: sources.Source) -> tuple[int, int]:
    """Return how many tensors and bytes a checkpoint's weights have: by the file where
    it is at hand, or else by the size that config.json gives."""
    path, tensors = source.folder / WEIGHTS, 0
    if source.kind == "folder" and path.is_file():
        with suppress(NotSafetensors):
            tensors = len(safetensors_io.tensors(path))
        return tensors, path.stat().st_size
    size = (source.spec.weights.size if source.spec.weights else None) or 0
    return min(size // LEAST_HEADER, MOST_UNREAD), size


def renamed_of(spec: ModelSpec, plugin: Plugin) -> safetensors_io.Renamed | None:
    """Return the function `renamed` of a model's build module, or None."""
    module = load_module(spec.build.partition(":")[0], plugin=plugin.name)
    return getattr(module, "renamed", None)


def _parameters_of_head(name: str, head: str | None) -> bool:
    return head is not None and name.startswith(f"{head}.")
