"""What a model cost where it was measured: `costs.json` in its plugin's package.

Time and memory belong to the machine and the release of PyTorch that are named beside
them; the multiply-adds are the same everywhere. `zoo benchmark --record` writes the
file, and `zoo info` reads it, so both are known before any weights are fetched.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo._utils import paths as folders
from zoo.artifacts import weight_store as store
from zoo.errors import PluginError, ZooError
from zoo.specs import ModelSpec

__all__ = ["BATCH", "FILE", "Cost", "known", "record"]

FILE = "costs.json"
BATCH = 32  # inputs of the larger of the two passes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one model takes: milliseconds are medians, memory is the most that was held.

    `load_ms` is None where the weights could not be had, and untrained ones stood in.
    `pass_ms` is one pass of one input, `batch_ms` one pass of 32; `memory_mib` is by
    how much a process that has imported torch grew by a load and a pass of one input.
    """

    load_ms: float | None
    pass_ms: float
    batch_ms: float
    memory_mib: float
    multiply_adds: int  # of one input
    hardware: str
    torch: str

    def __str__(self) -> str:
        """Say it in a line, the machine at the end of it."""
        load = f", {_ms(self.load_ms)} to load" if self.load_ms is not None else ""
        return (
            f"{_ms(self.pass_ms)} a pass, {_ms(self.batch_ms)} of {BATCH} inputs"
            f"{load}, {self.memory_mib:,.0f} MiB; {self.multiply_adds:,} multiply-adds "
            f"an input ({self.hardware}, torch {self.torch})"
        )


def known(spec: ModelSpec) -> Cost | None:
    """Return what the plugin recorded about a model, if it did.

    Raises PluginError where its file is not what `record` writes.
    """
    path = store.package_folder(spec.package) / FILE
    try:
        found = _read(path).get(spec.name)
        return None if found is None else Cost(**found)
    except (ValueError, TypeError, AttributeError) as exc:
        problem = f"{path} can't be read. 'zoo benchmark --record' writes it anew."
        raise PluginError(spec.package, problem) from exc


def record(name: str, cost: Cost, path: Path) -> None:
    """Write what a model took into a file, beside what it holds of other models."""
    try:
        rows = _read(path)
        rows[name] = asdict(cost)
    except (ValueError, TypeError) as exc:
        problem = f"{path} is no file of costs. Remove it, or name another file."
        raise ZooError(problem) from exc
    text = json.dumps(dict(sorted(rows.items())), indent=1) + "\n"
    folders.replace_file(path, text.encode())


def _read(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    rows: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return rows


def _ms(value: float) -> str:
    return f"{value:,.2f} ms" if value < 10 else f"{value:,.0f} ms"
