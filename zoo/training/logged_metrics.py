"""Which metrics a recipe logs, known before it trains on anything.

The recipe runs as in a smoke run, on noise, and is stopped at its first row.
"""

import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from zoo.datasets import in_memory, texts
from zoo.errors import SettingsError
from zoo.evaluation.metric_selection import selection_metric
from zoo.specs import ModelSpec
from zoo.training.recipe_file import RecipeFile
from zoo.training.run import Run
from zoo.training.train import choose_settings, seeded

__all__ = ["LoggedMetrics", "check_metric", "logged_metrics"]


@dataclass(frozen=True)
class LoggedMetrics:
    """The first row that a recipe logs, and the metric that it keeps weights by."""

    row: Mapping[str, float]
    best: str | None


def check_metric(
    metric: str | None,
    spec: ModelSpec,
    settings: Mapping[str, object],
    *,
    file: RecipeFile | None = None,
) -> None:
    """Raise SettingsError where runs of a recipe can't be compared by `metric`.

    Where that can't be known before a run on real rows, nothing is said.
    """
    logged = logged_metrics(spec, settings, file=file)
    if logged is None:
        return
    if not {*logged.row} - {"epoch"}:
        raise SettingsError(
            f"The recipe of {spec.name!r} logs no metric while it trains, so its runs "
            "can't be compared."
        )
    selection_metric(metric, logged.best, logged.row)


def logged_metrics(
    spec: ModelSpec,
    settings: Mapping[str, object],
    *,
    file: RecipeFile | None = None,
) -> LoggedMetrics | None:
    """Return what a recipe logs with `settings`, but those that keep it brief.

    None is returned where the recipe refuses these settings, or can't train on noise,
    which says nothing of it.
    """
    recipe, _ = choose_settings(spec, None, smoke=True, file=file)
    brief = {key: settings[key] for key in settings if key not in recipe.SMOKE_SETTINGS}
    try:
        _, chosen = choose_settings(spec, brief, smoke=True, file=file)
    except SettingsError:  # which the first run says
        return None
    with seeded(chosen.seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = _NoiseRun(
            spec,
            seed=chosen.seed,
            smoke=True,
            monitor=_FirstRow(),
            settings=chosen,
        )
        try:
            with suppress(_Logged):
                recipe.train(chosen, run)
        # A recipe may ask of its rows what noise does not keep, and fail in any way.
        except Exception:  # noqa: BLE001
            return None
    return LoggedMetrics(run.history[0] if run.history else {}, run.selection_metric)


class _Logged(Exception):
    """Ends a run whose first row is known."""


class _FirstRow:
    """A monitor that ends a run at its first row."""

    def training_started(self, epochs: int, done: int) -> None: ...

    def step_finished(self, done: int, total: int) -> None: ...

    def epoch_finished(self, row: Mapping[str, float]) -> None:
        raise _Logged


class _NoiseRun(Run):
    """A run that reads no data: its rows and texts are those of a machine without."""

    def _read(self, load: Any, name: str, split: str, options: dict[str, Any]) -> Any:
        del load, options
        made = self.spec.output.training_input(self.spec.input)
        return in_memory.synthetic_rows(
            made, self.spec.output, in_memory.SYNTHETIC_ROWS, f"{name}/{split}"
        )

    def load_texts(
        self,
        name: str,
        split: str = "train",
        *,
        target: bool = False,
        column: str = "text",
    ) -> list[str]:
        return texts.synthetic_texts()
