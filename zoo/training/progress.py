"""Progress of a run while it goes, and its comparison with baselines once it has ended.

A command shows both. From Python they are shown where somebody looks on: in a terminal
and in a notebook.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from zoo.evaluation.comparison import comparison_table
from zoo.training.monitoring import TrainingMonitor

__all__ = ["Bar", "print_comparison", "show_progress", "watched", "watching"]


class Bar:
    """Shows a run on stderr: a bar where that is a terminal, and a line an epoch."""

    def __init__(self, progress: Progress, waiting: str | None) -> None:
        self._progress = progress
        self._task = progress.add_task(
            waiting or "training", total=None, visible=waiting is not None, status=""
        )
        self._epochs = 0
        self._done = 0

    @property
    def shows_data(self) -> bool:
        """Whether somebody looks on: in a terminal, or in a notebook."""
        console = self._progress.console
        return console.is_terminal or console.is_jupyter

    def data_read(self, lines: Sequence[str]) -> None:
        """Say what stands in the data, a line each, above the bar."""
        for line in lines:
            self._progress.console.print(line, markup=False, soft_wrap=True)

    def stage_started(self, what: str) -> None:
        """Say what is done before the epochs: beside the bar, or in a line."""
        if self._progress.disable:
            self._progress.console.print(what)
        else:
            self._progress.update(self._task, description=what, visible=True)

    def training_started(self, epochs: int, done: int) -> None:
        self._epochs, self._done = epochs, done
        self._progress.update(
            self._task, description="training", total=float(epochs), visible=True
        )
        self._at(float(done))

    def step_finished(self, done: int, total: int) -> None:
        self._at(self._done + done / total)

    def epoch_finished(self, row: Mapping[str, float]) -> None:
        self._done = round(row.get("epoch", self._done + 1))  # some are not measured
        self._at(float(self._done))
        numbers = " ".join(f"{k} {v:.4f}" for k, v in row.items() if k != "epoch")
        self._progress.console.print(f"epoch {self._done}/{self._epochs} {numbers}")

    def _at(self, epoch: float) -> None:
        status = f"epoch {epoch:.1f}/{self._epochs}"
        self._progress.update(self._task, completed=epoch, status=status)


@contextmanager
def watching(waiting: str | None = None) -> Iterator[Bar]:
    """Show a run while the block lasts; `waiting` says what comes before its epochs."""
    console = _console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[status]}"),
        TimeRemainingColumn(),
    )
    # In a notebook rich draws the bar with ipywidgets, and complains without.
    drawn = console.is_terminal or (
        console.is_jupyter and bool(find_spec("ipywidgets"))
    )
    with Progress(
        *columns, console=console, transient=True, disable=not drawn
    ) as progress:
        yield Bar(progress, waiting)


def show_progress(asked: bool | None, monitor: TrainingMonitor | None) -> bool:
    """Return whether a run that was called from Python shows itself.

    `asked` None means: in a terminal and in a notebook. What has a monitor of its own
    shows nothing besides, and of several processes only the first shows anything.
    """
    if monitor is not None or os.environ.get("RANK", "0") != "0":
        return False
    if asked is None:
        console = _console()
        return console.is_terminal or console.is_jupyter
    return asked


@contextmanager
def watched(
    shown: bool, monitor: TrainingMonitor | None, waiting: str | None = None
) -> Iterator[TrainingMonitor | None]:
    """Show a run while the block lasts, where that is wanted; yield its monitor."""
    with watching(waiting) if shown else nullcontext(monitor) as looking:
        yield looking


def print_comparison(receipt: Mapping[str, Any]) -> None:
    """Print each metric of a run beside those of its baselines, to stderr."""
    head, *rows = comparison_table(receipt)
    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    _console().print(table)


def _console() -> Console:
    return Console(stderr=True, highlight=False)
