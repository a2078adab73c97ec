"""Raw input to a typed result, by any model: `zoo.predict`."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from zoo.artifacts import weight_store
from zoo.datasets.custom.table_inputs import read_inputs
from zoo.errors import InputError, OptionError, PrecisionError
from zoo.inference.batch_runner import (
    BatchRunner,
    check_options,
    warn_truncated,
)
from zoo.inference.engine import Backend
from zoo.inference.input_warnings import InputWarnings
from zoo.inference.item_errors import collate_named, item_names, opened_named
from zoo.inference.sample import sample, supports
from zoo.inference.sources import ReadInputs, find_source
from zoo.inference.stream import answers, results_of
from zoo.inference.window_grid import parse_windows
from zoo.models.devices import Device, on_device
from zoo.models.loading import find, require_module
from zoo.models.metadata import ModelMetadata, model_metadata
from zoo.models.precision import Precision
from zoo.runtime.eval_mode import eval_mode
from zoo.runtime.table import Table
from zoo.tasks import task_of
from zoo.tasks.results.result_list import ResultList
from zoo.tasks.results.vision import Result

__all__ = ["example", "model_inputs", "predict"]

DRAWS_IN_FLOAT32 = (
    "precision={precision!r} is for predictions: samples are drawn in float32. Leave "
    "precision out."
)


def predict(
    model: nn.Module | str | Path,
    raw: Any,
    *,
    batch_size: int = 64,
    windows: Any = None,
    precision: Precision = "no",
    backend: Backend = "torch",
    device: Device | None = None,
    column: str | None = None,
    encoding: str | None = None,
    allow_outside: bool = False,
    **options: Any,
) -> Result | ResultList:
    """Return the prediction of `model` for `raw`: one result, or a list for a list.

    `model` is a module from `zoo.load`, a name, or a checkpoint folder. What `raw` may
    be depends on the task: a path, a PIL image, an array, a tensor, a dict, a
    DataFrame, or a list of those. A DataFrame, or the path of a CSV, TSV, JSON or
    parquet file, is a list of its rows: `column` names that of the texts or pictures,
    `encoding` is that of the file, and with `allow_outside` it may name pictures that
    are not beside it. Results are typed: they print, convert with
    `.to_dict()`, and show themselves in a notebook. `windows=True`, or a dict of the
    options of `zoo.inference.window_grid.Windows`, lets an image classifier look at
    every part of a picture and find several things in it. A model that draws takes
    None, and `seed=`; one that writes takes the options of
    `zoo.runtime.generation.GenerationConfig`, and one that translates those of
    `zoo.runtime.beam_search.BeamSearchConfig`. `precision="bf16"` computes in
    bfloat16, and "auto" does where the hardware can; scores then agree with those in
    float32 to about two digits. `backend="onnxruntime"` (extra `onnx`) computes the
    same numbers by that engine, and "auto" does where it is faster: see
    `zoo.inference.engine`. `device` is where it computes, such as "cuda:0", or
    "auto" for the fastest; by default where the model is. What holds inputs, such as a
    folder, gives a list of results: see `zoo.predict_iter`, which takes as much and
    does not keep it in memory. Raises InputError, OptionError, PrecisionError,
    DeviceError, BackendError.

    >>> answer = zoo.predict("lenet5-mnist", zoo.example("lenet5-mnist"))
    >>> answer.label, round(answer.score, 2)
    ('7', 1.0)
    >>> [one.label for one in zoo.predict("xor-mlp", [[0, 0], [0, 1]])]
    ['false', 'true']
    """
    module = require_module(model, "zoo.predict(model, input)", device)
    chosen = {} if windows in (None, False) else {"windows": windows}
    if raw is None and supports(module, "sample"):
        if precision not in ("no", "auto"):
            raise PrecisionError(DRAWS_IN_FLOAT32.format(precision=precision))
        with on_device(module, device):
            return _drawn(module, {**chosen, **options})
    known = model_metadata(module)
    task, input_spec = task_of(known.spec), known.spec.input
    check_options(known.spec, {"batch_size": batch_size, **chosen, **options})
    how = ReadInputs(column=column, encoding=encoding, allow_outside=allow_outside)
    source = find_source(raw, input_spec, how)
    if source is not None:
        made = answers(
            module,
            source,
            batch_size=batch_size,
            windows=windows,
            precision=precision,
            backend=backend,
            device=device,
            verb="zoo.predict",
            **options,
        )
        answered = (one for one in results_of(made) if isinstance(one, Result))
        if not (streamed := ResultList(answered)):
            raise InputError("There is no input.", input_spec.description)
        return streamed
    over = parse_windows(windows, known.spec.name, known.labels) if chosen else None
    raw = read_inputs(raw, input_spec, **asdict(how))
    items, single = task.split_items(raw, input_spec)
    own = {name: one for name, one in options.items() if name in task.options}
    prepare = {name: one for name, one in options.items() if name not in own}
    runner = BatchRunner(
        module,
        precision,
        options=options if over else own,
        over=over,
        size=batch_size,
        backend=backend,
    )
    places = raw.places if isinstance(raw, Table) and len(raw) == len(items) else ()
    runner.warned.single = single
    results, cut = ResultList(), 0
    with on_device(module, device), eval_mode(module):
        for opened in _parts(known, items, 1 if over else batch_size, single):
            if over:
                found, odd = runner.windows(opened[0])
                results.append(found)
                runner.warned.add(odd)
            else:
                start = len(results)
                called = [""] if single else item_names(start + 1, len(opened))
                collate = partial(task.collate, input_spec=input_spec, **prepare)
                given = collate_named(collate, opened, called)
                odd = task.input_warnings(given, input_spec)
                names = places[start : start + len(opened)]
                runner.warned.add(odd, start, names)
                results += _answered(runner, given, opened, called)
                cut += task.truncated(opened, input_spec)
    runner.warned.say()
    warn_truncated(module, cut, len(results))
    return results[0] if single else results


def model_inputs(
    module: nn.Module, raw: Any, verb: str, /, *, batch_size: int = 64, **options: Any
) -> tuple[Iterator[tuple[list[Any], Tensor]], bool]:
    """Return raw inputs opened, and as batches; and whether it was one and not a list.

    `verb` is what the user called. Raises InputError, OptionError.
    """
    known = model_metadata(module)
    task, input_spec = task_of(known.spec), known.spec.input
    check_options(known.spec, {"batch_size": batch_size, **options}, verb)
    items, single = task.split_items(read_inputs(raw, input_spec), input_spec)

    def prepared() -> Iterator[tuple[list[Any], Tensor]]:
        cut, warned, start = 0, InputWarnings(single=single), 0
        for opened in _parts(known, items, batch_size, single):
            collate = partial(task.collate, input_spec=input_spec, **options)
            called = [""] if single else item_names(start + 1, len(opened))
            given = collate_named(collate, opened, called)
            warned.add(task.input_warnings(given, input_spec), start)
            cut += task.truncated(opened, input_spec)
            start += len(opened)
            yield opened, given
        warned.say()
        warn_truncated(module, cut, len(items))

    return prepared(), single


def _parts(
    known: ModelMetadata, items: list[Any], step: int, single: bool
) -> Iterator[list[Any]]:
    """Yield the items opened, at most `step` at a time."""
    task = task_of(known.spec)
    for start in range(0, len(items), step):
        part = items[start : start + step]
        names = [""] if single else item_names(start + 1, len(part))
        yield [
            opened_named(partial(task.load_item, item, known.spec.input), name)
            for item, name in zip(part, names, strict=True)
        ]


def example(name: str, *, shuffle: bool = False) -> Path:
    """Return the path of a real input that ships with a model.

    The first one, or with `shuffle` any one. Raises InputError where there is none.

    >>> zoo.example("lenet5-mnist").name
    'seven.png'
    """
    spec = find(name)
    if not spec.examples:
        raise InputError(f"{name!r} ships no example input.", spec.task + " input")
    chosen = random.choice(spec.examples) if shuffle else spec.examples[0]
    return weight_store.package_folder(spec.package) / "examples" / chosen


def _drawn(module: nn.Module, options: dict[str, Any]) -> Result:
    """Return one sample: what a model that draws makes of nothing."""
    known = model_metadata(module).spec
    names = ["seed", *(n for n in task_of(known).options if n != "seed")]
    name = next((name for name in options if name not in names), None)
    if name is not None:
        problem = f"zoo.predict has no option {name!r} where there is no input."
        raise OptionError(known.name, problem, names)
    result: Result = sample(module, **options)[0]
    return result


def _answered(
    runner: BatchRunner, given: Tensor, opened: Sequence[Any], names: Sequence[str]
) -> list[Result]:
    """Return a result for each opened input; an InputError has the input's name in
    front, if it has one."""
    try:
        return runner(given, opened)
    except InputError:
        for one, name in zip(runner.each(given, opened), names, strict=True):
            if isinstance(one, InputError) and name:
                raise one.of(name) from one.__cause__
        raise
