"""One module per Hub task tag: raw input to tensors, output to results, the measures.

The module of a tag is found by its name: "image-classification" is
`zoo.tasks.image_classification`. Its `TASK` is a `Task`, which has all that depends on
the task of a model; nothing else registers it.

May import: models, preprocessing, artifacts, plugins, specs, errors.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from zoo.errors import SpecError
from zoo.specs import ModelSpec, Output
from zoo.tasks._own_pictures import OwnPictures
from zoo.tasks._picture_learning import (
    PictureTrainer,
    TrainingPlan,
    learning_reference,
)
from zoo.tasks._task import FinetuneSettings, Picture, RawRows, Task

__all__ = [
    "FinetuneSettings",
    "Picture",
    "PictureTrainer",
    "RawRows",
    "Task",
    "TrainingPlan",
    "finetuned_task_of",
    "get_task",
    "list_tasks",
    "task_of",
]


def list_tasks() -> list[str]:
    """Return the task tags there are modules for."""
    names = (one.name for one in iter_modules(__path__) if not one.ispkg)
    return sorted(name.replace("_", "-") for name in names if name[0] != "_")


def get_task(tag: str, output_spec: Output | None = None) -> Task[Any, Any]:
    """Return the task of a tag, or the variant of it that gives such an output."""
    task = _named(tag)
    for variant in task.variants:
        if output_spec is not None and variant.handles(output_spec):
            return variant
    return task


@cache  # it is asked for by each input
def _named(tag: str) -> Task[Any, Any]:
    if tag not in list_tasks():
        raise SpecError("Task", "tag", tag, f"one of {', '.join(list_tasks())}")
    task: Task[Any, Any] = import_module(f"zoo.tasks.{tag.replace('-', '_')}").TASK
    return task


def task_of(spec: ModelSpec) -> Task[Any, Any]:
    """Return the task of a model: that of its tag, with what its family says of how it
    learns.

    Raises SpecError where its input and output are not of the task's own kinds.
    """
    task = get_task(spec.task, spec.output)
    task.signature(spec)
    reference = learning_reference(spec) if task.by_family else None
    return task if reference is None else _of_family(task, reference, spec.package)


@cache
def _of_family(task: Task[Any, Any], reference: str, package: str) -> Task[Any, Any]:
    return OwnPictures(task, reference, package)


def finetuned_task_of(spec: ModelSpec) -> Task[Any, Any]:
    """Return the task of a model after a fine-tuning: another one where it gets a head
    for labels on top of its features."""
    if spec.finetuned_task == spec.task:
        return task_of(spec)
    return get_task(spec.finetuned_task, spec.output)
