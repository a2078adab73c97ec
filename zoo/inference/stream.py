"""Answers for as many inputs as there are, in their order: `zoo.predict_iter`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from zoo._utils.hardware import processors
from zoo.errors import InputError, OptionError
from zoo.inference.batch_runner import (
    BatchRunner,
    check_options,
    warn_truncated,
)
from zoo.inference.engine import Backend
from zoo.inference.sources import ReadInputs, Source, source_of
from zoo.inference.window_grid import parse_windows
from zoo.models.devices import Device, on_device
from zoo.models.loading import require_module
from zoo.models.metadata import model_metadata
from zoo.models.precision import Precision
from zoo.preprocessing.preprocessor import InputWarning, preprocessor
from zoo.runtime.eval_mode import eval_mode
from zoo.specs import ModelSpec
from zoo.tasks import task_of
from zoo.tasks.results.result import Result

__all__ = ["Answer", "answers", "predict_iter", "results_of"]

WINDOW_BATCHES = 32  # of texts, whose rows are sorted by length together
AHEAD = 2  # batches that each worker prepares


@dataclass(frozen=True)
class Answer:
    """The answer for one input: its name, and a result or why there is none."""

    name: str
    result: Result | None
    error: InputError | None = None


def predict_iter(
    model: nn.Module | str | Path,
    inputs: Any,
    *,
    batch_size: int = 64,
    workers: int = 0,
    on_error: Literal["raise", "return"] = "raise",
    windows: Any = None,
    precision: Precision = "no",
    backend: Backend = "torch",
    device: Device | None = None,
    column: str | None = None,
    encoding: str | None = None,
    allow_outside: bool = False,
    **options: Any,
) -> Iterator[Result | InputError]:
    """Yield the result of `model` for each of `inputs`, in order, in bounded memory.

    `inputs` is all that `zoo.predict` takes, and what holds inputs: a folder, a pattern
    such as "photos/*.jpg", a tar of files, a `datasets.Dataset` or `IterableDataset`, a
    generator. `workers` processes open the inputs ahead of the model, which gets
    `batch_size` of them at once; texts share a batch with those of like length. With
    `on_error="return"` an input that can't be read gives its InputError instead of a
    result, and the others go on. The rest is as for `zoo.predict`.

    Raises InputError, OptionError, PrecisionError, DeviceError.

    >>> seven = zoo.example("lenet5-mnist")
    >>> for result in zoo.predict_iter("lenet5-mnist", [seven, seven]):
    ...     print(result.label)
    7
    7
    """
    module = require_module(model, "zoo.predict_iter(model, inputs)", device)
    if on_error not in ("raise", "return"):
        problem = f"on_error={on_error!r} should be 'raise' or 'return'."
        raise OptionError(model_metadata(module).spec.name, problem, ["on_error"])
    how = ReadInputs(column=column, encoding=encoding, allow_outside=allow_outside)
    source = source_of(inputs, model_metadata(module).spec.input, how)
    made = answers(
        module,
        source,
        batch_size=batch_size,
        workers=workers,
        windows=windows,
        precision=precision,
        backend=backend,
        device=device,
        **options,
    )
    return results_of(made, on_error)


def results_of(
    made: Iterator[Answer], on_error: str = "raise"
) -> Iterator[Result | InputError]:
    """Yield results; an error is raised with the name of its input, or "return"ed."""
    for one in made:
        if one.error is None:
            assert one.result is not None
            yield one.result
        elif on_error == "raise":
            raise one.error.of(one.name)
        else:
            yield one.error


def answers(
    module: nn.Module,
    source: Source,
    *,
    batch_size: int = 64,
    workers: int = 0,
    windows: Any = None,
    precision: Precision = "no",
    backend: Backend = "torch",
    device: Device | None = None,
    verb: str = "zoo.predict_iter",
    pictures: bool = True,
    skip: int = 0,
    **options: Any,
) -> Iterator[Answer]:
    """Return the answers for the inputs of a source, in their order.

    The first `skip` inputs are passed over unopened. Results keep their `pictures`
    where they show them. Options are checked before the first answer. Raises
    OptionError, PrecisionError, DeviceError.
    """
    known = model_metadata(module)
    task = task_of(known.spec)
    chosen = {} if windows in (None, False) else {"windows": windows}
    check_options(known.spec, {"batch_size": batch_size, **chosen, **options}, verb)
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 0:
        problem = f"workers={workers!r} should be 0 or more."
        raise OptionError(known.spec.name, problem, ["workers"])
    over = parse_windows(windows, known.spec.name, known.labels) if chosen else None
    own = {name: one for name, one in options.items() if name in task.options}
    decoder = _Decoder(
        spec=known.spec,
        options={name: one for name, one in options.items() if name not in own},
        batched=over is None,
        pictures=pictures,
    )
    runner = BatchRunner(
        module,
        precision,
        options=options if over else own,
        over=over,
        size=batch_size,
        backend=backend,
    )
    size = 1 if over else batch_size
    by_length = preprocessor(known.spec.input).pads
    numbered = ((n, *named) for n, named in enumerate(islice(source, skip, None)))
    batches = _by_length(numbered, size) if by_length else _in_order(numbered, size)
    loaded = _loaded(decoder, batches, workers)
    return _answered(module, runner, loaded, device)


Numbered = tuple[int, str, Any]  # an input by its place in the source


def _answered(
    module: nn.Module,
    runner: BatchRunner,
    loaded: Iterator["_Batch"],
    device: Device | None,
) -> Iterator[Answer]:
    waiting: dict[int, Answer] = {}
    due = cut = count = 0
    with on_device(module, device), eval_mode(module):
        for batch in loaded:
            for number, name, error in batch.faults:
                waiting[number] = Answer(name, None, InputError(*error))
            for (number, name), made in zip(
                batch.inputs, runner.each(batch.given, batch.opened), strict=True
            ):
                waiting[number] = (
                    Answer(name, None, made)
                    if isinstance(made, InputError)
                    else Answer(name, made)
                )
            names = [name for _, name in batch.inputs]
            runner.warned.add(batch.warnings, names=names)
            cut, count = cut + batch.cut, count + len(batch.inputs)
            while due in waiting:
                yield waiting.pop(due)
                due += 1
    runner.warned.say()
    warn_truncated(module, cut, count)


def _in_order(items: Iterator[Numbered], size: int) -> Iterator[list[Numbered]]:
    while batch := list(islice(items, size)):
        yield batch


def _by_length(items: Iterator[Numbered], size: int) -> Iterator[list[Numbered]]:
    """Yield batches of inputs of like length, out of some batches at a time."""
    while window := list(islice(items, WINDOW_BATCHES * size)):
        window.sort(key=lambda one: _length(one[2]))
        yield from (window[at : at + size] for at in range(0, len(window), size))


def _length(raw: Any) -> int:
    if isinstance(raw, Path):
        try:
            return raw.stat().st_size
        except OSError:
            return 0
    return len(raw) if hasattr(raw, "__len__") else 0


class _Batch(NamedTuple):
    """Inputs that were opened, as tensors, and those that could not be."""

    inputs: list[tuple[int, str]]
    opened: list[Any]
    given: Tensor | None
    faults: list[tuple[int, str, tuple[str, str]]]  # an exception would not pickle
    warnings: list[InputWarning]
    cut: int = 0  # inputs that are longer than the model reads


@dataclass(frozen=True, kw_only=True)
class _Decoder:
    """The dataset of the workers: its items are asked for by the raw inputs."""

    spec: ModelSpec
    options: Mapping[str, Any] = field(default_factory=dict)
    batched: bool = True
    pictures: bool = True

    def __getitem__(self, batch: list[Numbered]) -> _Batch:
        task, input_spec = task_of(self.spec), self.spec.input
        loaded: list[tuple[int, str, Any]] = []
        faults: list[tuple[int, str, tuple[str, str]]] = []
        for number, name, raw in batch:
            try:
                loaded.append((number, name, self._opened(raw)))
            except InputError as exc:
                faults.append((number, name, (exc.problem, exc.expected)))
        given = None
        if self.batched and loaded:
            given = self._collated(loaded, faults)
        odd = [] if given is None else task.input_warnings(given, input_spec)
        return _Batch(
            [(number, name) for number, name, _ in loaded],
            [
                task.kept(one, self.pictures) if self.batched else one
                for _, _, one in loaded
            ],
            given,
            faults,
            odd,
            0
            if given is None
            else task.truncated([one for *_, one in loaded], input_spec),
        )

    def _collated(self, loaded: list[Any], faults: list[Any]) -> Tensor | None:
        """Return opened inputs as a batch; those that can't be go to the faults."""
        task, input_spec = task_of(self.spec), self.spec.input
        opened = [one for _, _, one in loaded]
        try:
            return task.collate(opened, input_spec, **self.options)
        except InputError as exc:
            if len(loaded) == 1:
                number, name, _ = loaded.pop()
                faults.append((number, name, (exc.problem, exc.expected)))
                return None
        tensors, good = [], []
        for one in loaded:
            made = self._collated([one], faults)
            if made is not None:
                tensors.append(made)
                good.append(one)
        loaded[:] = good
        if not tensors:
            return None
        return preprocessor(input_spec).joined(tensors, input_spec)

    def _opened(self, raw: Any) -> Any:
        if isinstance(raw, InputError):
            raise raw
        task, input_spec = task_of(self.spec), self.spec.input
        items, _ = task.split_items(raw, input_spec)
        if len(items) != 1:
            problem = f"It holds {len(items)} inputs, and one is expected."
            raise InputError(problem, input_spec.description)
        return task.load_item(items[0], input_spec)


def _loaded(
    decoder: _Decoder, batches: Iterator[list[Numbered]], workers: int
) -> Iterator[_Batch]:
    """Yield the batches decoded, in order; `workers` processes decode ahead."""
    count = min(workers, processors())
    if not count:
        yield from map(decoder.__getitem__, batches)
        return
    from torch.utils.data import DataLoader

    loader: DataLoader[Any] = DataLoader(
        decoder,  # type: ignore[arg-type]  # anything with items will do
        sampler=batches,
        batch_size=None,
        collate_fn=_same,
        num_workers=count,
        prefetch_factor=AHEAD,
        generator=torch.Generator(),  # so that the user's own draws nothing here
    )
    yield from loader


def _same(batch: Any) -> Any:
    return batch
