"""The trials of a sweep side by side: a table, a picture, and files of both."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo._utils.atomic_write import write_atomic
from zoo._utils.shown import counted
from zoo.evaluation.metric_selection import signed_score
from zoo.evaluation.plots import COLORS, to_png
from zoo.training.sweep_settings import FILE, PICTURE
from zoo.tuning.objective import SweepPlan
from zoo.tuning.search_space import Range, Space
from zoo.tuning.trials import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["markdown", "picture", "ranked", "table", "write"]

ORDER = ("done", "pruned", "failed")


def ranked(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """Return the trials, the best first: finished, then pruned, then failed ones."""

    def place(trial: Trial) -> tuple[int, float, int]:
        worth = 0.0
        if trial.figure is not None and trial.value is not None:
            worth = signed_score(trial.figure, trial.value)
        return ORDER.index(trial.state), -worth, trial.position

    return tuple(sorted(trials, key=place))


def table(trials: Sequence[Trial]) -> list[list[str]]:
    """Return a row of words for each trial, below a row of headings."""
    settings = list(trials[0].settings) if trials else []
    figure = next((trial.figure for trial in trials if trial.figure), "value")
    rows = [["trial", *settings, figure, "epochs", "seconds", "state"]]
    for trial in trials:
        value = "-" if trial.value is None else f"{trial.value:.4f}"
        rows.append(
            [
                str(trial.position),
                *(_short(trial.settings[key]) for key in settings),
                value,
                str(trial.epochs),
                f"{trial.seconds:.1f}",
                trial.state,
            ]
        )
    return rows


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return a table for a Markdown file."""
    lines = [rows[0], ["---:"] * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def picture(trials: Sequence[Trial], where: Space) -> bytes:
    """Return every searched setting against the figure, one panel each."""
    seen = [trial for trial in trials if trial.value is not None]
    figure_name = next((trial.figure for trial in seen if trial.figure), "value")

    def draw(figure: Figure) -> None:
        for place, (key, part) in enumerate(where.searched.items(), start=1):
            axes = figure.add_subplot(1, len(where.searched), place)
            given, names = _positions([trial.settings[key] for trial in seen], part)
            for state, colour in (("pruned", COLORS[5]), ("done", COLORS[1])):
                dots = [
                    (given[n], trial.value)
                    for n, trial in enumerate(seen)
                    if trial.state == state and trial.value is not None
                ]
                axes.scatter(
                    [left for left, _ in dots],
                    [value for _, value in dots],
                    color=colour,
                    label=state,
                )
            if isinstance(part, Range) and part.log:
                _scale(axes, part)
            if names:
                axes.set_xticks(range(len(names)), names)
            axes.set(xlabel=key, ylabel=figure_name if place == 1 else "")
            axes.grid(alpha=0.3)
            if place == 1 and any(trial.state == "pruned" for trial in seen):
                axes.legend(loc="best", fontsize=8)

    return to_png(3.4 * len(where.searched), 2.8, draw)


def _scale(axes: Axes, part: Range) -> None:
    """Give a log axis as many numbers as fit beside each other."""
    from matplotlib.ticker import LogLocator, NullLocator

    axes.set_xscale("log")
    between = (1.0, 2.0, 5.0) if part.high < 100 * part.low else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(subs=between))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter("{x:g}")


def _positions(values: Sequence[Any], part: Any) -> tuple[list[float], list[str]]:
    """Return where values lie on an axis, and the names of a list's places."""
    if isinstance(part, Range):
        return [float(value) for value in values], []
    try:
        known = sorted(set(values))
    except TypeError:  # numbers and words
        known = sorted(set(values), key=str)
    return [float(known.index(value)) for value in values], [_short(v) for v in known]


def write(
    folder: Path,
    plan: SweepPlan,
    trials: Sequence[Trial],
    where: Space,
    command: str | None,
) -> None:
    """Write sweep.json, trials.csv, sweep.md and, if anything was measured, sweep.png.

    `trials` come ranked, and `command` trains with the best settings.
    """
    whole = {
        "plan": asdict(plan),
        "best": command,
        "table": table(trials),
        "trials": [asdict(trial) for trial in trials],
    }
    files = {
        FILE: json.dumps(whole, indent=2).encode() + b"\n",
        "trials.csv": _csv(trials).encode(),
        "sweep.md": _page(plan, trials, command).encode(),
    }
    if any(trial.value is not None for trial in trials):
        files[PICTURE] = picture(trials, where)
    for name, content in files.items():
        write_atomic(folder / name, content)


def _csv(trials: Sequence[Trial]) -> str:
    settings = list(trials[0].settings) if trials else []
    file = io.StringIO()
    lines = csv.writer(file, lineterminator="\n")
    figures = ["figure", "value", "epochs", "seconds", "state", "why"]
    lines.writerow(["trial", *settings, *figures])
    for trial in trials:
        fields = asdict(trial)
        values = [trial.settings[key] for key in settings]
        lines.writerow([trial.position, *values, *(fields[key] for key in figures)])
    return file.getvalue()


def _page(plan: SweepPlan, trials: Sequence[Trial], command: str | None) -> str:
    words = ", ".join(f"`{key}={text}`" for key, text in plan.settings.items())
    where = f" on {plan.data}" if plan.data else ""
    text = (
        f"# Sweep of {plan.name}{where}\n\n{counted(len(trials), 'trial')} "
        f"({plan.method}, seed "
        f"{plan.seed}) over {words}. Values are measured on validation rows; the test "
        f"split was not read.\n\n{markdown(table(trials))}\n"
    )
    for trial in trials:
        if trial.why:
            text += f"Trial {trial.position} failed: {trial.why}\n\n"
    if command is None:
        return text
    return f"{text}```sh\n{command}\n```\n\n![Settings against values](sweep.png)\n"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
