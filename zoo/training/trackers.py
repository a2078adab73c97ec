"""Send a run's numbers to TensorBoard or to Weights & Biases: off unless asked for.

Keys are never read or stored here: wandb looks for its own, and with WANDB_MODE=offline
it needs none.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from zoo.errors import MissingExtra, SettingsError, near

__all__ = ["NAMES", "Tracker", "tracker"]

NAMES = ("tensorboard", "wandb")


class Tracker(Protocol):
    """What receives the numbers of a run."""

    def log(self, row: Mapping[str, float], epoch: int) -> None: ...

    def close(self) -> None: ...


class _TensorBoard:
    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as exc:
            raise MissingExtra("tensorboard", "Tracking a run", "track") from exc
        self._writer: Any = SummaryWriter(folder)

    def log(self, row: Mapping[str, float], epoch: int) -> None:
        for name, value in row.items():
            self._writer.add_scalar(name, value, epoch)

    def close(self) -> None:
        self._writer.close()


class _Wandb:
    def __init__(self, folder: Path, name: str, settings: Mapping[str, Any]) -> None:
        try:
            import wandb
        except ImportError as exc:
            raise MissingExtra("wandb", "Tracking a run", "track") from exc
        folder.mkdir(parents=True, exist_ok=True)
        self._run: Any = wandb.init(
            project="zoo", name=name, config=dict(settings), dir=folder
        )

    def log(self, row: Mapping[str, float], epoch: int) -> None:
        self._run.log(dict(row), step=epoch)

    def close(self) -> None:
        self._run.finish()


def tracker(
    kind: str, folder: Path, *, name: str, settings: Mapping[str, Any]
) -> Tracker:
    """Return the tracker called `kind`, writing below `folder`."""
    if kind == "tensorboard":
        return _TensorBoard(folder)
    if kind == "wandb":
        return _Wandb(folder, name, settings)
    hint = near(kind, NAMES) or f"Trackers: {', '.join(NAMES)}."
    raise SettingsError(f"No tracker {kind!r}. {hint.strip()}")
