"""A progress bar for `zoo train`, and a line for each epoch."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

__all__ = ["Bar", "watching"]


class Bar:
    """Shows a run on stderr: a bar where that is a terminal, and a line an epoch."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._epochs = 0
        self._done = 0

    def begin(self, epochs: int, done: int) -> None:
        self._epochs, self._done = epochs, done
        self._task = self._progress.add_task(
            "training", total=float(epochs), completed=done
        )

    def steps(self, done: int, total: int) -> None:
        if self._task is not None:
            self._progress.update(self._task, completed=self._done + done / total)

    def epoch(self, row: Mapping[str, float]) -> None:
        self._done += 1
        if self._task is not None:
            self._progress.update(self._task, completed=float(self._done))
        numbers = " ".join(f"{k} {v:.4f}" for k, v in row.items() if k != "epoch")
        self._progress.console.print(f"epoch {self._done}/{self._epochs} {numbers}")


@contextmanager
def watching() -> Iterator[Bar]:
    """Show a run while the block lasts."""
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("epoch {task.completed:.1f}/{task.total:.0f}"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield Bar(progress)
