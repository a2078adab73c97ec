"""The plan of a sweep, and its objective: run a recipe, or fine-tune on user data."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Literal, get_args

from zoo.datasets.custom import examples
from zoo.datasets.custom.examples import DatasetSplits
from zoo.datasets.custom.wanted import ReadOptions
from zoo.errors import SettingsError
from zoo.evaluation.metric_selection import selection_metric
from zoo.finetuning import data as finetuning_data
from zoo.finetuning import strategies
from zoo.finetuning.finetune import finetune_by_name, metrics_before
from zoo.models import loading
from zoo.tasks import finetuned_task_of
from zoo.training import execution
from zoo.training.logged_metrics import check_metric
from zoo.training.monitoring import TrainingMonitor
from zoo.training.run import Run, one_row_explained
from zoo.training.settings import check_ranges, with_values
from zoo.training.train import choose_settings, seeded
from zoo.tuning.search_space import Space, space

__all__ = [
    "METHODS",
    "Method",
    "SweepPlan",
    "check_comparable",
    "finetune_trial",
    "objective_metric",
    "run_trial",
    "trial_rows",
]

Method = Literal["grid", "random", "tpe", "hyperband"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """What a sweep was asked to do; `settings` are the words of a search space.

    With `data`, a user's own, the settings are those of fine-tuning on it.
    """

    name: str
    settings: dict[str, str]
    method: Method
    trials: int
    seed: int = 0
    metric: str | None = None
    smoke: bool = False
    device: str = "cpu"
    data: str | None = None
    target: str | None = None
    column: str | None = None
    encoding: str | None = None
    allow_outside: bool = False
    validation: str | None = None

    def __post_init__(self) -> None:
        if self.data is not None and self.smoke:
            raise SettingsError(
                "A sweep on data of one's own takes no --smoke. Give few epochs, as in "
                "--set epochs=1, to see it run."
            )

    def space(self) -> Space:
        """Return the search space; raises SettingsError."""
        search_space = space(self.settings, self.chosen({}))
        if self.data is not None and "val_fraction" in search_space.searched:
            raise SettingsError(
                "Setting 'val_fraction' can't be searched: every trial is judged on "
                "the "
                "same validation rows. Give it one value."
            )
        return search_space

    def chosen(self, values: Mapping[str, object]) -> Any:
        """Return settings with `values`; raises SettingsError."""
        if self.data is None:
            return choose_settings(loading.find(self.name), values, smoke=self.smoke)[1]
        defaults = strategies.default_settings(loading.find(self.name))
        settings = with_values(defaults, values)
        check_ranges(settings)
        return settings


def check_comparable(plan: SweepPlan, where: Space) -> None:
    """Raise SettingsError where the trials of a plan can't be compared."""
    if plan.data is None:
        check_metric(plan.metric, loading.find(plan.name), where.fixed)
        return
    if "seed" in where.searched and _read(plan).validation is None:
        raise SettingsError(
            "Setting 'seed' can't be searched: it decides which rows are held back, "
            "and every trial is judged on the same validation rows. Give it one value, "
            "or validation rows."
        )
    rows = trial_rows(plan, plan.chosen(where.fixed))
    if plan.metric is not None:
        selection_metric(plan.metric, None, metrics_before(plan.name, rows))


def run_trial(
    plan: SweepPlan,
    settings: Any,
    begun: Callable[[Run], None],
    monitor: TrainingMonitor,
) -> None:
    """Run the recipe once; `begun` is given its frame before it begins."""
    spec = loading.find(plan.name)
    recipe, _ = choose_settings(spec, None, smoke=plan.smoke)
    with seeded(settings.seed):
        run = Run(
            spec,
            seed=settings.seed,
            smoke=plan.smoke,
            place=execution.execution_context(
                plan.device, execution.recipe_precision("auto", plan.device, settings)
            ),
            monitor=monitor,
            settings=settings,
        )
        begun(run)
        with one_row_explained():
            recipe.train(settings, run)


def finetune_trial(
    plan: SweepPlan, splits: DatasetSplits, settings: Any, monitor: TrainingMonitor
) -> dict[str, float]:
    """Return the value on the validation rows after fine-tuning."""
    return finetune_by_name(
        plan.name,
        splits,
        settings=asdict(settings),
        device=plan.device,
        monitor=monitor,
    ).metrics


def objective_metric(plan: SweepPlan) -> str:
    """Return the metric by which trials of fine-tuning are compared by default."""
    spec = loading.find(plan.name)
    task = finetuned_task_of(spec)
    return task.selection_metric(balance=False, output_spec=spec.output)


def trial_rows(plan: SweepPlan, settings: Any) -> DatasetSplits:
    """Return the rows that every trial fits, and those that judge each of them.

    Where no validation rows are given, a part is held back, as `zoo.finetune` does it
    with these settings, the same for all trials. Test rows are left out, so that no
    trial can read them.
    """
    read = _read(plan)
    if read.validation is not None:
        return read
    return examples.with_validation_split(
        read, settings.val_fraction, seed=settings.seed
    )


def _read(plan: SweepPlan) -> DatasetSplits:
    options = ReadOptions(
        target=plan.target,
        column=plan.column,
        encoding=plan.encoding,
        allow_outside=plan.allow_outside,
    )
    return _read_once(plan.name, str(plan.data), options, plan.validation)


@lru_cache(maxsize=1)
def _read_once(
    name: str, data: str, options: ReadOptions, validation: str | None
) -> DatasetSplits:
    spec = loading.find(name)
    read = finetuning_data.read_splits(spec, data, validation, options=options)
    return replace(read, test=None)
