"""Raw input to a typed result, by any model: `zoo.predict`."""

import random
import warnings
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo import plugins, store
from zoo.about import About, about, unwrapped
from zoo.errors import InputError, OptionError, near
from zoo.models import find, load, loaded
from zoo.modes import evaluating
from zoo.results import Result
from zoo.tasks import Task, task

__all__ = ["example", "predict"]


def predict(
    model: nn.Module | str | Path, raw: Any, *, batch: int = 64, **options: Any
) -> Any:
    """Return what `model` says about `raw`: one result, or a list of them for a list.

    `model` is a module from `zoo.load`, a name, or a checkpoint folder. What `raw` may
    be depends on the task: a path, a PIL image, an array, a tensor, a dict, a
    DataFrame, or a list of those. Results are typed: they print, convert with
    `.to_dict()`, and show themselves in a notebook. Raises InputError, OptionError.
    """
    module = _module(model)
    known = about(module)
    doing, expected = task(known.spec.task), known.spec.input
    _check_options(known, doing, {"batch": batch, **options})
    items, single = doing.items(raw, expected)
    found: list[Result] = []
    with evaluating(module):
        for start in range(0, len(items), batch):
            part = items[start : start + batch]
            opened = [
                _opened(doing, item, known, 0 if single else number)
                for number, item in enumerate(part, start=start + 1)
            ]
            prepared = doing.batch(opened, expected, **options)
            suspicion = doing.suspicion(prepared, expected)
            if suspicion:
                _warn_once(unwrapped(module), *suspicion)
            output = _output(module, prepared)
            found += doing.results(output, opened, known.spec.output)
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


def _check_options(known: About, doing: Task, options: dict[str, Any]) -> None:
    parameters = signature(doing.batch).parameters.values()
    names = ["batch", *(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)]
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


@torch.inference_mode()
def _output(module: nn.Module, batch: Tensor) -> Tensor:
    """Run `module`, on its device and, where the batch holds floats, in its type."""
    parameter = next(module.parameters(), None)
    if parameter is not None:
        narrow = batch.is_floating_point() and parameter.is_floating_point()
        batch = batch.to(parameter.device, parameter.dtype if narrow else batch.dtype)
    output: Tensor = module(batch)
    return output.cpu()


def _warn_once(module: nn.Module, kind: str, suspicion: str) -> None:
    """Warn about a kind of input once a model, however many rows share the fault."""
    told: set[str] = vars(module).setdefault("_zoo_told", set())
    if kind not in told:
        told.add(kind)
        warnings.warn(suspicion, stacklevel=3)
