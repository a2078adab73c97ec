"""Runs beside each other: `zoo.compare`."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo._utils.shown import one_line
from zoo.artifacts import checkpoint_folder, resolve, weight_store
from zoo.artifacts.resolve import Source
from zoo.errors import CheckpointError
from zoo.evaluation.metric_selection import signed_score
from zoo.evaluation.plots import curves

__all__ = ["RunComparison", "compare"]


@dataclass(frozen=True, repr=False)
class RunComparison:
    """What tells runs apart, and what each reached.

    `runs` are their names; `settings` those that are not the same in all, `metrics` on
    the rows at the end, and `costs` (seconds, MiB), each by name a value for each run,
    None where a run has none. `notes` say what makes figures incomparable.
    """

    runs: tuple[str, ...]
    settings: Mapping[str, tuple[Any, ...]]
    metrics: Mapping[str, tuple[float | None, ...]]
    costs: Mapping[str, tuple[float | None, ...]]
    histories: tuple[tuple[Mapping[str, float], ...], ...]
    notes: tuple[str, ...]

    @property
    def table(self) -> list[list[str]]:
        """A head, and a row for each setting, metric and cost; the best metric of a row
        has a star."""
        rows = [["", *self.runs]]
        rows += [[name, *map(_shown, values)] for name, values in self.settings.items()]
        rows += [[name, *_starred(name, each)] for name, each in self.metrics.items()]
        return rows + [[name, *map(_cost, each)] for name, each in self.costs.items()]

    def plot(self) -> bytes:
        """Return the curves of all runs as a PNG: a panel for each logged number."""
        return curves(dict(zip(self.runs, self.histories, strict=True)))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, as JSON holds them."""
        parts = {
            "settings": self.settings,
            "metrics": self.metrics,
            "costs": self.costs,
        }
        plain: dict[str, Any] = {"runs": [*self.runs]}
        for part, rows in parts.items():
            plain[part] = {name: [*values] for name, values in rows.items()}
        return plain | {"notes": [*self.notes]}

    def __str__(self) -> str:
        table = [[one_line(cell) for cell in row] for row in self.table]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(w) for cell, w in zip(row, widths, strict=True)
            ).rstrip()
            for row in table
        ]
        return "\n".join([*lines, *map(one_line, self.notes)])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.table
        )
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<table>{rows}</table>{notes}"


def compare(*runs: str | Path) -> RunComparison:
    """Return runs beside each other: the settings that differ, metrics, and costs.

    Each is a folder that `zoo.train` or `zoo.finetune` wrote, or the name of a model
    that ships with its receipt. Raises CheckpointError, ModelNotFound.

    >>> found = zoo.compare("mlp-mnist", "lenet5-mnist")
    >>> found.runs, list(found.metrics)
    (('mlp-mnist', 'lenet5-mnist'), ['accuracy', 'f1'])
    """
    if len(runs) < 2:
        raise CheckpointError(
            f"zoo.compare takes two runs or more, and this is {len(runs)}: give "
            "folders of runs, or names of models."
        )
    sources = [resolve.find(run) for run in runs]
    receipts = [_receipt(source) for source in sources]
    names = _names(runs, sources)
    settings = [receipt.get("settings", {}) for receipt in receipts]
    metrics = [
        {row["name"]: row["value"] for row in receipt["metrics"]}
        for receipt in receipts
    ]
    models = [receipt.get("name") for receipt in receipts]
    each = _by_name(settings)
    differing = {name: row for name, row in each.items() if len({*map(repr, row)}) > 1}
    if len({*models}) > 1:
        differing = {"model": tuple(models), **differing}
    return RunComparison(
        runs=names,
        settings=differing,
        metrics=_by_name(metrics),
        costs=_by_name([_costs(receipt) for receipt in receipts]),
        histories=tuple(tuple(receipt.get("history", ())) for receipt in receipts),
        notes=_notes(names, receipts, same=not differing),
    )


def _receipt(source: Source) -> dict[str, Any]:
    folder = source.folder
    if source.kind == "registered":
        folder = weight_store.shipped_checkpoint(source.spec)
    receipt = checkpoint_folder.read_receipt(folder)
    if not receipt.get("metrics"):
        raise CheckpointError(
            f"{source.name} has no {checkpoint_folder.RECEIPT} with figures, so there "
            "is nothing to compare. Folders of 'zoo train' and 'zoo finetune' have one."
        )
    return receipt


def _names(runs: Sequence[str | Path], sources: Sequence[Source]) -> tuple[str, ...]:
    """Return a short name of each run: of a folder its last part, if that is enough."""
    short = [
        Path(run).resolve().name if source.kind == "folder" else str(run)
        for run, source in zip(runs, sources, strict=True)
    ]
    return tuple(map(str, runs)) if len({*short}) < len(short) else tuple(short)


def _by_name(parts: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Return for each name that some run has its value in each, or None."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: tuple(part.get(name) for part in parts) for name in names}


def _costs(receipt: Mapping[str, Any]) -> dict[str, float]:
    known = {"seconds": "seconds", "peak_memory_mib": "peak memory (MiB)"}
    return {shown: receipt[name] for name, shown in known.items() if name in receipt}


def _notes(
    names: Sequence[str], receipts: Sequence[Mapping[str, Any]], *, same: bool
) -> tuple[str, ...]:
    notes = ["The model and every setting are the same."] if same else []
    measured = [
        {
            (row["dataset"], row["split"], receipt.get("rows"))
            for row in receipt["metrics"]
        }
        for receipt in receipts
    ]
    if any(part != measured[0] for part in measured):
        notes.append("The figures are of different rows, so they can't be compared.")
    smoke = [n for n, one in zip(names, receipts, strict=True) if one.get("smoke")]
    if smoke:
        notes.append(f"{', '.join(smoke)}: a smoke run, whose figures mean nothing.")
    machines = {receipt.get("hardware") for receipt in receipts}
    if len(machines) > 1:
        notes.append("The costs are of different machines.")
    return tuple(notes)


def _starred(name: str, values: Sequence[float | None]) -> list[str]:
    """Return figures with a star at the best one, where not all are the same."""
    known = [signed_score(name, value) for value in values if value is not None]
    best = max(known) if len({*known}) > 1 else None
    return [
        "-"
        if value is None
        else f"{value:.4f}{' *' if signed_score(name, value) == best else ''}"
        for value in values
    ]


def _shown(value: Any) -> str:
    return "-" if value is None else str(value)


def _cost(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
