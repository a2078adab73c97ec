"""One module per Hub task tag: raw input to tensors, output to results, the measures.

The module of a tag is found by its name: "image-classification" is
`zoo.tasks.image_classification`. Every one of them has the functions of `Task`.

May import: models, preprocessing, artifacts, plugins, specs, errors.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from torch import Tensor

from zoo.errors import SpecError
from zoo.tasks.results.vision import Result

__all__ = ["Task", "get_task", "list_tasks", "own_options"]


class Task(Protocol):
    """What a task knows: `input_spec` is the model's input, `output_spec` its output.

    Where one pass through the model is not the answer, or there are several ways from
    one to the other, the task has no `results` but `answers(module, opened, options)`,
    which returns them, and names the options of `zoo.predict` in `OPTIONS`; with
    `sampled(module, count, random, options)` its models also draw from nothing, if
    their module can.
    """

    def items(self, raw: Any, input_spec: Any) -> tuple[list[Any], bool]:
        """Return the single inputs in `raw`, and whether it was one and not a list."""

    def opened(self, item: Any, input_spec: Any) -> Any:
        """Return one of those items, read and checked."""

    def batch(self, opened: list[Any], input_spec: Any, **options: Any) -> Tensor:
        """Return opened items as the model's input tensor.

        The keyword-only arguments of this are the options of `zoo.predict`.
        """

    def suspicion(self, batch: Tensor, input_spec: Any) -> tuple[str, str] | None:
        """Return why a batch does not look like the training data, or None.

        A kind and a sentence: a model warns once of each kind.
        """

    def results(
        self, output: Tensor, opened: list[Any], output_spec: Any
    ) -> list[Result]:
        """Return one typed result for each opened item."""

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: Any,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return what training makes small, a mean over the rows.

        `output` is the model's, or that of its head where nothing comes after it;
        `target` holds label numbers, or numbers; `weight` (labels,) says how much each
        label counts. `zoo.finetune` needs it of every task whose models declare a
        head, and `zoo.testing.head_learns` tries it: a linear head that this makes
        better row by row tells two kinds of rows apart.
        """

    def measure(
        self, output: Tensor, target: Tensor, output_spec: Any
    ) -> dict[str, float]:
        """Return the task's metrics, named as on the Hub.

        A task that has no right answers, such as drawing, has none of these two.
        """


def list_tasks() -> list[str]:
    """Return the task tags there are modules for."""
    found = (one.name for one in iter_modules(__path__) if not one.ispkg)
    return sorted(name.replace("_", "-") for name in found if name[0] != "_")


def get_task(tag: str) -> Task:
    """Return the module of a task tag."""
    if tag not in list_tasks():
        raise SpecError("Task", "tag", tag, f"one of {', '.join(list_tasks())}")
    found = import_module(f"zoo.tasks.{tag.replace('-', '_')}")
    return cast(Task, found)


def own_options(task: Task) -> tuple[str, ...]:
    """Return the options of `zoo.predict` that a task with `answers` names."""
    return getattr(task, "OPTIONS", ())
