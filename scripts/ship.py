"""Make a run the shipped checkpoint of its model.

    python scripts/ship.py RUN_FOLDER...

Copies the folder into the plugin's package, and writes the pin (size, SHA-256) and the
measured metrics into the model's spec, so that what a spec claims is what was measured.
"""

import ast
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.plugins import catalog as catalogue
from zoo.runtime import lower_is_better

# How far a metric may lie from its claim on another machine: rounding there may turn
# one answer in a thousand, and in a small test set none at all. A number that is not a
# share of answers may move by a thousandth of itself.
SHARE, LEAST = 1e-3, 1e-6
SHARES = {"accuracy", "f1"}


def main(folders: list[str]) -> None:
    for folder in map(Path, folders):
        config = checkpoints.read_config(folder)
        receipt = checkpoints.read_receipt(folder)
        if receipt["smoke"]:
            sys.exit(f"{folder} was a smoke run: train it in earnest first.")
        spec = catalogue.get_spec(config.name)
        if config.input != spec.input:
            sys.exit(
                f"{config.name} was trained on another input than its spec says: write "
                f"input={config.input} there first."
            )
        target = store.shipped(spec)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder, target)
        source = _holder(store.package_folder(spec.package), config.name)
        pin = {"size": config.weights.size, "sha256": config.weights.sha256}
        fields = {
            "weights": _call("Weights", pin),
            "metrics": f"({''.join(_metric(m, receipt) for m in receipt['metrics'])})",
        }
        source.write_text(imported(edited(source.read_text(), config.name, fields)))
        print(f"{config.name}: {target} ({config.weights.size:,} bytes)")


def edited(source: str, name: str, fields: dict[str, str]) -> str:
    """Return Python source with keywords of the ModelSpec call for `name` replaced."""
    for keyword, value in fields.items():
        call = next(call for call in _calls(source) if _names(call, name))
        lines = source.splitlines(keepends=True)
        old = next((k for k in call.keywords if k.arg == keyword), None)
        end = _end(call)
        span = slice(old.lineno - 1, old.end_lineno) if old else slice(end, end)
        lines[span] = [f"        {keyword}={value},\n"]
        source = "".join(lines)
    return source


def imported(source: str) -> str:
    """Return Python source that imports the classes that were written into it."""
    nodes = [n for n in ast.parse(source).body if isinstance(n, ast.ImportFrom)]
    names = {alias.name for node in nodes for alias in node.names}
    missing = sorted({"Metric", "Weights"} - names)
    lines = source.splitlines(keepends=True)
    if missing:  # ruff puts them where they belong
        lines.insert(nodes[0].lineno - 1, f"from zoo import {', '.join(missing)}\n")
    return "".join(lines)


def _holder(package: Path, name: str) -> Path:
    """Return the module of a plugin that holds the ModelSpec call for `name`."""
    for path in sorted(package.glob("*.py")):
        if any(_names(call, name) for call in _calls(path.read_text())):
            return path
    sys.exit(f"No module of {package} holds a ModelSpec with name={name!r}.")


def _calls(source: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ModelSpec":
            yield node


def _names(call: ast.Call, name: str) -> bool:
    given = [k.value for k in call.keywords if k.arg == "name"]
    return any(isinstance(v, ast.Constant) and v.value == name for v in given)


def _end(call: ast.Call) -> int:
    """Return the number of the line with the closing bracket, from 0."""
    assert call.end_lineno is not None, "parsed from source"
    return call.end_lineno - 1


def _metric(metric: dict[str, Any], receipt: dict[str, Any]) -> str:
    tolerance = _tolerance(metric, receipt["rows"])
    values = {**metric, "value": round(metric["value"], 6), "tolerance": tolerance}
    best = [
        (known[metric["name"]], name)
        for name, known in receipt["baselines"].items()
        if metric["name"] in known
    ]
    if best:
        value, name = (min if lower_is_better(metric["name"]) else max)(best)
        values |= {"baseline": round(value, 6), "baseline_name": name}
    return f"{_call('Metric', values)},"


def _tolerance(metric: dict[str, Any], rows: int) -> float:
    if metric["name"].rpartition("_")[2] in SHARES:
        return SHARE if rows >= 1 / SHARE else LEAST
    return max(LEAST, float(f"{SHARE * abs(metric['value']):.1g}"))


def _call(name: str, values: dict[str, Any]) -> str:
    inside = ", ".join(f"{key}={_literal(value)}" for key, value in values.items())
    return f"{name}({inside})"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:_}" if isinstance(value, int) else repr(value)


if __name__ == "__main__":
    main(sys.argv[1:])
