"""What was measured of a plugin's models: `measured.json` in its package.

The pins of shipped weights, the metrics and the costs are written by programs and not
by hand, into this one file. A `ModelSpec` in Python holds what a person decides, and
discovery completes it from here. Does not know torch.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from zoo._utils.atomic_write import write_atomic
from zoo.errors import PluginError, SpecError, near
from zoo.specs import Cost, Metric, ModelSpec, Weights

__all__ = ["FILE", "Facts", "complete", "read", "record", "write"]

FILE = "measured.json"
FORMAT = 1
FIELDS = ("weights", "metrics", "costs")
PIN = ("size", "sha256")  # what is kept of weights that lie in the package
T = TypeVar("T", Weights, Metric, Cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was measured of one model; what was not is empty."""

    weights: Weights | None = None
    metrics: tuple[Metric, ...] = ()
    costs: Cost | None = None


def complete(specs: Iterable[ModelSpec], package: str, plugin: str) -> list[ModelSpec]:
    """Return specs with what the file in an imported package holds of them.

    Without a file they stay as they are. Raises PluginError where it can't be read,
    names a model that is not among the specs, or repeats what a spec says.
    """
    specs = list(specs)
    path = _path(package)
    known = read(path, plugin) if path else {}
    if path is None or not known:
        return specs
    names = [spec.name for spec in specs]
    if strange := [name for name in known if name not in names]:
        raise PluginError(
            plugin,
            f"{path} holds figures of {strange[0]!r}, a model that the plugin does not "
            f"register. {near(strange[0], names)}Rename the entry, or remove it.",
        )
    return [_completed(spec, known.get(spec.name), path, plugin) for spec in specs]


def read(path: Path, plugin: str) -> dict[str, Facts]:
    """Return what a file holds, by the name of the model; nothing where there is none.

    Raises PluginError, which blames `plugin`, where `write` can't have written it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):  # the latter in a zip archive
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        raise _unreadable(path, plugin, exc) from exc
    try:
        raw = json.loads(text)
        if raw["format"] != FORMAT:
            problem = f"format {raw['format']!r} is not {FORMAT}; update zoo-core"
            raise ValueError(problem)
        return {name: _facts(held) for name, held in raw["models"].items()}
    except KeyError as exc:
        raise _unreadable(path, plugin, ValueError(f"no {exc.args[0]!r}")) from exc
    except (ValueError, TypeError, AttributeError, RecursionError, SpecError) as exc:
        raise _unreadable(path, plugin, exc) from exc


def write(path: Path, known: Mapping[str, Facts]) -> None:
    """Write a file: the models by name, in one order and layout."""
    models = {name: plain for name in sorted(known) if (plain := _plain(known[name]))}
    text = json.dumps(
        {"format": FORMAT, "models": models},
        indent=2,
        ensure_ascii=False,
        allow_nan=False,
    )
    write_atomic(path, f"{text}\n".encode())


def record(path: Path, plugin: str, name: str, **parts: Any) -> None:
    """Write parts of `Facts` of one model beside what a file holds otherwise.

    Raises PluginError where the file can't be read, which is then left as it is.
    """
    known = read(path, plugin)
    write(path, known | {name: replace(known.get(name, Facts()), **parts)})


def _path(package: str) -> Path | None:
    """Return where a package keeps the file; a module alone has no place for it."""
    folders = getattr(sys.modules.get(package), "__path__", None)
    return Path(next(iter(folders))) / FILE if folders else None


def _completed(
    spec: ModelSpec, known: Facts | None, path: Path, plugin: str
) -> ModelSpec:
    if known is None:
        return spec
    found = {part: held for part in FIELDS if (held := getattr(known, part))}
    for part in found:
        if getattr(spec, part):
            raise PluginError(
                plugin,
                f"{path} holds {part} of {spec.name!r}, and its ModelSpec has {part}= "
                "as well. Remove one of the two: in Python stand only weights on the "
                "Hub (repo=), in the file what was measured.",
            )
    try:
        return replace(spec, **found)
    except SpecError as exc:
        problem = f"{path} does not fit the ModelSpec. {exc}"
        raise PluginError(plugin, problem) from exc


def _facts(raw: Any) -> Facts:
    if strange := [part for part in raw if part not in FIELDS]:
        raise ValueError(f"unknown entry {strange[0]!r}")
    pin, metrics, costs = (raw.get(part) for part in FIELDS)
    if pin is not None and set(pin) != set(PIN):
        raise ValueError(f"weights={pin!r} should have {' and '.join(PIN)}")
    return Facts(
        weights=None if pin is None else _parse_part(Weights, pin),
        metrics=tuple(_parse_part(Metric, metric) for metric in metrics or ()),
        costs=None if costs is None else _parse_part(Cost, costs),
    )


def _parse_part(kind: type[T], raw: Mapping[str, Any]) -> T:
    """Return the object that JSON stands for; a whole number will do for a fraction."""
    values = dict(raw)
    for field in fields(kind):
        value = values.get(field.name)
        if isinstance(value, int) and field.type in (float, float | None):
            values[field.name] = float(value)
        elif field.name in values and not isinstance(value, field.type):  # type: ignore[arg-type]
            raise TypeError(f"{kind.__name__} has {field.name}={value!r}")
    return kind(**values)


def _plain(known: Facts) -> dict[str, Any]:
    """Return what JSON takes, without what is empty."""
    parts = {
        "weights": known.weights
        and {name: getattr(known.weights, name) for name in PIN},
        "metrics": [_without_defaults(asdict(metric)) for metric in known.metrics],
        "costs": known.costs and asdict(known.costs),
    }
    return {part: held for part, held in parts.items() if held}


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
