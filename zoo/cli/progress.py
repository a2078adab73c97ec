"""A progress bar for `zoo train` and `zoo finetune`, and a line for each epoch."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["Bar", "watching"]


class Bar:
    """Shows a run on stderr: a bar where that is a terminal, and a line an epoch."""

    def __init__(self, progress: Progress, waiting: str | None) -> None:
        self._progress = progress
        self._task = progress.add_task(
            waiting or "training", total=None, visible=waiting is not None, status=""
        )
        self._epochs = 0
        self._done = 0

    def training_started(self, epochs: int, done: int) -> None:
        self._epochs, self._done = epochs, done
        self._progress.update(
            self._task, description="training", total=float(epochs), visible=True
        )
        self._at(float(done))

    def step_finished(self, done: int, total: int) -> None:
        self._at(self._done + done / total)

    def epoch_finished(self, row: Mapping[str, float]) -> None:
        self._done += 1
        self._at(float(self._done))
        numbers = " ".join(f"{k} {v:.4f}" for k, v in row.items() if k != "epoch")
        self._progress.console.print(f"epoch {self._done}/{self._epochs} {numbers}")

    def _at(self, epoch: float) -> None:
        status = f"epoch {epoch:.1f}/{self._epochs}"
        self._progress.update(self._task, completed=epoch, status=status)


@contextmanager
def watching(waiting: str | None = None) -> Iterator[Bar]:
    """Show a run while the block lasts; `waiting` says what comes before its epochs."""
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[status]}"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield Bar(progress, waiting)
