"""A trained model taught new classes with a user's own data: `zoo.finetune`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo import features, gathering, models
from zoo.about import about, unwrapped
from zoo.errors import DataError, OptionError
from zoo.freezing import head_of, unfreeze
from zoo.gathering import Examples, Gathered
from zoo.modes import evaluating
from zoo.quickening import keep_memory
from zoo.run import Run
from zoo.settings import change, check_ranges
from zoo.specs import ClassOutput
from zoo.strategies import Settings, learn
from zoo.tasks import task
from zoo.tensors import Tensors
from zoo.training import seeded
from zoo.watching import Watcher

__all__ = ["Lesson", "evaluate", "teach"]

MOST_BYTES = 2 << 30  # of prepared inputs that are kept in memory
HEADLINE = {"classes": "accuracy", "number": "rmse"}


@dataclass
class Lesson:
    """A fine-tuned model, and everything a card can say of how it came to be."""

    model: nn.Module
    parent: str
    data: Gathered
    settings: Settings
    run: Run
    rows: Examples  # those the figures are measured on
    part: str  # "test", or "validation" where there were no test rows
    output: Tensor  # the model's, of those rows
    metrics: dict[str, float]
    skipped: tuple[str, ...]


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
        found, skipped = _readable(model, found, skip_unreadable)
        if found.validation is None:
            fitting, held = gathering.part(
                found.training,
                chosen.holding,
                seed=chosen.seed,
                stratified=bool(found.labels),
            )
            found = replace(found, training=fitting, validation=held)
        run = Run(about(model).spec, seed=chosen.seed, watcher=watcher)
        _describe(run, found)
        _probe(model, run, found, chosen)
        _learn(model, run, found, chosen)
    unfreeze(model).eval()
    rows, part = (
        (found.test, "test") if found.test else (found.validation, "validation")
    )
    assert rows is not None, "validation rows were held back"
    output = outputs(model, rows)
    metrics = _measured(model, output, rows)
    return Lesson(
        model, str(name), found, chosen, run, rows, part, output, metrics, skipped
    )


def evaluate(
    model: nn.Module, data: Any, *, target: str | None = None
) -> dict[str, float]:
    """Return the metrics of a model's task on a user's own data.

    `data` is what `zoo.finetune` takes; of data in parts, the test rows. Labels must be
    the model's. Raises DataError.
    """
    spec = about(model).spec
    found = gathering.gather(
        data,
        spec.input,
        target=target,
        labels=spec.labels or None,
        numbers=not spec.labels,
    )
    rows = found.test or found.training
    return _measured(model, outputs(model, rows), rows)


@torch.inference_mode()
def outputs(model: nn.Module, rows: Examples) -> Tensor:
    """Return what the model gives for examples, (rows, ...)."""
    with evaluating(model):
        found = [unwrapped(model)(given) for given in features.prepared(model, rows)]
    return torch.cat(found)


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
            found = replace(found, **{name: other.test or other.training})
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


def _readable(
    model: nn.Module, found: Gathered, skip: bool
) -> tuple[Gathered, tuple[str, ...]]:
    """Refuse rows that can't be opened, all at once, or leave them out if told to."""
    parts = {"training": found.training, "validation": found.validation}
    parts["test"] = found.test
    faults: list[str] = []
    kept: dict[str, Examples] = {}
    for part, rows in parts.items():
        if rows is None:
            continue
        bad = features.unreadable(model, rows)
        faults += [f"{rows.names[row]}: {problem}" for row, problem in bad.items()]
        kept[part] = rows.pick([row for row in range(len(rows)) if row not in bad])
    if faults and not skip:
        shown = " ".join(faults[:10])
        more = f" And {len(faults) - 10} more." if len(faults) > 10 else ""
        raise DataError(
            f"{found.source}: {len(faults)} inputs can't be read. {shown}{more} Mend "
            "them, or leave them out with skip_unreadable (--skip-unreadable)."
        )
    for part, rows in kept.items():
        if not len(rows):
            raise DataError(f"{found.source}: no {part} row can be read.")
    return (replace(found, **kept) if faults else found), tuple(faults)


def _describe(run: Run, found: Gathered) -> None:
    for part in ("training", "validation", "test"):
        rows = getattr(found, part)
        if rows is not None:
            run.data[part] = {"rows": len(rows), "fingerprint": ""}
    if found.labels:
        rows = found.test or found.validation
        assert rows is not None, "validation rows were held back"
        commonest = max(found.training.targets, key=found.training.targets.count)
        share = rows.targets.count(commonest) / len(rows)
        run.baseline("the commonest class", accuracy=share)


def _probe(model: nn.Module, run: Run, found: Gathered, chosen: Settings) -> None:
    """Measure what the head alone reaches, where more than it will learn."""


def _learn(model: nn.Module, run: Run, found: Gathered, chosen: Settings) -> None:
    held = found.validation
    assert held is not None, "validation rows were held back"
    best = HEADLINE["classes" if found.labels else "number"]
    weight = _weight(found) if chosen.balance else None
    if chosen.freeze == "backbone" and chosen.cache and _ends_in_head(model, held):
        _learn_head(model, run, found, chosen, best, weight)
        return
    images = _kept(model, found.training)

    def validate(model: nn.Module) -> dict[str, float]:
        return _measured(model, outputs(model, held), held)

    rows = _rows(found, torch.arange(len(found.training))[:, None])
    learn(model, run, chosen, rows, validate, best=best, given=images, weight=weight)


def _learn_head(
    model: nn.Module,
    run: Run,
    found: Gathered,
    chosen: Settings,
    best: str,
    weight: Tensor | None,
) -> None:
    """Train the head on features that are computed once."""
    held = found.validation
    assert held is not None, "validation rows were held back"
    fitting = features.of_examples(model, found.training)
    asked = features.of_examples(model, held)
    head = unwrapped(model).get_submodule(head_of(model))

    def validate(model: nn.Module) -> dict[str, float]:
        with evaluating(head), torch.inference_mode():
            return _measured(model, head(asked), held)

    rows = _rows(found, fitting)
    learn(model, run, chosen, rows, validate, best=best, weight=weight)


def _rows(found: Gathered, given: Tensor) -> Tensors:
    target = torch.tensor(found.training.targets)
    target = target.long() if found.labels else target.float()
    return Tensors(input=given, target=target, source=found.source, fingerprint="")


def _ends_in_head(model: nn.Module, rows: Examples) -> bool:
    """Return whether the model's output is what its head gives, and nothing after."""
    head = unwrapped(model).get_submodule(head_of(model))
    with evaluating(model), torch.inference_mode():
        given = next(iter(features.prepared(model, rows, batch=2)))
        seen, output = features.before_head(model, given)
        return torch.equal(head(seen), output)


def _kept(model: nn.Module, rows: Examples) -> Callable[[Tensor], Tensor]:
    """Return what turns row numbers into prepared inputs: kept where they fit."""
    batches = features.prepared(model, rows)
    first = next(batches)
    if first[0].nbytes * len(rows) <= MOST_BYTES:
        held = torch.cat([first, *batches])
        return lambda numbers: held[numbers]

    def opened(numbers: Tensor) -> Tensor:
        picked = rows.pick(numbers.tolist())
        return torch.cat(list(features.prepared(model, picked)))

    return opened


def _weight(found: Gathered) -> Tensor:
    """Return how much each class counts so that all count alike, 1 on average."""
    counts = torch.tensor(list(found.counts().values())).clamp(min=1)
    return counts.sum() / (len(counts) * counts)


def _measured(model: nn.Module, output: Tensor, rows: Examples) -> dict[str, float]:
    spec = about(model).spec
    target = torch.tensor(rows.targets)
    target = target.long() if spec.labels else target.float()
    return task(spec.task).measure(output, target, spec.output)
