"""From a recipe to a checkpoint folder with a receipt and a card: `zoo.train`."""

import itertools
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from zoo._utils.import_string import load_module
from zoo.artifacts import checkpoint_folder
from zoo.cards import render
from zoo.datasets import in_memory
from zoo.datasets.streaming import StreamedRows
from zoo.errors import Collapsed, Diverged, SettingsError, TrainingError
from zoo.evaluation import plots
from zoo.models import saving
from zoo.models.devices import resolve_device
from zoo.models.metadata import attach, model_metadata, unwrap_model
from zoo.models.precision import (
    Precision,
    Resolved,
    without_autocast,
)
from zoo.plugins import discovery
from zoo.specs import ModelSpec
from zoo.training import execution, recipe_file, sweep_settings
from zoo.training import receipt as receipts
from zoo.training.monitoring import TrainingMonitor
from zoo.training.progress import print_comparison, show_progress, watched
from zoo.training.recipe_file import RecipeFile
from zoo.training.rescue import weights_kept
from zoo.training.resume import ResumeCheckpoint
from zoo.training.row_copies import copy_notes
from zoo.training.run import Run, one_row_explained
from zoo.training.settings import check_ranges, with_values
from zoo.training.sweep_settings import NO_SWEEP, SweepSettings
from zoo.training.trackers import Tracker, tracker

__all__ = [
    "EVALUATION_NAMES",
    "choose_settings",
    "comparison_of",
    "golden_input",
    "is_trainable",
    "measured_by",
    "recipe_of",
    "seeded",
    "train",
]

EVALUATION_NAMES, TRAINING_NAMES = (
    ("data", "evaluate"),
    ("Settings", "SMOKE_SETTINGS", "train"),
)
RECIPE = TRAINING_NAMES + EVALUATION_NAMES
MEASURED = ("evaluate", "report", "compare")  # may be beside the recipe
FLOAT32_ONLY = (
    "The recipe of {name!r} calls no prepared model while it trains, so "
    "precision='bf16' changed nothing: it has computed in float32."
)
LEFT_OUT = "left out"
TOO_LARGE = (
    "The model is stored in it, by stored= of its spec: train with weight decay or a "
    "lower learning rate, or store it in float32. The test rows were not read."
)
CURVES = "The course of training: the loss on training rows, the rest as validated."


def train(
    name: str | Path,
    folder: str | Path | None = None,
    *,
    model: str | Path | None = None,
    settings: Mapping[str, object] | None = None,
    sweep: str | Path | None = None,
    smoke: bool = False,
    resume: bool = False,
    force: bool = False,
    device: str | torch.device = "cpu",
    precision: Precision = "auto",
    processes: int | None = None,
    track: Sequence[str] = (),
    keep_every: float = 10.0,
    comparison: bool = True,
    progress: bool | None = None,
    monitor: TrainingMonitor | None = None,
) -> Path:
    """Train the model `name` with its recipe; return the checkpoint folder.

    The folder is runs/NAME, or runs/NAME-2 and so on where that is taken; one that is
    given must not hold a trained model, unless with `force`, which replaces it. If
    measuring or writing fails at the end, the weights are kept, and the error says
    where.

    `name` may also be the path of a recipe file, such as "./my_recipe.py", which is
    executed: a changed copy of a recipe. It trains `model`, or what it defines as
    `MODEL`. The settings of the model's spec hold for it as well, but for the defaults
    that the file changes.

    `settings` override the defaults of the recipe, and the best settings of the folder
    `sweep`; text is converted to the type of the field. The same seed gives the same
    bytes on the same machine, also where `resume` continues an interrupted run, whose
    state is saved every `keep_every` seconds. `smoke` trains briefly to test the
    recipe, on random data where the dataset is missing. Under torchrun or `accelerate
    launch` the processes share each batch. With `precision` "auto", recipes with
    the setting `amp` train in bfloat16 where the hardware computes in it.

    Some reports train other models beside this one, to compare them, which may take
    far longer than the training: `comparison=False` leaves that out, and the receipt
    and the card say so. A progress bar and the comparison with the baselines are shown
    in a terminal and in a notebook; `progress` says otherwise.
    Raises SettingsError, DataError, DeviceError, CheckpointError, TrainingError,
    Diverged, Collapsed.

    >>> folder = zoo.train("xor-mlp", "mine", smoke=True)
    >>> zoo.load(folder).zoo.spec.name
    'xor-mlp'
    """
    spec, file = recipe_file.find(name, model, (*TRAINING_NAMES, "data"))
    if file and sweep:
        raise SettingsError(
            f"The sweep in {sweep} is of the installed recipe of {spec.name!r}, not of "
            f"{file.path}. Give the settings with --set (settings=)."
        )
    swept = sweep_settings.read(sweep, spec.name, smoke=smoke) if sweep else NO_SWEEP
    changes = {**swept.settings, **(settings or {})}
    recipe, chosen = choose_settings(spec, changes, smoke=smoke, file=file)
    default = Path("runs") / (file.path.stem if file else spec.name)
    target = Path(folder) if folder else _default_folder(default, resume)
    device = resolve_device(device)
    resolved = execution.recipe_precision(precision, device, chosen)
    keeper = _prepared(spec, file, target, chosen, smoke, keep_every, resolved)
    interrupted = resume and keeper.path is not None and keeper.path.is_file()
    checkpoint_folder.check_free(target, force=force or interrupted)
    if not resume:
        keeper.delete()
    shown = show_progress(progress, monitor)
    with (
        _without_empty(target),
        _tracking(track, target, spec, chosen) as trackers,
        seeded(chosen.seed),
        watched(shown, monitor) as looking,
    ):
        run = Run(
            spec,
            seed=chosen.seed,
            smoke=smoke,
            place=execution.execution_context(device, resolved, processes=processes),
            monitor=looking,
            trackers=trackers,
            keeper=keeper,
            settings=chosen,
        )
        try:
            with one_row_explained():
                trained = unwrap_model(recipe.train(chosen, run))
            trained = without_autocast(trained).eval().cpu()
            if precision == "bf16" and run.context.precision == "no":
                warnings.warn(FLOAT32_ONLY.format(name=spec.name), stacklevel=2)
        except (Collapsed, Diverged) as exc:
            raise _save_last_good(exc, run, target) from exc
        if run.context.rank == 0:
            with weights_kept(trained, target):
                _save_result(
                    run, recipe, file, chosen, trained, target, swept, comparison
                )
            keeper.delete()
        run.context.wait()
    if shown and run.context.rank == 0:
        print_comparison(checkpoint_folder.read_receipt(target))
    return target


def _prepared(
    spec: ModelSpec,
    file: RecipeFile | None,
    target: Path,
    chosen: Any,
    smoke: bool,
    seconds: float,
    precision: Resolved,
) -> ResumeCheckpoint:
    """Find what would go wrong after hours of training before they begin."""
    if not file:
        render.check_prose(spec)
    identity = {"name": spec.name, "smoke": smoke, "settings": str(chosen)}
    if precision != "no":
        identity["precision"] = precision
    if file:
        identity["recipe_sha256"] = file.sha256
    return ResumeCheckpoint(_state_path(target), identity, seconds=seconds)


def _state_path(target: Path) -> Path:
    """Return where the state of an interrupted run is kept: beside its folder, or in it
    where nothing can be written beside it."""
    real = Path(os.path.realpath(target))
    place = real.parent
    if real.is_dir() and not os.access(place, os.W_OK):
        place = real
    return place / f".{real.name}{checkpoint_folder.STATE_SUFFIX}"


def _default_folder(folder: Path, resume: bool) -> Path:
    """Return the first of NAME, NAME-2, ... that is free, or that was interrupted."""
    for number in itertools.count(1):
        one = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        if resume and _state_path(one).is_file():
            return one
        if os.path.lexists(one):
            continue
        if execution.started_processes() > 1:
            return one  # all of them have to find the same
        with suppress(FileExistsError):  # another run has just begun there
            one.mkdir(parents=True)
            return one
    raise AssertionError("there is no end of numbers")


def choose_settings(
    spec: ModelSpec,
    settings: Mapping[str, object] | None,
    *,
    smoke: bool = False,
    file: RecipeFile | None = None,
) -> tuple[ModuleType, Any]:
    """Return the recipe of a model, or of a file, and its settings with changes."""
    if file is None and not is_trainable(spec):
        raise TrainingError(_untrainable(spec))
    recipe = file.module if file else recipe_of(spec)
    defaults = recipe.Settings()
    own = _settings_for_file(spec, defaults) if file else spec.settings
    given = {
        **own,
        **(recipe.SMOKE_SETTINGS if smoke else {}),
        **(settings or {}),
    }
    chosen = with_values(defaults, given)
    check_ranges(chosen)
    return recipe, chosen


def _settings_for_file(spec: ModelSpec, defaults: Any) -> dict[str, Any]:
    """Return those of the spec's settings that hold for a recipe file too.

    The file may have dropped a setting of the recipe that it was copied from, or have
    another default, which is the user's choice.
    """
    original = recipe_of(spec).Settings() if is_trainable(spec) else defaults
    return {
        name: value
        for name, value in spec.settings.items()
        if hasattr(defaults, name)
        and getattr(defaults, name) == getattr(original, name, None)
    }


def is_trainable(spec: ModelSpec) -> bool:
    """Return whether a model has a recipe that trains it.

    A third party's has none at all, or one that only measures.
    """
    return spec.recipe is not None and any(
        hasattr(_module(spec, spec.recipe), name) for name in TRAINING_NAMES
    )


def recipe_of(spec: ModelSpec, needed: Sequence[str] = RECIPE) -> ModuleType:
    """Return the module of a model's recipe, with everything that is needed of it."""
    if spec.recipe is None:
        raise TrainingError(f"{spec.name!r} has no recipe, so nothing measures it.")
    recipe = _module(spec, spec.recipe)
    for name in needed:
        if not hasattr(recipe, name) and not (
            name in MEASURED and measured_by(spec, recipe, name)
        ):
            raise TrainingError(
                f"The recipe {spec.recipe!r} of {spec.name!r} has no {name!r}."
            )
    return recipe


def measured_by(
    spec: ModelSpec, recipe: ModuleType, name: str
) -> Callable[..., Any] | None:
    """Return what measures a trained model, if there is such a function.

    `evaluate(model, rows)` returns the metrics. `report(model, run)` adds what the card
    shows, and `compare(model, run)` what other models that it trains reach: those that
    `COMPARISON` names. `example(run)` returns the golden's input. The recipe defines
    them, or a module beside it that has "report" in its name instead of "recipe": `zoo
    eject` copies the recipe without that module.
    """
    if spec.recipe is None:
        return getattr(recipe, name, None)
    home, _, own = spec.recipe.rpartition(".")
    beside = f"{home}.{own.replace('recipe', 'report')}".lstrip(".")
    if not hasattr(recipe, name) and beside != spec.recipe and find_spec(beside):
        recipe = _module(spec, beside)
    function: Callable[..., Any] | None = getattr(recipe, name, None)
    return function


def _module(spec: ModelSpec, recipe: str) -> ModuleType:
    return load_module(
        recipe, plugin=discovery.installed().packages()[spec.package].name
    )


def _untrainable(spec: ModelSpec) -> str:
    message = f"{spec.name!r} has no recipe that trains it"
    if spec.weights:
        repo = spec.weights.repo
        message += ": its weights are a third party's" + (f" ({repo})" if repo else "")
    if spec.head:
        message += (
            f". zoo.load({spec.name!r}, labels=[...]) gives it a new head to train"
        )
    return f"{message}."


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let torch draw from `seed`, and from where it was afterwards."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def _save_result(
    run: Run,
    recipe: ModuleType,
    file: RecipeFile | None,
    chosen: Any,
    model: nn.Module,
    target: Path,
    swept: SweepSettings,
    comparison: bool,
) -> None:
    """Measure a trained model, draw it, and write everything down."""
    spec = run.spec
    if spec.stored == "float16":  # measure what is stored, not what was trained
        model.load_state_dict(
            saving.cast_finite(model.state_dict(), torch.float16, TOO_LARGE)
        )
    held_out = recipe.data(run, "test")
    evaluate = measured_by(spec, recipe, "evaluate")
    if evaluate is None:
        raise TrainingError(f"The recipe of {spec.name!r} has no 'evaluate'.")
    metrics = evaluate(model, held_out)
    report, compare = _reports(spec, recipe, file)
    if report is not None:
        report(model, run)
    if compare is not None and comparison:
        compare(model, run)
    if len(run.history) > 1:
        run.log_figure("curves", plots.learning_curves(run.history), CURVES)
    if swept.receipt:
        run.log_figure("sweep", swept.picture, sweep_settings.CAPTION)
    receipt = receipts.receipt(run, asdict(chosen), metrics, held_out)
    if compare is not None and not comparison:
        receipt["comparison"] = LEFT_OUT
    others = {"validation": run.held_out, "test": held_out}
    if notes := copy_notes(spec.input, run.learned, others):
        receipt["notes"] = notes
    if file:
        receipt |= file.receipt
        _without_recipe(model)
    if swept.receipt:
        receipt["sweep"] = swept.receipt | {"best_epoch": run.returned_best}
    if changed := _changed(spec, chosen, file):
        receipt["changed"] = changed
    files = {name: content for name, (content, _) in run.figures.items()}
    card = render.text(spec, receipt)
    saving.save(
        model,
        target,
        example=golden_input(run, recipe, held_out),
        receipt=receipt,
        files=files | {checkpoint_folder.CARD: card.encode()},
        dtype=getattr(torch, spec.stored),
    )


def _changed(spec: ModelSpec, chosen: Any, file: RecipeFile | None) -> dict[str, Any]:
    """Return the defaults of the settings that a run changed."""
    _, defaults = choose_settings(spec, None, file=file)
    usual, used = asdict(defaults), asdict(chosen)
    return {name: usual[name] for name in used if used[name] != usual[name]}


def comparison_of(name: str | Path, model: str | Path | None = None) -> str | None:
    """Return what the report of a recipe trains beside the model, to compare them.

    None is returned where it trains nothing else.
    """
    spec, file = recipe_file.find(name, model, TRAINING_NAMES)
    if file is None and not is_trainable(spec):
        return None
    recipe = file.module if file else recipe_of(spec, ())
    if _reports(spec, recipe, file)[1] is None:
        return None
    if file:
        return str(getattr(recipe, "COMPARISON", "other models"))
    return str(measured_by(spec, recipe, "COMPARISON") or "other models")


def _reports(
    spec: ModelSpec, recipe: ModuleType, file: RecipeFile | None
) -> list[Callable[..., Any] | None]:
    """Return what adds to the card, and what trains other models for it."""
    names = ("report", "compare")
    if file:  # the report of the model's own recipe is not true of another
        return [getattr(recipe, name, None) for name in names]
    return [measured_by(spec, recipe, name) for name in names]


def _without_recipe(model: nn.Module) -> None:
    """Take the recipe and the metrics of the installed model out of the metadata."""
    known = model_metadata(model)
    spec = replace(known.spec, recipe=None, metrics=(), behind_baseline="")
    attach(model, replace(known, spec=spec))


def golden_input(
    run: Run, recipe: ModuleType, held_out: in_memory.TensorRows | StreamedRows
) -> torch.Tensor:
    """Return the input of the golden, which is passed on with the weights.

    A function `example` of the recipe or its report chooses it. No row of a dataset
    without a licence may be it: noise over its range stands for it. Of a model that
    takes noise, it is noise.
    """
    example = measured_by(run.spec, recipe, "example")
    if example is not None:
        chosen: torch.Tensor = example(run)
        return chosen
    rows, spec = held_out, run.spec
    if spec.license.data == "unknown" or not spec.input.from_data:
        rows = in_memory.synthetic_rows(spec.input, spec.output, 2, held_out.source)
    return in_memory.to_model_input(next(rows.in_order())[:2], spec.input)


@contextmanager
def _without_empty(target: Path) -> Iterator[None]:
    """Remove the folder of a run that wrote nothing into it."""
    try:
        yield
    finally:
        with suppress(OSError):  # it is not empty
            target.rmdir()


@contextmanager
def _tracking(
    kinds: Sequence[str], target: Path, spec: ModelSpec, chosen: Any
) -> Iterator[list[Tracker]]:
    folder = checkpoint_folder.beside(target, "-tracking")
    trackers = [
        tracker(kind, folder, name=spec.name, settings=asdict(chosen)) for kind in kinds
    ]
    try:
        yield trackers
    finally:
        for one in trackers:
            one.close()


def _save_last_good(
    exc: Collapsed | Diverged, run: Run, target: Path
) -> Collapsed | Diverged:
    """Write the last good weights beside the target; return an error with the path."""
    model = run.last_good()
    if model is None or run.context.rank != 0:
        return exc
    folder = checkpoint_folder.beside(target, "-last-good")
    saving.save(model.cpu(), folder)
    if isinstance(exc, Collapsed):
        return Collapsed(exc.variety, exc.epoch, str(folder))
    return Diverged(exc.loss, exc.epoch, str(folder))
