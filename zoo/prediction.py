"""Raw input to a typed result, by any model: `zoo.predict`."""

import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from zoo import store
from zoo.about import About, about
from zoo.errors import InputError
from zoo.models import find, loaded
from zoo.results import Result
from zoo.tasks import task

__all__ = ["example", "predict"]


def predict(
    model: nn.Module | str, raw: Any, *, batch: int = 64, **options: Any
) -> Any:
    """Return what `model` says about `raw`: one result, or a list of them for a list.

    `model` is a module from `zoo.load`, or a name. What `raw` may be depends on the
    task: a path, a PIL image, an array, a tensor, a dict, a DataFrame, or a list of
    those. Results are typed: they print, convert with `.to_dict()`, and show
    themselves in a notebook. Raises InputError.
    """
    module = loaded(model) if isinstance(model, str) else model
    known = about(module)
    doing, expected = task(known.spec.task), known.spec.input
    items, single = doing.items(raw, expected)
    found: list[Result] = []
    was_training = module.training
    module.eval()
    try:
        for part in _parts(items, batch):
            found += _predict(module, known, part, options)
    finally:
        module.train(was_training)
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


@torch.inference_mode()
def _predict(
    module: nn.Module, known: About, part: list[Any], options: dict[str, Any]
) -> list[Result]:
    doing, expected = task(known.spec.task), known.spec.input
    opened = doing.opened(part, expected)
    try:
        batch = doing.batch(opened, expected, **options)
    except TypeError as exc:
        if "unexpected keyword" not in str(exc):
            raise
        problem = f"{str(exc).partition(') ')[2] or exc}.".replace(" got an", "An")
        raise InputError(problem, f"no such option for {known.spec.task}") from exc
    suspicion = doing.suspicion(batch, expected)
    if suspicion:
        _warn_once(module, suspicion)
    parameter = next(module.parameters(), None)
    if parameter is not None:
        batch = batch.to(parameter.device, parameter.dtype)
    return doing.results(module(batch).cpu(), opened, known.spec.output)


def _parts(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _warn_once(module: nn.Module, suspicion: str) -> None:
    """Warn about a kind of input once a model, however many rows share the fault."""
    kind = suspicion.partition(" ")[0]
    told: set[str] = vars(module).setdefault("_zoo_told", set())
    if kind not in told:
        told.add(kind)
        warnings.warn(suspicion, stacklevel=4)
