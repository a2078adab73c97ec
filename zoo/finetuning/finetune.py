"""Fine-tune a trained model on a user's own data: `zoo.finetune`."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.datasets.custom.wanted import ReadOptions
from zoo.errors import (
    CheckpointError,
    DataError,
    DataWarning,
    InputError,
    TruncationWarning,
)
from zoo.evaluation.evaluate import compute_metrics, predict_examples
from zoo.finetuning import data as finetuning_data
from zoo.finetuning import linear_probe
from zoo.finetuning.inspection import summary
from zoo.finetuning.linear_probe import Probe
from zoo.finetuning.lora import linear_layers
from zoo.finetuning.pairs import in_pairs, rows_in_pairs
from zoo.finetuning.preconditions import check
from zoo.finetuning.strategies import Settings, default_settings, train_model
from zoo.inference import features as featuring
from zoo.models import loading
from zoo.models.devices import Device, device_of, on_device, resolve_device
from zoo.models.freeze import head_of, unfreeze
from zoo.models.metadata import (
    attach,
    model_metadata,
    unwrap_model,
    with_output_spec,
)
from zoo.models.precision import Autocast, Precision, resolve_precision
from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.user_warnings import warn_user
from zoo.tasks import task_of
from zoo.training.execution import ExecutionContext
from zoo.training.monitoring import DataMonitor, StageMonitor, TrainingMonitor
from zoo.training.run import Run
from zoo.training.settings import check_ranges, with_values
from zoo.training.train import seeded

__all__ = [
    "FinetuneResult",
    "finetune_by_name",
    "finetune_model",
    "is_solved_exactly",
    "metrics_before",
]

MAX_PICTURES = 64  # whose pixels a new head of every pixel starts from
SOME_ROWS = 32  # on which a model is looked at before it is fine-tuned

Rescue = Callable[[nn.Module], AbstractContextManager[None]]


@dataclass
class FinetuneResult:
    """A fine-tuned model, and everything that its receipt and card are made from."""

    model: nn.Module
    data: DatasetSplits
    settings: Settings
    run: Run
    probe: Probe | None
    rows: LabeledExamples  # those the figures are measured on
    part: str  # "test", or "validation" where there were no test rows
    output: Tensor  # the model's, of those rows
    metrics: dict[str, float]
    parent: str = ""  # the name or folder that was given
    target: str | None = None  # the column that was asked for
    skipped: tuple[str, ...] = field(default=())


def finetune_by_name(
    name: str | Path,
    data: Any,
    *,
    validation: Any = None,
    test: Any = None,
    labels: Sequence[str] | None = None,
    options: ReadOptions = finetuning_data.AS_IT_IS,
    skip_unreadable: bool = False,
    settings: Mapping[str, object] | None = None,
    device: Device = "cpu",
    monitor: TrainingMonitor | None = None,
    rescue: Rescue = lambda _: nullcontext(),
) -> FinetuneResult:
    """Return a model fine-tuned on `data`, measured on rows it has not seen.

    It computes on `device`, and is on the CPU again when it is returned.
    `rescue(model)` is the context in which the finished model is measured. Raises
    DataError, OptionError, SettingsError, DeviceError, Diverged, and what `zoo.load`
    raises.
    """
    spec, place = loading.find(name), resolve_device(device)
    defaults = default_settings(spec)
    chosen = with_values(defaults, {**(settings or {})})
    check_ranges(chosen)
    check(spec, chosen)
    splits = finetuning_data.read_splits(spec, data, validation, test, labels, options)
    if isinstance(monitor, DataMonitor) and monitor.shows_data:
        monitor.data_read(summary(spec, splits, balance=chosen.balance))
    with seeded(chosen.seed):
        model, old = _with_head(name, splits)
        if chosen.freeze == "lora":
            linear_layers(model)  # which there must be
        skipped: tuple[str, ...] = ()
        if skip_unreadable:
            splits, skipped = featuring.without_unreadable(model, splits)
        try:
            finetuning_data.choose_truncation_side(model, chosen.truncation_side)
            finetuning_data.learn_background(model, splits, invert=chosen.invert)
            finetuning_data.learn_ranges(model, splits)
            with on_device(model, place):
                result = finetune_model(
                    model, splits, chosen, old=old, monitor=monitor, rescue=rescue
                )
        except InputError as exc:
            listed = featuring.unreadable_message(model, splits)
            unnamed = DataError(f"{splits.source}: {exc.problem}")
            raise listed or unnamed from exc
    result.parent, result.target, result.skipped = str(name), options.target, skipped
    return result


def finetune_model(
    model: nn.Module,
    splits: DatasetSplits,
    chosen: Settings,
    *,
    old: nn.Module | None = None,
    monitor: TrainingMonitor | None = None,
    rescue: Rescue = lambda _: nullcontext(),
) -> FinetuneResult:
    """Fine-tune a model that has a head for these data, where it is; return the result.

    `old` is the head it had for other classes: what that knew is where it starts.
    """
    run = Run(
        model_metadata(model).spec,
        seed=chosen.seed,
        monitor=monitor,
        place=_context(chosen, device_of(model)),
    )
    some = splits.training.pick(range(min(2, len(splits.training))))
    spec, task = model_metadata(model).spec, task_of(model_metadata(model).spec)
    whole = task.learns_whole(spec)
    given = next(featuring.model_inputs(model, rows_in_pairs(spec, some)))
    ends = chosen.cache and not task.own_loss and not whole
    ends = ends and linear_probe.ends_in_head(model, given)
    ends = ends and not (task.dense and _heavy(model, given, splits, chosen))
    linear = ends and linear_probe.is_linear(model, given)
    task.check_targets(model, given, splits.targets())
    solved = is_solved_exactly(chosen) and linear
    if chosen.head_init == "random":
        _reset(model)
    splits = finetuning_data.split_rows(splits, chosen, spec, solved=solved)
    told = _with_remarks(model, splits)
    splits = in_pairs(spec, told)
    part = "test" if splits.test else "validation"
    say = monitor.stage_started if isinstance(monitor, StageMonitor) else _nothing
    features = _features(model, run, splits, chosen, measured=part, say=say)
    rows = splits.parts()[part]
    for name, figures in task.baselines(
        splits.training, rows, spec.input, spec.output
    ).items():
        run.log_baseline(name, **figures)
    run.log_summary(**task.of_real(splits.training, rows, spec))
    if whole:
        before = compute_metrics(model, predict_examples(model, rows), rows)
        run.log_baseline("before", **before)
    if not solved:
        copies = chosen.copies.count if _cached(chosen, ends) else 1
        chosen = chosen.for_rows(len(splits.training) * copies)
    if linear:
        features("training")  # which says so first
        say(f"choosing a head on {len(splits.training):,} training rows")
    probe = _probed(run, model, splits, chosen, features, part, old) if linear else None
    if ends and not linear and chosen.head_init == "probe":
        _start_on_pixels(model, splits, chosen)
    answers = _answers(model, splits, features if _cached(chosen, ends) else None)
    if not solved:
        _loop(model, run, splits, chosen, answers, features, _cached(chosen, ends))
    unfreeze(model).eval()
    with rescue(model):
        try:
            output = answers(part)
        except InputError as exc:
            listed = featuring.unreadable_message(model, splits)
            unnamed = DataError(f"{splits.source}: {exc.problem}")
            raise listed or unnamed from exc
        metrics = compute_metrics(model, output, rows)
    return FinetuneResult(model, told, chosen, run, probe, rows, part, output, metrics)


def metrics_before(name: str | Path, splits: DatasetSplits) -> dict[str, float]:
    """Return the metrics of the model that a fine-tuning starts from, on some
    validation rows: their names are those of the fine-tuned one."""
    rows = splits.parts()["validation"]
    some = rows.pick(range(min(SOME_ROWS, len(rows))))
    with seeded(0):
        model, _ = _with_head(name, splits)
    some = rows_in_pairs(model_metadata(model).spec, some)
    return compute_metrics(model, predict_examples(model, some), some)


def is_solved_exactly(chosen: Settings) -> bool:
    """Return whether a linear head is solved, which needs no validation rows."""
    still = chosen.freeze == "backbone" and chosen.cache
    return still and chosen.optimizer is None and chosen.head_init == "probe"


def _with_remarks(model: nn.Module, splits: DatasetSplits) -> DatasetSplits:
    """Warn of rows to measure on that are training rows too, or pictures nearly the
    same, of training rows with two labels, of what the task says of its inputs, and of
    texts that are longer than the model reads; note it all."""
    spec = model_metadata(model).spec
    task, parts = task_of(spec), splits.parts()
    seen = spec.output.training_input(spec.input)
    notes = finetuning_data.copy_notes(splits, seen)
    for part, rows in parts.items():
        notes += task.input_notes(rows, splits.source_of(part), part, spec)
    for note in notes:
        warn_user(note, DataWarning)
    for part, rows in parts.items():
        if task.learns_from_inputs(spec):
            break  # it reads a whole text, part by part
        if cut := featuring.count_truncated(model, rows):
            source = splits.source_of(part)
            note = featuring.truncation_note(model, cut, rows, source, part)
            warn_user(note, TruncationWarning)
            notes += (note,)
    return replace(splits, notes=splits.notes + notes) if notes else splits


def _heavy(
    model: nn.Module, given: Tensor, splits: DatasetSplits, chosen: Settings
) -> bool:
    """Return whether features of every pixel are too many to be kept, or change."""
    with eval_mode(model), torch.inference_mode():
        features, _ = featuring.before_head(model, given[:1])
    rows = sum(map(len, splits.parts().values()))
    return (
        chosen.augment != "none" or rows * features.nbytes > finetuning_data.MAX_BYTES
    )


def _with_head(
    name: str | Path, splits: DatasetSplits
) -> tuple[nn.Module, nn.Module | None]:
    """Load the model with a head for the data's classes, and the head it had, if it
    has one."""
    old = loading.load(name)
    model = old
    if splits.labels and splits.labels != model_metadata(old).labels:
        options = finetuning_data.fitted_options(old, splits)
        model = loading.load(name, labels=list(splits.labels), **options)
        fitted = splits.kind.fitted_output(
            splits.training.targets, model_metadata(model).spec.output
        )
        if fitted is not None:
            with_output_spec(model, fitted)
        task_of(model_metadata(model).spec).init_head_from(old, model)
    known = model_metadata(model)
    if known.report is None:
        raise CheckpointError(f"{name} was not loaded, so nothing can start from it.")
    parent = {"name": model_metadata(old).spec.name, "sha256": known.report.sha256}
    attach(model, replace(known, parent=parent))
    return model, None if known.spec.head is None else _head(old)


def _head(model: nn.Module) -> nn.Module:
    return unwrap_model(model).get_submodule(head_of(model))


def _reset(model: nn.Module) -> None:
    for module in _head(model).modules():
        if callable(reset := getattr(module, "reset_parameters", None)):
            reset()


def _context(chosen: Settings, device: torch.device) -> ExecutionContext:
    """Return where the model is trained, and in which precision."""
    resolved = resolve_precision(cast(Precision, chosen.precision), device)
    autocast = Autocast(resolved) if resolved != "no" else None
    return ExecutionContext(device, autocast=autocast)


def _features(
    model: nn.Module,
    run: Run,
    splits: DatasetSplits,
    chosen: Settings,
    *,
    measured: str,
    say: Callable[[str], None],
) -> Callable[[str], Tensor]:
    """Return what gives the features of a part, once; copies only of training rows.

    Those of the `measured` rows are in float32, as the model will be when it is used.
    """

    @cache
    def of(part: str) -> Tensor:
        copies = chosen.copies if part == "training" else featuring.NO_COPIES
        autocast = None if part == measured else run.context.autocast
        if autocast is not None:
            autocast.used = True
        rows = len(splits.parts()[part]) * copies.count
        say(f"computing the features of {rows:,} {part} row{'' if rows == 1 else 's'}")
        return featuring.example_features(
            model,
            splits.parts()[part],
            copies,
            precision=autocast.precision if autocast else "no",
        )

    return of


def _nothing(what: str) -> None:
    """Say nothing."""


def _cached(chosen: Settings, ends: bool) -> bool:
    return ends and chosen.freeze == "backbone"


def _answers(
    model: nn.Module, splits: DatasetSplits, features: Callable[[str], Tensor] | None
) -> Callable[[str], Tensor]:
    """Return what gives the model's output for a part: from features, where it can."""

    def of(part: str) -> Tensor:
        if features is None:
            return predict_examples(model, splits.parts()[part])
        with eval_mode(model), torch.inference_mode():
            return forward_on_device(_head(model), features(part))

    return of


def _probed(
    run: Run,
    model: nn.Module,
    splits: DatasetSplits,
    chosen: Settings,
    features: Callable[[str], Tensor],
    part: str,
    old: nn.Module | None,
) -> Probe:
    """Start the head as the best linear one, and note what a plain one reaches.

    Any other strategy starts from there too: a random head would first spoil what lies
    before it (Kumar et al., "Fine-tuning can distort pretrained features", 2022).
    """
    probe = linear_probe.probe(
        model,
        old or nn.Identity(),
        features("training"),
        finetuning_data.tensors(model, splits, features("training")).target,
        figure=task_of(model_metadata(model).spec).selection_metric(
            balance=chosen.balance, output_spec=model_metadata(model).spec.output
        ),
        l2=chosen.l2_sp,
        weight=finetuning_data.class_weights(splits) if chosen.balance else None,
        seed=chosen.seed,
        copies=chosen.copies.count,
    )
    weight, bias = probe.plain
    plain = compute_metrics(
        model, features(part) @ weight.T + bias, splits.parts()[part]
    )
    run.log_baseline("a linear probe from zeros", **plain)
    run.log_summary(l2_sp=probe.chosen.l2, cross_validated=probe.chosen.score)
    if chosen.head_init == "probe":
        linear_probe.set_head(model, probe.head)
    return probe


def _start_on_pixels(model: nn.Module, splits: DatasetSplits, chosen: Settings) -> None:
    """Start a new head that labels pixels as the best one on some of them.

    Few rows make few steps: from a random head these would not reach it.
    """
    report = model_metadata(model).report
    fresh = report is not None and bool(report.fresh)
    if not fresh or not linear_probe.is_pixelwise(model):
        return
    rows = splits.training.pick(range(min(MAX_PICTURES, len(splits.training))))
    targets, inputs = (
        featuring.targets(model, rows),
        featuring.model_inputs(model, rows),
    )
    starts = itertools.count(0, featuring.BATCH_SIZE)
    linear_probe.solve_on_pixels(
        model,
        (
            (given, targets[at : at + len(given)])
            for at, given in zip(starts, inputs, strict=False)
        ),
        rows=len(rows),
        weight=finetuning_data.class_weights(splits) if chosen.balance else None,
        seed=chosen.seed,
    )


def _loop(
    model: nn.Module,
    run: Run,
    splits: DatasetSplits,
    chosen: Settings,
    answers: Callable[[str], Tensor],
    features: Callable[[str], Tensor],
    cached: bool,
) -> None:
    """Train by small steps: the head on features, or more on the inputs themselves."""
    rows, spec = splits.validation, model_metadata(model).spec
    assert rows is not None, "validation rows were held back"
    task, target = task_of(spec), featuring.targets(model, rows)

    def validate(kept: nn.Module) -> dict[str, float]:
        own = kept is model
        output = answers("validation") if own else predict_examples(kept, rows)
        measured = compute_metrics(kept, output, rows)
        if not task.own_loss:
            loss = task.loss(output, target, spec.output).item()
            measured.pop("loss", None)  # the name of that of the training rows
            measured["validation_loss"] = loss
        return measured

    numbers = torch.arange(len(splits.training))[:, None]
    train_model(
        model,
        run,
        chosen,
        finetuning_data.tensors(
            model, splits, features("training") if cached else numbers
        ),
        validate,
        best=(
            task.selection_metric(balance=chosen.balance, output_spec=spec.output),
            *task.tie_breakers,
        ),
        given=None if cached else finetuning_data.cached_inputs(model, splits.training),
        weight=finetuning_data.class_weights(splits) if chosen.balance else None,
    )
