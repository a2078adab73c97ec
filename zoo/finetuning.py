"""A trained model taught new classes with a user's own data: `zoo.finetune`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo import examples, featuring, gathering, models, probing, tokens
from zoo.about import about, unwrapped
from zoo.errors import DataError, InputError, OptionError
from zoo.evaluating import measured, outputs
from zoo.examples import Examples, Gathered
from zoo.freezing import head_of, unfreeze
from zoo.probing import Probe, ends_in_head
from zoo.quickening import keep_memory
from zoo.run import Run
from zoo.settings import change, check_ranges
from zoo.specs import ClassOutput
from zoo.strategies import Settings, learn
from zoo.tensors import Tensors
from zoo.training import seeded
from zoo.watching import Watcher

__all__ = ["Lesson", "exact", "teach"]

MOST_BYTES = 2 << 30  # of prepared inputs that are kept in memory


@dataclass
class Lesson:
    """A fine-tuned model, and everything a card can say of how it came to be."""

    model: nn.Module
    parent: str
    data: Gathered
    settings: Settings
    run: Run
    probe: Probe | None
    rows: Examples  # those the figures are measured on
    part: str  # "test", or "validation" where there were no test rows
    output: Tensor  # the model's, of those rows
    metrics: dict[str, float]
    skipped: tuple[str, ...] = ()


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
    keep_memory()
    spec = models.find(name)
    found = _gathered(spec, data, validation, test, target, labels)
    with seeded(chosen.seed):
        model = _with_head(name, found)
        skipped: tuple[str, ...] = ()
        if skip_unreadable:
            found, skipped = _without_unreadable(model, found)
        try:
            found = _parted(model, found, chosen)
            lesson = _taught(name, model, found, chosen, watcher)
        except InputError as exc:
            raise _all_unreadable(model, found) from exc
    lesson.skipped = skipped
    return lesson


def _taught(
    name: str | Path,
    model: nn.Module,
    found: Gathered,
    chosen: Settings,
    watcher: Watcher | None,
) -> Lesson:
    run = Run(about(model).spec, seed=chosen.seed, watcher=watcher)
    probe, cached = _probed(name, model, found, chosen)
    if not (exact(chosen) and probe):
        _loop(model, run, found, chosen, cached)
    unfreeze(model).eval()
    part = "test" if found.test else "validation"
    rows = found.parts()[part]
    output = outputs(model, rows, cached=cached)
    metrics = measured(model, output, rows)
    _compare(run, model, found, rows, probe)
    return Lesson(
        model, str(name), found, chosen, run, probe, rows, part, output, metrics
    )


def exact(chosen: Settings) -> bool:
    """Return whether a linear head is solved, which needs no validation rows."""
    return chosen.freeze == "backbone" and chosen.cache and chosen.optimizer is None


def _gathered(
    spec: Any,
    data: Any,
    validation: Any,
    test: Any,
    target: str | None,
    labels: Sequence[str] | None,
) -> Gathered:
    numbers = not isinstance(spec.output, ClassOutput)
    how: dict[str, Any] = {"target": target, "numbers": numbers}
    found = gathering.gather(data, spec.input, labels=labels, **how)
    for name, more in (("validation", validation), ("test", test)):
        if more is not None:
            other = gathering.gather(
                more, spec.input, labels=found.labels or None, **how
            )
            part: Any = {name: other.test or other.training}
            found = replace(found, **part)
    return found


def _with_head(name: str | Path, found: Gathered) -> nn.Module:
    """Load the model with a head for the data's classes."""
    spec = models.find(name)
    if spec.head is None:
        problem = "it declares no head, so there is nothing to fine-tune on top of it."
        raise OptionError(spec.name, problem, list(spec.options))
    if not found.labels:
        return models.load(name)
    return models.load(name, labels=list(found.labels))


def _without_unreadable(
    model: nn.Module, found: Gathered
) -> tuple[Gathered, tuple[str, ...]]:
    """Leave out what can't be opened, and say what that is."""
    faults: list[str] = []
    kept: dict[str, Any] = {}
    for part, rows in found.parts().items():
        bad = featuring.unreadable(model, rows)
        faults += [f"{rows.names[row]}: {problem}" for row, problem in bad.items()]
        kept[part] = rows.pick([row for row in range(len(rows)) if row not in bad])
        if not len(kept[part]):
            raise DataError(f"{found.source}: no {part} row can be read.")
    return (replace(found, **kept) if faults else found), tuple(faults)


def _all_unreadable(model: nn.Module, found: Gathered) -> DataError:
    """Return an error that names every input that can't be opened."""
    faults = [
        f"{rows.names[row]}: {problem}"
        for rows in found.parts().values()
        for row, problem in featuring.unreadable(model, rows).items()
    ]
    shown = " ".join(faults[:10])
    more = f" And {len(faults) - 10} more." if len(faults) > 10 else ""
    what = "1 input" if len(faults) == 1 else f"{len(faults)} inputs"
    return DataError(
        f"{found.source}: {what} can't be read. {shown}{more} Mend them, or leave them "
        "out with skip_unreadable=True (--skip-unreadable)."
    )


def _parted(model: nn.Module, found: Gathered, chosen: Settings) -> Gathered:
    """Hold rows back for validation where the strategy or the figures need some."""
    head = unwrapped(model).get_submodule(head_of(model))
    solved = exact(chosen) and isinstance(head, nn.Linear)  # and others are trained
    if found.validation is not None or (found.test is not None and solved):
        return found
    stratified = bool(found.labels)
    fitting, held = examples.part(
        found.training, chosen.holding, seed=chosen.seed, stratified=stratified
    )
    return replace(found, training=fitting, validation=held)


def _probed(
    name: str | Path, model: nn.Module, found: Gathered, chosen: Settings
) -> tuple[Probe | None, bool]:
    """Start the head as the best linear one; return it, and whether features will do.

    Any other strategy starts from there too: a random head would first spoil what lies
    before it (Kumar et al., "Fine-tuning can distort pretrained features", 2022).
    """
    first = found.training.pick(range(min(2, len(found.training))))
    if not chosen.cache or not ends_in_head(
        model, next(featuring.prepared(model, first))
    ):
        return None, False
    given = featuring.of_examples(model, found.training)
    solved = probing.probe(
        model,
        unwrapped(models.load(name)).get_submodule(head_of(model)),
        given,
        _rows(found, given).target,
        figure=_figure(found),
        pull=chosen.pull,
        weight=_weight(found) if chosen.balance else None,
        seed=chosen.seed,
    )
    if solved is not None and chosen.start == "probe":
        probing.put(model, solved.head)
    return solved, chosen.freeze == "backbone"


def _loop(
    model: nn.Module, run: Run, found: Gathered, chosen: Settings, cached: bool
) -> None:
    """Train by small steps: the head on features, or more on the inputs themselves."""
    held = found.validation
    assert held is not None, "validation rows were held back"
    if cached:
        fitting, given = featuring.of_examples(model, found.training), None
    else:
        fitting = torch.arange(len(found.training))[:, None]
        given = _kept(model, found.training)

    def validate(model: nn.Module) -> dict[str, float]:
        return measured(model, outputs(model, held, cached=cached), held)

    learn(
        model,
        run,
        chosen,
        _rows(found, fitting),
        validate,
        best=_figure(found),
        given=given,
        weight=_weight(found) if chosen.balance else None,
    )


def _compare(
    run: Run, model: nn.Module, found: Gathered, rows: Examples, probe: Probe | None
) -> None:
    """Keep what simple methods reach on the same rows."""
    if found.labels:
        commonest = max(found.training.targets, key=found.training.targets.count)
        share = rows.targets.count(commonest) / len(rows)
        run.baseline("the commonest class", accuracy=share)
    else:
        mean = sum(found.training.targets) / len(found.training)
        flat = torch.full((len(rows), 1), mean)
        run.baseline("the mean", **measured(model, flat, rows))
    if probe is not None:
        weight, bias = probe.plain
        output = featuring.of_examples(model, rows) @ weight.T + bias
        run.baseline("a linear probe from zeros", **measured(model, output, rows))
        run.note(pull=probe.chosen.pull, cross_validated=probe.chosen.score)


def _figure(found: Gathered) -> str:
    return "accuracy" if found.labels else "rmse"


def _rows(found: Gathered, given: Tensor) -> Tensors:
    target = torch.tensor(found.training.targets)
    target = target.long() if found.labels else target.float()
    return Tensors(input=given, target=target, source=found.source, fingerprint="")


def _kept(model: nn.Module, rows: Examples) -> Callable[[Tensor], Tensor]:
    """Return what turns row numbers into prepared inputs: kept where they fit."""
    batches = featuring.prepared(model, rows)
    first = next(batches)
    if first[0].nbytes * len(rows) <= MOST_BYTES:
        held = tokens.joined([first, *batches], about(model).spec.input)
        return lambda numbers: held[numbers]

    def opened(numbers: Tensor) -> Tensor:
        picked = rows.pick(numbers.tolist())
        opened = list(featuring.prepared(model, picked))
        return tokens.joined(opened, about(model).spec.input)

    return opened


def _weight(found: Gathered) -> Tensor:
    """Return how much each class counts so that all count alike, 1 on average."""
    counts = torch.tensor(list(found.counts().values())).clamp(min=1)
    return counts.sum() / (len(counts) * counts)
