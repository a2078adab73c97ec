"""The measured figures of a plugin's models: `measured.json` in its package.

Programs write the pins of shipped weights, the metrics and the costs into this file. A
`ModelSpec` in Python holds what a person decides; discovery completes it from here.
Does not know torch.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from zoo._utils.atomic_write import write_atomic
from zoo._utils.file_lock import folder_lock
from zoo._utils.schema import Malformed, convert, parse_json, read_bytes
from zoo.errors import PluginError, SpecError, near
from zoo.specs import Cost, Metric, ModelSpec, Weights

__all__ = ["FILE", "Facts", "complete", "read", "record", "write"]

FILE = "measured.json"
FORMAT = 1
FIELDS = ("weights", "metrics", "costs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The measured figures of one model; what was not measured is empty."""

    weights: Weights | None = None
    metrics: tuple[Metric, ...] = ()
    costs: Cost | None = None


@dataclass(frozen=True, kw_only=True)
class _Pin:
    """What is kept of weights that lie in the package."""

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """The facts of a model, as the file holds them."""

    weights: _Pin | None = None
    metrics: tuple[Metric, ...] = ()
    costs: Cost | None = None


@dataclass(frozen=True, kw_only=True)
class _File:
    """The file as a whole."""

    format: int
    models: dict[str, _Entry]


def complete(specs: Iterable[ModelSpec], package: str, plugin: str) -> list[ModelSpec]:
    """Return specs, completed from the file in an imported package.

    Without a file they are returned unchanged. Raises PluginError where the file can't
    be read, names a model that is not among the specs, or repeats a value of a spec.
    """
    specs = list(specs)
    path = _path(package)
    facts = read(path, plugin) if path else {}
    if path is None or not facts:
        return specs
    names = [spec.name for spec in specs]
    if unknown := [name for name in facts if name not in names]:
        raise PluginError(
            plugin,
            f"{path} holds figures of {unknown[0]!r}, a model that the plugin does not "
            f"register. {near(unknown[0], names)}Rename the entry, or remove it.",
        )
    return [_completed(spec, facts.get(spec.name), path, plugin) for spec in specs]


def read(path: Path, plugin: str) -> dict[str, Facts]:
    """Return the facts of a file, by model name; nothing where there is no file.

    Raises PluginError, which blames `plugin`, where `write` can't have written it.
    """
    try:
        raw = parse_json(read_bytes(path))
        if isinstance(raw, dict) and raw.get("format", FORMAT) != FORMAT:
            problem = f"format {raw['format']!r} is not {FORMAT}; update zoo-core"
            raise Malformed(problem)
        file = convert(raw, _File)
        return {name: _facts(entry) for name, entry in file.models.items()}
    except (FileNotFoundError, NotADirectoryError):  # the latter in a zip archive
        return {}
    except (OSError, Malformed, SpecError) as exc:
        raise _unreadable(path, plugin, exc) from exc


def write(path: Path, facts: Mapping[str, Facts]) -> None:
    """Write a file: the models in alphabetical order, in one layout."""
    models = {name: plain for name in sorted(facts) if (plain := _plain(facts[name]))}
    text = json.dumps(
        {"format": FORMAT, "models": models},
        indent=2,
        ensure_ascii=False,
        allow_nan=False,
    )
    write_atomic(path, f"{text}\n".encode())


def record(path: Path, plugin: str, name: str, **parts: Any) -> None:
    """Write some fields of the `Facts` of one model, and keep the rest of the file.

    Several processes may do so at once. Raises PluginError where the file can't be
    read, which is then left as it is.
    """
    with folder_lock(Path(os.path.realpath(path)).parent):
        facts = read(path, plugin)
        write(path, facts | {name: replace(facts.get(name, Facts()), **parts)})


def _path(package: str) -> Path | None:
    """Return the path of the file in a package; None for a single module."""
    folders = getattr(sys.modules.get(package), "__path__", None)
    return Path(next(iter(folders))) / FILE if folders else None


def _completed(
    spec: ModelSpec, facts: Facts | None, path: Path, plugin: str
) -> ModelSpec:
    if facts is None:
        return spec
    measured = {part: value for part in FIELDS if (value := getattr(facts, part))}
    for part in measured:
        if getattr(spec, part):
            raise PluginError(
                plugin,
                f"{path} holds {part} of {spec.name!r}, and its ModelSpec has {part}= "
                "as well. Remove one of the two: in Python stand only weights on the "
                "Hub (repo=), in the file what was measured.",
            )
    try:
        return replace(spec, **measured)
    except SpecError as exc:
        problem = f"{path} does not fit the ModelSpec. {exc}"
        raise PluginError(plugin, problem) from exc


def _facts(entry: "_Entry") -> Facts:
    pin = entry.weights
    return Facts(
        weights=None if pin is None else Weights(size=pin.size, sha256=pin.sha256),
        metrics=entry.metrics,
        costs=entry.costs,
    )


def _plain(facts: Facts) -> dict[str, Any]:
    """Return the non-empty facts as JSON values."""
    parts = {
        "weights": facts.weights
        and {name: getattr(facts.weights, name) for name in ("size", "sha256")},
        "metrics": [_without_defaults(asdict(metric)) for metric in facts.metrics],
        "costs": facts.costs and _of_torch(asdict(facts.costs)),
    }
    return {part: value for part, value in parts.items() if value}


def _of_torch(costs: dict[str, Any]) -> dict[str, Any]:
    """Return costs without the backend: those of torch alone are recorded."""
    return {name: value for name, value in costs.items() if name != "backend"}


def _without_defaults(metric: dict[str, Any]) -> dict[str, Any]:
    if metric["baseline"] is None:
        del metric["baseline"], metric["baseline_name"]
    return metric


def _unreadable(path: Path, plugin: str, exc: Exception) -> PluginError:
    problem = f"{exc}".rstrip(".") or type(exc).__name__
    return PluginError(
        plugin,
        f"{path} can't be read: {problem}. It is generated: bring back its last good "
        "version, or remove it, then ship the plugin's runs and record its costs anew.",
    )
