"""Raw input to a typed result, by any model: `zoo.predict`."""

import random
import warnings
from inspect import signature
from pathlib import Path
from typing import Any

from torch import nn

from zoo import plugins, store
from zoo.about import About, about, unwrapped
from zoo.errors import InputError, OptionError, near
from zoo.models import find, load, loaded
from zoo.modes import evaluating, output
from zoo.results import Answer
from zoo.sliding import TASK, slide
from zoo.tasks import Task, task
from zoo.windows import Windows, asked

__all__ = ["example", "predict"]


def predict(
    model: nn.Module | str | Path,
    raw: Any,
    *,
    batch: int = 64,
    windows: Any = None,
    **options: Any,
) -> Any:
    """Return what `model` says about `raw`: one result, or a list of them for a list.

    `model` is a module from `zoo.load`, a name, or a checkpoint folder. What `raw` may
    be depends on the task: a path, a PIL image, an array, a tensor, a dict, a
    DataFrame, or a list of those. Results are typed: they print, convert with
    `.to_dict()`, and show themselves in a notebook. `windows=True`, or a dict of the
    options of `zoo.windows.Windows`, lets an image classifier look at every part of a
    picture and find several things in it. Raises InputError, OptionError.
    """
    module = _module(model)
    known = about(module)
    doing, expected = task(known.spec.task), known.spec.input
    chosen = {} if windows in (None, False) else {"windows": windows}
    _check_options(known, doing, {"batch": batch, **chosen, **options})
    over = asked(windows, known.spec.name, known.labels) if chosen else None
    items, single = doing.items(raw, expected)
    found: list[Answer] = []
    step = 1 if over else batch
    with evaluating(module):
        for start in range(0, len(items), step):
            part = items[start : start + step]
            opened = [
                _opened(doing, item, known, 0 if single else number)
                for number, item in enumerate(part, start=start + 1)
            ]
            answers, suspicion = _answers(module, opened, over, batch, options)
            if suspicion:
                _warn_once(unwrapped(module), *suspicion)
            found += answers
    return found[0] if single else found


def example(name: str, *, shuffle: bool = False) -> Path:
    """Return the path of a real input that ships with a model.

    The first one, or with `shuffle` any one. Raises InputError where there is none.
    """
    spec = find(name)
    if not spec.examples:
        raise InputError(f"{name!r} ships no example input.", spec.task + " input")
    chosen = random.choice(spec.examples) if shuffle else spec.examples[0]
    return store.package_folder(spec.package) / "examples" / chosen


def _module(model: nn.Module | str | Path) -> nn.Module:
    if isinstance(model, nn.Module):
        return model
    if isinstance(model, str) and model in plugins.found().models:
        return loaded(model)
    if isinstance(model, (str, Path)):
        return load(model)  # a folder may hold other weights the next time
    problem = f"A {type(model).__name__} is not a model."
    raise InputError(problem, "to come first: zoo.predict(model, input)")


def _answers(
    module: nn.Module,
    opened: list[Any],
    over: Windows | None,
    batch: int,
    options: dict[str, Any],
) -> tuple[list[Answer], tuple[str, str] | None]:
    """Return a result for each opened item, and what looks wrong about them."""
    spec = about(module).spec
    if over is not None:
        one, suspicion = slide(module, opened[0], over, batch=batch, **options)
        return [one], suspicion
    doing = task(spec.task)
    prepared = doing.batch(opened, spec.input, **options)
    said = output(module, prepared)
    found: list[Answer] = [*doing.results(said, opened, spec.output)]
    return found, doing.suspicion(prepared, spec.input)


def _check_options(known: About, doing: Task, options: dict[str, Any]) -> None:
    parameters = signature(doing.batch).parameters.values()
    names = ["batch", *(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)]
    names += ["windows"] if known.spec.task == TASK else []
    for name in options:
        if name not in names:
            problem = f"zoo.predict has no option {name!r}. {near(name, names)}"
            raise OptionError(known.spec.name, problem.rstrip(), names)
    if not isinstance(options["batch"], int) or options["batch"] < 1:
        problem = f"batch={options['batch']!r} should be 1 or more."
        raise OptionError(known.spec.name, problem, names)


def _opened(doing: Task, item: Any, known: About, number: int) -> Any:
    """Open one input; `number` says which of several it is, 0 that it is alone."""
    try:
        return doing.opened(item, known.spec.input)
    except InputError as exc:
        raise (exc.of(f"Item {number}") if number else exc) from exc.__cause__


def _warn_once(module: nn.Module, kind: str, suspicion: str) -> None:
    """Warn about a kind of input once a model, however many rows share the fault."""
    told: set[str] = vars(module).setdefault("_zoo_told", set())
    if kind not in told:
        told.add(kind)
        warnings.warn(suspicion, stacklevel=3)
