"""A trained model taught new classes with a user's own data: `zoo.finetune`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets.custom.examples import Examples, Gathered
from zoo.errors import InputError
from zoo.evaluation.evaluate import measured, outputs
from zoo.finetuning import baselines as blind
from zoo.finetuning import data as lesson_data
from zoo.finetuning import linear_probe as probing
from zoo.finetuning.linear_probe import Probe
from zoo.finetuning.preconditions import check, keep_known, refuse_long
from zoo.finetuning.strategies import Settings, learn
from zoo.inference import features as featuring
from zoo.models import loading as models
from zoo.models.eval_mode import evaluating
from zoo.models.freeze import head_of, unfreeze
from zoo.models.fuse_batchnorm import keep_memory
from zoo.models.metadata import about, attach, unwrapped
from zoo.tasks import task
from zoo.training.monitoring import Watcher
from zoo.training.run import Run
from zoo.training.settings import change, check_ranges
from zoo.training.train import seeded

__all__ = ["Lesson", "exact", "taught", "teach"]


@dataclass
class Lesson:
    """A fine-tuned model, and everything a card can say of how it came to be."""

    model: nn.Module
    data: Gathered
    settings: Settings
    run: Run
    probe: Probe | None
    rows: Examples  # those the figures are measured on
    part: str  # "test", or "validation" where there were no test rows
    output: Tensor  # the model's, of those rows
    metrics: dict[str, float]
    parent: str = ""  # the name or folder that was given
    target: str | None = None  # the column that was asked for
    skipped: tuple[str, ...] = field(default=())


def teach(
    name: str | Path,
    data: Any,
    *,
    validation: Any = None,
    test: Any = None,
    target: str | None = None,
    labels: Sequence[str] | None = None,
    skip_unreadable: bool = False,
    settings: Mapping[str, object] | None = None,
    watcher: Watcher | None = None,
) -> Lesson:
    """Return a model fine-tuned on `data`, measured on rows it has not seen.

    Raises what `zoo.load` and `gathering.gather` raise, SettingsError, Diverged.
    """
    chosen = change(Settings(), {**(settings or {})})
    check_ranges(chosen)
    spec = models.find(name)
    check(spec, chosen)
    keep_memory()
    found = lesson_data.gathered(spec, data, validation, test, target, labels)
    with seeded(chosen.seed):
        model, old = _with_head(name, found)
        skipped: tuple[str, ...] = ()
        if skip_unreadable:
            found, skipped = featuring.readable(model, found)
        try:
            lesson = taught(model, found, chosen, old=old, watcher=watcher)
        except InputError as exc:
            raise featuring.complaint(model, found) or exc from exc
    lesson.parent, lesson.target, lesson.skipped = str(name), target, skipped
    return lesson


def taught(
    model: nn.Module,
    found: Gathered,
    chosen: Settings,
    *,
    old: nn.Module | None = None,
    watcher: Watcher | None = None,
) -> Lesson:
    """Return the lesson of a model that has its head for the data that was found.

    `old` is the head it had for other classes: what that knew is where it starts.
    """
    run = Run(about(model).spec, seed=chosen.seed, watcher=watcher)
    some = found.training.pick(range(min(2, len(found.training))))
    given = next(featuring.prepared(model, some))
    ends = chosen.cache and probing.ends_in_head(model, given)
    spread = found.masks or found.texts  # a row has features in many places
    ends = ends and not (spread and _heavy(model, given, found, chosen))
    linear = ends and probing.is_linear(model, given)
    if found.texts:
        refuse_long(model, given, found)
    solved = exact(chosen) and linear
    if chosen.start == "random":
        _reset(model)
    found = lesson_data.parted(found, chosen, solved=solved)
    features = _features(model, found, chosen)
    part = "test" if found.test else "validation"
    rows = found.parts()[part]
    blind.compare(run, model, found, rows)
    probe = _probed(run, model, found, chosen, features, part, old) if linear else None
    answers = _answers(model, found, features if _cached(chosen, ends) else None)
    if not solved:
        _loop(model, run, found, chosen, answers, features, _cached(chosen, ends))
    unfreeze(model).eval()
    output = answers(part)
    metrics = measured(model, output, rows)
    return Lesson(model, found, chosen, run, probe, rows, part, output, metrics)


def exact(chosen: Settings) -> bool:
    """Return whether a linear head is solved, which needs no validation rows."""
    still = chosen.freeze == "backbone" and chosen.cache
    return still and chosen.optimizer is None and chosen.start == "probe"


def _heavy(model: nn.Module, given: Tensor, found: Gathered, chosen: Settings) -> bool:
    """Return whether features of every pixel are too many to be kept, or change."""
    with evaluating(model), torch.inference_mode():
        features, _ = featuring.before_head(model, given[:1])
    rows = sum(map(len, found.parts().values()))
    return chosen.augment != "none" or rows * features.nbytes > lesson_data.MOST_BYTES


def _with_head(name: str | Path, found: Gathered) -> tuple[nn.Module, nn.Module]:
    """Load the model with a head for the data's classes, and the head it had."""
    old = models.load(name)
    model = old
    if found.labels and found.labels != about(old).labels:
        model = models.load(name, labels=list(found.labels))
        if found.texts:
            keep_known(old, model)
    known = about(model)
    assert known.report is not None, "a loaded model has a report"
    parent = {"name": about(old).spec.name, "sha256": known.report.sha256}
    attach(model, replace(known, parent=parent))
    return model, _head(old)


def _head(model: nn.Module) -> nn.Module:
    return unwrapped(model).get_submodule(head_of(model))


def _reset(model: nn.Module) -> None:
    for module in _head(model).modules():
        if callable(reset := getattr(module, "reset_parameters", None)):
            reset()


def _features(
    model: nn.Module, found: Gathered, chosen: Settings
) -> Callable[[str], Tensor]:
    """Return what gives the features of a part, once; copies only of training rows."""

    @cache
    def of(part: str) -> Tensor:
        copies = chosen.copies if part == "training" else featuring.COPIES
        return featuring.of_examples(model, found.parts()[part], copies)

    return of


def _cached(chosen: Settings, ends: bool) -> bool:
    return ends and chosen.freeze == "backbone"


def _answers(
    model: nn.Module, found: Gathered, features: Callable[[str], Tensor] | None
) -> Callable[[str], Tensor]:
    """Return what gives the model's output for a part: from features, where it can."""
    head = _head(model)

    def of(part: str) -> Tensor:
        if features is None:
            return outputs(model, found.parts()[part])
        with evaluating(model), torch.inference_mode():
            return torch.as_tensor(head(features(part)))

    return of


def _probed(
    run: Run,
    model: nn.Module,
    found: Gathered,
    chosen: Settings,
    features: Callable[[str], Tensor],
    part: str,
    old: nn.Module | None,
) -> Probe:
    """Start the head as the best linear one, and note what a plain one reaches.

    Any other strategy starts from there too: a random head would first spoil what lies
    before it (Kumar et al., "Fine-tuning can distort pretrained features", 2022).
    """
    probe = probing.probe(
        model,
        old or nn.Identity(),
        features("training"),
        lesson_data.tensors(model, found, features("training")).target,
        figure=lesson_data.figure(found, chosen),
        pull=chosen.pull,
        weight=lesson_data.weight(found) if chosen.balance else None,
        seed=chosen.seed,
        copies=chosen.copies.count,
    )
    weight, bias = probe.plain
    plain = measured(model, features(part) @ weight.T + bias, found.parts()[part])
    run.baseline("a linear probe from zeros", **plain)
    run.note(pull=probe.chosen.pull, cross_validated=probe.chosen.score)
    if chosen.start == "probe":
        probing.put(model, probe.head)
    return probe


def _loop(
    model: nn.Module,
    run: Run,
    found: Gathered,
    chosen: Settings,
    answers: Callable[[str], Tensor],
    features: Callable[[str], Tensor],
    cached: bool,
) -> None:
    """Train by small steps: the head on features, or more on the inputs themselves."""
    held, spec = found.validation, about(model).spec
    assert held is not None, "validation rows were held back"
    doing, target = task(spec.task), featuring.targets(model, held)

    def validate(model: nn.Module) -> dict[str, float]:
        output = answers("validation")
        loss = doing.loss(output, target, spec.output).item()
        return measured(model, output, held) | {"validation_loss": loss}

    numbers = torch.arange(len(found.training))[:, None]
    learn(
        model,
        run,
        chosen,
        lesson_data.tensors(model, found, features("training") if cached else numbers),
        validate,
        best=(lesson_data.figure(found, chosen), "validation_loss"),
        given=None if cached else lesson_data.kept(model, found.training),
        weight=lesson_data.weight(found) if chosen.balance else None,
    )
