"""Build, load and save: names and folders to modules, and modules to folders."""

import inspect
import platform
import shutil
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo import checkpoints, golden, store, weights
from zoo.about import About, LoadReport, about, attach, unwrapped
from zoo.checkpoints import Config
from zoo.errors import CheckpointError, NoWeights, OptionError, ZooError, near
from zoo.plugins import Plugin, found
from zoo.references import resolve
from zoo.registry import Registry
from zoo.specs import ModelSpec, Weights
from zoo.store import Verify

__all__ = ["build", "find", "load", "loaded", "save", "versions"]


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
    model = _make(spec, source.plugin, chosen)
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
    with nullcontext() if new_head else weights.without_initialisers():
        model = _make(spec, source.plugin, chosen)
    slots = weights.slots(model)
    names = slots.names()
    fresh = tuple(n for n in names if new_head and _within(n, spec.head))
    casts = weights.read(model, path, slots, fresh=fresh)
    model = model.to(device=device, dtype=dtype) if device or dtype else model
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


def save(
    model: nn.Module,
    folder: str | Path,
    *,
    example: Tensor | None = None,
    receipt: Mapping[str, Any] | None = None,
    files: Mapping[str, bytes] | None = None,
    dtype: torch.dtype | None = None,
) -> Path:
    """Write `model` as a checkpoint folder that `zoo.load` takes; return the folder.

    `example` is an input whose output becomes the golden; `dtype=torch.float16` stores
    floats narrow. The folder is replaced whole: an interrupted save leaves the old one.
    Raises CheckpointError.
    """
    folder, model = Path(folder), unwrapped(model)
    known = about(model)
    checkpoints.refuse_strangers(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        stored = _stored(model, dtype)
        weights.write(stored, new / checkpoints.WEIGHTS)
        config = _config(known, model, checkpoints.weights_of(new))
        (new / checkpoints.CONFIG).write_text(config.to_json(), encoding="utf-8")
        if example is not None:
            _golden(model, example, new)
        for name, content in (files or {}).items():
            (new / name).write_bytes(content)
        if receipt:
            checkpoints.write_receipt(new, receipt)
        checkpoints.swap(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def _find(name: str | Path) -> _Source:
    known = found()
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


def _with_head(
    spec: ModelSpec, options: Mapping[str, Any]
) -> tuple[ModelSpec, dict[str, Any], bool]:
    """Return the spec and options for the head asked for, and whether it is new."""
    chosen = {**spec.options, **options}
    labels = chosen.pop("labels", None)
    if labels is None and "classes" in options:
        count = options["classes"]
        same = count == len(spec.labels)
        labels = spec.labels if same else tuple(map(str, range(count)))
    if labels is None or tuple(labels) == spec.labels:
        return spec, chosen, False
    if spec.head is None:
        problem = "its head can't be replaced, so it takes no labels or classes."
        raise OptionError(spec.name, problem, list(spec.options))
    try:
        output = replace(spec.output, labels=tuple(labels))
    except ZooError as exc:
        raise OptionError(spec.name, str(exc), ["labels", "classes"]) from exc
    chosen["classes"] = len(output.labels)
    return replace(spec, output=output, weights=None, metrics=()), chosen, True


def _make(spec: ModelSpec, plugin: Plugin, options: Mapping[str, Any]) -> nn.Module:
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


def _stored(model: nn.Module, dtype: torch.dtype | None) -> dict[str, Tensor]:
    values = {
        name: getattr(module, attribute)
        for module, attribute, name in (g[0] for g in weights.slots(model).places)
    }
    return weights.narrow(values, dtype) if dtype else values


def _golden(model: nn.Module, example: Tensor, new: Path) -> None:
    """Make the golden with the weights as stored, which may be narrower."""
    again = _make(about(model).spec, _provider(about(model)), about(model).options)
    weights.read(again, new / checkpoints.WEIGHTS, weights.slots(again))
    golden.make(again.eval(), example.cpu(), new / checkpoints.GOLDEN)


def _config(known: About, model: nn.Module, pin: Weights) -> Config:
    spec, plugin = known.spec, _provider(known)
    return Config(
        name=spec.name,
        summary=spec.summary,
        task=spec.task,
        build=spec.build,
        options=dict(known.options),
        distribution=plugin.distribution,
        input=spec.input,
        output=spec.output,
        head=spec.head,
        recipe=spec.recipe,
        license=spec.license,
        trained_on=spec.trained_on,
        parameters=sum(p.numel() for p in model.parameters()),
        weights=pin,
        parent=known.parent,
        versions=versions(plugin),
    )


def versions(plugin: Plugin) -> dict[str, str]:
    """Return the versions that made something, for config.json and run.json."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "safetensors": version("safetensors"),
        "zoo-core": version("zoo-core"),
        plugin.distribution: plugin.version,
    }


def _provider(known: About) -> Plugin:
    return found().packages()[known.spec.package]
