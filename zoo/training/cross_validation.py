"""Cross-validation of a recipe: `zoo.crossval`.

A fresh model for each fold of the training rows; the test split is never read.
"""

import json
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoo._utils.atomic_write import write_atomic
from zoo.artifacts import checkpoint_folder
from zoo.datasets.in_memory import Fold
from zoo.errors import CheckpointError, SettingsError, TrainingError
from zoo.evaluation.metric_selection import selection_metric
from zoo.models.devices import resolve_device
from zoo.training import execution
from zoo.training.logged_metrics import check_metric
from zoo.training.recipe_file import find
from zoo.training.run import Run, one_row_explained
from zoo.training.train import TRAINING_NAMES, choose_settings, seeded

__all__ = ["CrossValidation", "FoldResult", "crossval"]

RESULT = "crossval.json"


@dataclass(frozen=True, kw_only=True)
class FoldResult:
    """What the model of one fold reaches on the rows it held back."""

    fold: int
    fitted: int
    held_back: int
    figures: dict[str, float]
    epochs: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """All folds of a cross-validation; `figure` is what they are compared by."""

    name: str
    figure: str
    stratified: bool
    settings: dict[str, Any]
    parts: tuple[FoldResult, ...]

    @property
    def mean(self) -> dict[str, float]:
        """The mean of each figure over the folds."""
        return {name: statistics.fmean(self._all(name)) for name in self._names()}

    @property
    def deviation(self) -> dict[str, float]:
        """The sample standard deviation of each figure over the folds."""
        return {name: statistics.stdev(self._all(name)) for name in self._names()}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON holds it."""
        return {**asdict(self), "mean": self.mean, "deviation": self.deviation}

    def _names(self) -> list[str]:
        return [
            name
            for name in self.parts[0].figures
            if all(name in part.figures for part in self.parts)
        ]

    def _all(self, name: str) -> list[float]:
        return [part.figures[name] for part in self.parts]


def crossval(
    name: str | Path,
    folder: str | Path | None = None,
    *,
    model: str | Path | None = None,
    folds: int = 5,
    stratified: bool = False,
    settings: Mapping[str, object] | None = None,
    metric: str | None = None,
    smoke: bool = False,
    device: str = "cpu",
    callback: Callable[[FoldResult], None] | None = None,
) -> CrossValidation:
    """Cross-validate the recipe of the model `name` on its training rows.

    `name` may also be the path of a recipe file, which trains `model`, as in
    `zoo.train`. The folds split the rows that the recipe gives to `run.split`; the
    recipe's seed shuffles them. `stratified` folds keep the ratios of the labels.
    `crossval.json` is written into `folder`, which must not hold one. `callback` is
    called with each fold. Raises SettingsError, DataError, DeviceError, TrainingError,
    CheckpointError.

    >>> result = zoo.crossval("mlp-diabetes", "folds", folds=2, smoke=True)
    >>> [part.held_back for part in result.parts]
    [177, 176]
    """
    device = str(resolve_device(device))
    if folds < 2:
        raise SettingsError(f"folds={folds} can't be compared; give at least 2.")
    if folder is not None:
        _check_free(Path(folder))
    spec, file = find(name, model, TRAINING_NAMES)
    recipe, chosen = choose_settings(spec, settings, smoke=smoke, file=file)
    if metric is not None:  # what there is without is seen after an epoch
        check_metric(metric, spec, settings or {}, file=file)
    parts, figure = [], metric
    for number in range(folds):
        looking = FoldMonitor(
            file.path.name if file else str(spec.recipe), spec.name, metric
        )
        with seeded(chosen.seed):
            run = looking.run = Run(
                spec,
                seed=chosen.seed,
                smoke=smoke,
                place=execution.execution_context(
                    device, execution.recipe_precision("auto", device, chosen)
                ),
                monitor=looking,
                fold=Fold(number=number, count=folds, stratified=stratified),
                settings=chosen,
            )
            with one_row_explained():
                recipe.train(chosen, run)
        looking.check()
        figure = selection_metric(
            metric, run.selection_metric, (run.history or [{}])[0]
        )
        parts.append(_part(run, number, figure))
        if callback is not None:
            callback(parts[-1])
    result = CrossValidation(
        name=spec.name,
        figure=str(figure),
        stratified=stratified,
        settings=asdict(chosen),
        parts=tuple(parts),
    )
    if folder is not None:
        _write(result, Path(folder))
    return result


def _check_free(folder: Path) -> None:
    """Refuse, before the folds, a folder that can't be written or holds a result."""
    if (folder / RESULT).exists():
        raise CheckpointError(
            f"{folder} holds {RESULT} already; nothing was trained. Name another "
            "folder (--out), or move the file."
        )
    if not folder.is_dir() or not any(folder.iterdir()):
        checkpoint_folder.check_writable(folder)


def _write(result: CrossValidation, folder: Path) -> None:
    content = json.dumps(result.to_dict(), indent=2, default=str) + "\n"
    write_atomic(folder / RESULT, content.encode())


def _part(run: Run, number: int, figure: str) -> FoldResult:
    row = run.kept_row(ended=True)
    if not math.isfinite(row.get(figure, math.nan)):
        raise TrainingError(f"Fold {number} measured no number as {figure!r}.")
    fitted, held_back = run.split_sizes or (0, 0)
    return FoldResult(
        fold=number,
        fitted=fitted,
        held_back=held_back,
        figures={name: value for name, value in row.items() if name != "epoch"},
        epochs=len(run.history),
        seconds=round(time.perf_counter() - run.started, 3),
    )


class FoldMonitor:
    """A monitor that sees after one epoch whether the fold was asked for, and whether
    folds can be compared."""

    def __init__(self, recipe: str, name: str, metric: str | None) -> None:
        self._recipe, self._name, self._metric = recipe, name, metric
        self.run: Run | None = None

    def training_started(self, epochs: int, done: int) -> None: ...

    def step_finished(self, done: int, total: int) -> None: ...

    def epoch_finished(self, row: Mapping[str, float]) -> None:
        self.check()
        if self.run is not None:
            selection_metric(self._metric, self.run.selection_metric, row)

    def check(self) -> None:
        if self.run is not None and self.run.split_sizes is None:
            raise TrainingError(
                f"The recipe {self._recipe!r} of {self._name!r} holds no "
                "rows back with run.split, so it can't be cross-validated."
            )
