"""From a raw input to the tensor that a model takes, as an object: `zoo.transform`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from zoo.errors import InputError, OptionError, near
from zoo.models.loading import find
from zoo.models.metadata import model_metadata
from zoo.preprocessing.preprocessor import preprocessor
from zoo.specs import ModelSpec
from zoo.tasks import task_of

__all__ = ["Transform", "transform"]


class Transform:
    """What a model's inputs go through; `zoo.transform` makes it.

    It holds no weights, and pickles: the workers of a DataLoader take it along.
    """

    def __init__(self, spec: ModelSpec, options: Mapping[str, Any]) -> None:
        self.spec, self.options = spec, dict(options)

    def __call__(self, raw: Any) -> Tensor:
        """Return the tensor of one raw input, without a batch dimension.

        Of a list of inputs, or of a table, return their batch, (inputs, ...). `raw` is
        as for `zoo.predict`. Raises InputError.
        """
        task, input_spec = task_of(self.spec), self.spec.input
        items, single = task.split_items(raw, input_spec)
        opened = []
        for number, item in enumerate(items, start=1):
            try:
                opened.append(task.load_item(item, input_spec))
            except InputError as exc:
                named = exc if single else exc.of(f"Item {number}")
                raise named from exc.__cause__
        batch = task.collate(opened, input_spec, **self.options)
        return batch[0] if single else batch

    def collate(self, rows: Sequence[Tensor]) -> Tensor:
        """Return tensors of single inputs as a batch; texts are padded to the longest.

        It is what a DataLoader of texts takes as `collate_fn`.
        """
        batches = [row[None] for row in rows]
        return preprocessor(self.spec.input).joined(batches, self.spec.input)

    def inverse(self, tensor: Tensor) -> Any:
        """Return what a tensor of one input shows: a PIL image, or the numbers by name.

        It undoes the scaling and what `invert` did; what was cut away stays away.
        Raises InputError for another shape, and for texts and noise.
        """
        made = preprocessor(self.spec.input)
        return made.inverse(tensor, self.spec.input, **self.options)

    def __repr__(self) -> str:
        """Return the steps, one a line."""
        steps = preprocessor(self.spec.input).steps(self.spec.input, **self.options)
        lines = (f"  {number}. {step}" for number, step in enumerate(steps, start=1))
        return "\n".join([f"Transform for {self.spec.name}:", *lines])


def transform(model: nn.Module | str | Path, **options: Any) -> Transform:
    """Return a callable from a raw input to the tensor that `model` takes.

    `model` is a module from `zoo.load`, a name, or a checkpoint folder; no weights are
    read. `options` are those of the kind of input, such as `invert=True` for pictures.
    It pickles, prints what it does, and has an inverse for pictures and tables.
    Raises ModelNotFound, OptionError.

    >>> prepare = zoo.transform("lenet5-mnist")
    >>> tensor = prepare(zoo.example("lenet5-mnist"))
    >>> tensor.shape, prepare.inverse(tensor).size
    (torch.Size([1, 28, 28]), (28, 28))
    """
    spec = model_metadata(model).spec if isinstance(model, nn.Module) else find(model)
    known = task_of(spec).input_options(spec.input)
    for name in options:
        if name not in known:
            problem = f"zoo.transform has no option {name!r}. {near(name, known)}"
            raise OptionError(spec.name, problem.rstrip(), known)
    return Transform(spec, options)
