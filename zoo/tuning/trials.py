"""The trials of a sweep: a queue in a journal, and what is done with each of them.

The journal is a text file of JSON lines that several processes share. Every trial has a
position, from 0. Its settings depend on the seed and the position, and for "tpe" on
the trials that ended before it, so a sweep that was killed goes on as it would have.
"""

import math
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from zoo._utils.schema import Malformed, convert
from zoo.errors import MissingExtra, SettingsError, TrainingError, ZooError
from zoo.evaluation.metric_selection import selection_metric, signed_score
from zoo.training.run import Run
from zoo.training.settings import parse_setting
from zoo.tuning import objective
from zoo.tuning.objective import SweepPlan
from zoo.tuning.search_space import Choices, Range, Space

if TYPE_CHECKING:
    import optuna

__all__ = [
    "AGAIN",
    "JOURNAL",
    "Trial",
    "create_study",
    "finished_trials",
    "is_complete",
    "run_trials",
]

State = Literal["done", "pruned", "failed"]

DIGITS = 12  # of a number with a step: 0.1 + 2 * 0.1 is to be 0.3
JOURNAL, AGAIN = "journal.jsonl", "journal-again.jsonl"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One set of settings and what came of it; `why` is there where it failed."""

    position: int
    settings: dict[str, Any]
    state: State
    figure: str | None = None
    value: float | None = None
    epochs: int = 0
    seconds: float = 0.0
    why: str | None = None


def create_study(
    folder: Path, plan: SweepPlan, journal: str = JOURNAL
) -> "optuna.Study":
    """Open the journal of a sweep, or begin it."""
    library = _optuna()
    library.logging.set_verbosity(library.logging.ERROR)
    pruner = _pruner(plan) if plan.method == "hyperband" else None
    file = library.storages.journal.JournalFileBackend(str(folder / journal))
    with _whole(folder / journal):
        study: optuna.Study = library.create_study(
            storage=library.storages.JournalStorage(file),
            study_name=plan.name,  # hyperband deals its brackets out by this name
            direction="maximize",
            load_if_exists=True,
            sampler=library.samplers.RandomSampler(seed=plan.seed),
            pruner=pruner,
        )
        for trial in study.get_trials(deepcopy=False):
            if "position" in trial.user_attrs:
                convert(trial.user_attrs["position"], int)
            _ended(trial)
    return study


@contextmanager
def _whole(journal: Path) -> Iterator[None]:
    """Refuse a journal that no sweep wrote; the library raises whatever it meets."""
    try:
        yield
    except ZooError:
        raise
    except Exception as exc:
        raise SettingsError(
            f"{journal} is not as a sweep wrote it ({type(exc).__name__}: {exc}). "
            "Delete its folder and begin again, or choose another folder (--out)."
        ) from exc


def is_complete(folder: Path, plan: SweepPlan) -> "optuna.Study":
    """Return the study with every trial that has not ended in its queue, in order.

    The journal is written anew: what a killed process left half done would count when
    hyperband compares, and hyperband deals its brackets out by a trial's number, which
    must be its position as in a sweep that was left alone.
    """
    begun = create_study(folder, plan)
    with _whole(folder / JOURNAL):
        there = {
            row.position: trial
            for trial in begun.get_trials(deepcopy=False)
            if (row := _ended(trial)) is not None
        }
    points = plan.space().grid() if plan.method == "grid" else [{}] * plan.trials
    (folder / AGAIN).unlink(missing_ok=True)
    study = create_study(folder, plan, AGAIN)
    for position in sorted({*range(len(points)), *there}):
        if position in there:
            study.add_trial(there[position])
        else:
            study.enqueue_trial(points[position], user_attrs={"position": position})
    (folder / AGAIN).replace(folder / JOURNAL)
    return create_study(folder, plan)


def finished_trials(study: "optuna.Study") -> list[Trial]:
    """Return the trials that came to an end, by position."""
    rows = [
        row
        for trial in study.get_trials(deepcopy=False)
        if (row := _ended(trial)) is not None
    ]
    return sorted(rows, key=lambda row: row.position)


def _ended(trial: "optuna.trial.FrozenTrial") -> Trial | None:
    """Return what came of a trial that ended. Raises Malformed."""
    if not trial.state.is_finished() or "ended" not in trial.user_attrs:
        return None
    row = convert(trial.user_attrs["ended"], Trial)
    if row.position != trial.user_attrs.get("position"):
        raise Malformed(f"trial {row.position} has another position as well")
    return row


def run_trials(
    study: "optuna.Study",
    plan: SweepPlan,
    callback: Callable[[Trial], None] | None = None,
) -> None:
    """Try what is in the queue until nothing waits there."""
    states = _optuna().trial.TrialState
    ends = {"done": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}
    where = plan.space()
    while (trial := _next(study)) is not None:
        study.sampler = _sampler(plan, trial.user_attrs["position"])
        row = _attempt(trial, plan, where)
        trial.set_user_attr("ended", asdict(row))
        worth = None
        if row.state == "done" and row.figure is not None and row.value is not None:
            worth = signed_score(row.figure, row.value)
        study.tell(trial, worth, state=ends[row.state])
        if callback is not None:
            callback(row)


def _next(study: "optuna.Study") -> "optuna.Trial | None":
    states = _optuna().trial.TrialState
    while study.get_trials(deepcopy=False, states=(states.WAITING,)):
        trial = study.ask()
        if "position" in trial.user_attrs:
            return trial
        study.tell(trial, state=states.FAIL)  # another process took the last: made up
    return None


def _attempt(trial: "optuna.Trial", plan: SweepPlan, where: Space) -> Trial:
    """Run the recipe once, on settings drawn for this trial."""
    optuna = _optuna()
    drawn = {key: _drawn(trial, key, part) for key, part in where.searched.items()}
    looking = TrialMonitor(trial, plan)
    state: State = "done"
    why = None
    started = time.perf_counter()
    shown: dict[str, Any] = dict(drawn)
    try:
        chosen = _chosen(plan, where.fixed | drawn)
        shown = {key: _plain(getattr(chosen, key), drawn[key]) for key in drawn}
        if plan.data is None:
            objective.run_trial(plan, chosen, looking.begun, looking)
            looking.recipe_ended()
        else:
            splits = objective.trial_rows(plan, plan.chosen(where.fixed))
            looking.default = objective.objective_metric(plan)
            looking.end(objective.finetune_trial(plan, splits, chosen, looking))
        if looking.value is None:
            raise TrainingError(f"The recipe of {plan.name!r} measured no number.")
    except optuna.TrialPruned:
        state = "pruned"
    except (TrainingError, torch.cuda.OutOfMemoryError) as exc:
        state, why = "failed", str(exc)
    return Trial(
        position=trial.user_attrs["position"],
        settings=shown,
        state=state,
        figure=looking.figure,
        value=looking.value,
        epochs=looking.epochs,
        seconds=round(time.perf_counter() - started, 3),
        why=why,
    )


def _chosen(plan: SweepPlan, values: Mapping[str, object]) -> Any:
    """Return settings; what only together can't be is a trial's failure."""
    try:
        return plan.chosen(values)
    except SettingsError as exc:
        raise TrainingError(str(exc)) from exc


def _drawn(trial: "optuna.Trial", key: str, part: Range | Choices) -> Any:
    if isinstance(part, Choices):
        return trial.suggest_categorical(key, part.values)
    if part.whole:
        low, high, step = int(part.low), int(part.high), int(part.step or 1)
        return trial.suggest_int(key, low, high, step=step, log=part.log)
    number: Any = trial.suggest_float(
        key, part.low, part.high, step=part.step, log=part.log
    )
    # A grid's points are text.
    return round(number, DIGITS) if part.step and isinstance(number, float) else number


def _plain(value: object, word: Any) -> Any:
    """Return a setting as JSON holds it, or in words."""
    return value if isinstance(value, (int, float, str)) else str(word)


class TrialMonitor:
    """A monitor that follows the figure of the weights that a trial keeps.

    It ends a trial that falls behind.
    """

    def __init__(self, trial: "optuna.Trial", plan: SweepPlan) -> None:
        self._trial, self._plan = trial, plan
        self._run: Run | None = None
        self.epochs = self._planned = 0
        self.default: str | None = None
        self.figure: str | None = None
        self.value: float | None = None

    def begun(self, run: Run) -> None:
        self._run = run

    def training_started(self, epochs: int, done: int) -> None:
        self._planned = epochs

    def step_finished(self, done: int, total: int) -> None: ...

    def epoch_finished(self, row: Mapping[str, float]) -> None:
        self.epochs += 1
        if self._run is not None:
            self.default = self._run.selection_metric
            row = self._run.kept_row(ended=False)
        self._take(row)
        if self._plan.method != "hyperband":
            return
        if self.figure is not None and self.value is not None:
            worth = signed_score(self.figure, self.value)
            self._trial.report(worth, step=self.epochs)
            # After the last epoch there is nothing left to save.
            if self.epochs < self._planned and self._trial.should_prune():
                raise _optuna().TrialPruned

    def end(self, measured: Mapping[str, float]) -> None:
        """Take what the model that comes out has reached, whatever its epochs did."""
        self._take(measured)

    def recipe_ended(self) -> None:
        """Take what was measured with the weights that the recipe has returned."""
        if self._run is not None and self.epochs:
            self._take(self._run.kept_row(ended=True))

    def _take(self, row: Mapping[str, float]) -> None:
        self.figure = selection_metric(self._plan.metric, self.default, row)
        value = row[self.figure]
        self.value = value if math.isfinite(value) else None


def _sampler(plan: SweepPlan, position: int) -> "optuna.samplers.BaseSampler":
    samplers = _optuna().samplers
    kind = samplers.TPESampler if plan.method == "tpe" else samplers.RandomSampler
    made: optuna.samplers.BaseSampler = kind(
        seed=zlib.crc32(f"{plan.seed}/{position}".encode())
    )
    return made


def _pruner(plan: SweepPlan) -> "optuna.pruners.BasePruner":
    """Return hyperband over the epochs that a trial may take."""
    where = plan.space()
    chosen = plan.chosen(where.fixed)
    part = where.searched.get("epochs")
    most = getattr(chosen, "epochs", None)
    if isinstance(part, Range):
        most = int(part.high)
    elif isinstance(part, Choices):
        most = max(
            int(str(parse_setting(chosen, "epochs", word))) for word in part.values
        )
    made: optuna.pruners.BasePruner = _optuna().pruners.HyperbandPruner(
        max_resource=most or "auto"
    )
    return made


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as exc:
        raise MissingExtra("optuna", "A sweep", "tune") from exc
    return optuna
