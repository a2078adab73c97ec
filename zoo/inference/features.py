"""Features, the input of a model's head, with a cache on disk."""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo._utils import paths
from zoo.datasets.custom.examples import Column, DatasetSplits, LabeledExamples, content
from zoo.datasets.custom.table_inputs import read_inputs
from zoo.errors import DataError, InputError, OptionError
from zoo.inference.batch_runner import truncation, warn_truncated
from zoo.inference.engine import Backend, check_backend
from zoo.inference.feature_engine import feature_engine
from zoo.inference.item_errors import collate_named, item_names, opened_named
from zoo.models import scratch_tensor, sealed_cache
from zoo.models.config_fit import blaming_config
from zoo.models.devices import (
    BatchLimit,
    Device,
    device_of,
    on_device,
    rows_at_once,
)
from zoo.models.freeze import head_of
from zoo.models.fuse_batchnorm import fuse_batchnorm, optimize_for_batch
from zoo.models.loading import require_module
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.models.precision import (
    Precision,
    Resolved,
    at_precision,
    check_used,
    resolve_precision,
)
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime.augmentation import Copies
from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.features import head_inputs
from zoo.specs import Input
from zoo.tasks import task_of

__all__ = [
    "before_head",
    "count_truncated",
    "example_features",
    "faults",
    "features",
    "model_inputs",
    "targets",
    "truncation_note",
    "unreadable_message",
    "unreadable_rows",
    "without_unreadable",
]

CACHE_VERSION = 4  # of the files in the cache
BATCH_SIZE = 32
MANY = 2 * BATCH_SIZE  # rows: of more it pays to make a quick copy of the model
MAX_CACHE_BYTES = 256 << 20  # of features that are kept on disk
NO_COPIES = Copies()  # none


def features(
    model: nn.Module | str | Path,
    raw: Any,
    *,
    batch_size: int = BATCH_SIZE,
    precision: Precision = "auto",
    column: str | None = None,
    encoding: str | None = None,
    allow_outside: bool = False,
    device: Device | None = None,
    backend: Backend = "torch",
) -> Tensor:
    """Return the input of the head of `model` for raw inputs, (inputs, numbers).

    Of a model whose output is a vector, return that output. Raw inputs are those
    of `zoo.predict`, with its options of tables. They are computed in bfloat16 where
    the hardware can, unless `precision` is "no", and on `device`, as for `zoo.predict`.
    `backend` is too; "onnxruntime" computes in float32. Raises InputError,
    PrecisionError, DeviceError, BackendError, and OptionError where there is no head.

    >>> seven = zoo.example("lenet5-mnist")
    >>> zoo.features("lenet5-mnist", [seven, seven]).shape
    torch.Size([2, 84])
    """
    check_backend(backend, precision)
    module = require_module(model, "zoo.features(model, input)", device)
    spec = model_metadata(module).spec
    task, limit = task_of(spec), BatchLimit()
    raw = read_inputs(
        raw,
        spec.input,
        column=column,
        encoding=encoding,
        allow_outside=allow_outside,
    )
    items, single = task.split_items(raw, spec.input)
    names = [""] if single else item_names(1, len(items))
    parts: list[Tensor] = []
    cut = 0
    with on_device(module, device), eval_mode(module), torch.inference_mode():
        quick: nn.Module | None = None
        engines: dict[int, nn.Module | None] = {}  # by the size of the batch

        def computed(given: Tensor, part: slice) -> Tensor:
            if len(given) not in engines:  # the weights stay as they are meanwhile
                engines[len(given)] = feature_engine(module, backend, given)
            engine = engines[len(given)]
            if engine is not None:
                return forward_on_device(engine, given[part])
            assert quick is not None, "made of the first batch"
            if spec.output.is_features:
                return forward_on_device(quick, given[part])
            return before_head(quick, given[part])[0]

        for start in range(0, len(items), batch_size):
            part = slice(start, start + batch_size)
            opened = [
                opened_named(partial(task.load_item, item, spec.input), name)
                for item, name in zip(items[part], names[part], strict=True)
            ]
            collate = partial(task.collate, input_spec=spec.input)
            given = collate_named(collate, opened, names[part])
            cut += task.truncated(opened, spec.input)
            with blaming_config(module, given=given):
                if quick is None:
                    whole = unwrap_model(module) is module and len(items) > MANY
                    quick = optimize_for_batch(module, given) if whole else module
                    quick = at_precision(quick, precision)
                most = rows_at_once(given, device_of(module))
                parts += limit.parts(len(given), partial(computed, given), most)
        if quick is not None:
            check_used(quick, precision)
    warn_truncated(module, cut, len(items))
    return torch.cat(parts).clone()


def before_head(model: nn.Module, given: Tensor) -> tuple[Tensor, Tensor]:
    """Return the head's input and the model's output for a prepared batch."""
    seen, output = head_inputs(model, head_of(model), given.to(device_of(model)))
    if len(seen) != 1:
        problem = f"its head {head_of(model)!r} runs {len(seen)} times in one pass."
        raise OptionError(model_metadata(model).spec.name, problem, [])
    return seen[0].float().cpu(), output.cpu()


def model_inputs(
    model: nn.Module,
    rows: LabeledExamples,
    batch_size: int = BATCH_SIZE,
    **options: Any,
) -> Iterator[Tensor]:
    """Yield the inputs of examples as batches; the next are opened meanwhile.

    `options` are those of the kind of input, such as `invert`.
    """
    spec = model_metadata(model).spec
    task = task_of(spec)

    def load(row: int) -> Any:
        return task.load_item(_item(task, rows, row, spec.input), spec.input)

    def made(start: int) -> Tensor:
        names = rows.names[start : start + batch_size]
        names = [""] * len(names) if rows.placed else names
        opened = [
            opened_named(partial(load, row), name)
            for row, name in enumerate(names, start)
        ]
        collate = partial(task.collate, input_spec=spec.input, **options)
        return collate_named(collate, opened, names)

    starts = list(range(0, len(rows), batch_size))
    with ThreadPoolExecutor(max_workers=2) as pool:
        coming = [pool.submit(made, start) for start in starts[:2]]
        for number in range(len(starts)):
            ready = coming.pop(0).result()
            if number + 2 < len(starts):
                coming.append(pool.submit(made, starts[number + 2]))
            yield ready


def count_truncated(model: nn.Module, rows: LabeledExamples) -> int:
    """Return how many texts are longer than the model reads."""
    spec = model_metadata(model).spec
    if not spec.input.takes_strings:
        return 0
    task, cut = task_of(spec), 0
    for row in range(len(rows)):
        with suppress(InputError):  # of what is no text, which is said elsewhere
            opened = task.load_item(_item(task, rows, row, spec.input), spec.input)
            cut += task.truncated([opened], spec.input)
    return cut


def truncation_note(
    model: nn.Module, cut: int, rows: LabeledExamples, source: str, part: str
) -> str:
    """Return what is said of `cut` texts that are longer than the model reads, or "".

    `source` and `part` are the names of the data and of the split that they are of.
    """
    what = " ".join(f"{part} texts".split())
    said = truncation(model_metadata(model).spec, cut, len(rows), what)
    return f"{source}: {said}" if cut else ""


def targets(model: nn.Module, rows: LabeledExamples) -> Tensor:
    """Return what rows answer, as the loss and the measure of the task take it."""
    spec = model_metadata(model).spec
    return task_of(spec).target_tensor(rows, spec.input, spec.output)


def unreadable_rows(model: nn.Module, rows: LabeledExamples) -> dict[int, str]:
    """Return the rows that can't be opened, by number, and why."""
    spec = model_metadata(model).spec
    input_spec = spec.output.training_input(spec.input)
    drawing = input_spec is not spec.input  # from noise: its rows are what it draws
    reader: Any = preprocessor(input_spec) if drawing else task_of(spec)

    def fault(row: int) -> str:
        try:
            reader.load_item(_item(reader, rows, row, input_spec), input_spec)
        except InputError as exc:
            return exc.problem
        return ""

    with ThreadPoolExecutor(max_workers=2) as pool:
        problems = list(pool.map(fault, range(len(rows))))
    return {row: problem for row, problem in enumerate(problems) if problem}


def without_unreadable(
    model: nn.Module, splits: DatasetSplits
) -> tuple[DatasetSplits, tuple[str, ...]]:
    """Leave out what can't be opened, and say what that is. Raises DataError."""
    faults: list[str] = []
    kept: dict[str, Any] = {}
    for part, rows in splits.parts().items():
        bad = unreadable_rows(model, rows)
        faults += _named(part, rows, bad)
        kept[part] = rows.pick([row for row in range(len(rows)) if row not in bad])
        if not len(kept[part]):
            raise DataError(f"{splits.source}: no {part} row can be read.")
    left = replace(splits, **kept) if faults else splits
    before = splits.counts()
    gone = [label for label, n in left.counts().items() if not n and before[label]]
    if gone:
        raise DataError(
            f"{splits.source}: no training row of {', '.join(gone)} can be read."
        )
    return left, tuple(faults)


def _named(part: str, rows: LabeledExamples, faults: Mapping[int, str]) -> list[str]:
    """Return faults by the names of their rows, and of their part if not training."""
    before = "" if part == "training" else f"{part} rows, "
    found = []
    for row, problem in faults.items():
        place = f"{rows.names[row]}: "
        at = problem.lower().find(place.lower())  # where it is said already
        inside = getattr(rows.items, "timed", False)  # of a window, one row is at fault
        said = problem[at + len(place) :] if at >= 0 else problem
        found.append(f"{before}{said if inside and at < 0 else place + said}")
    return list(dict.fromkeys(found))


def faults(model: nn.Module, splits: DatasetSplits) -> list[str]:
    """Return every input that can't be opened, by the name of its row, and why."""
    return [
        fault
        for part, rows in splits.parts().items()
        for fault in _named(part, rows, unreadable_rows(model, rows))
    ]


def unreadable_message(model: nn.Module, splits: DatasetSplits) -> DataError | None:
    """Return an error that names every input that can't be opened, if there are any."""
    found = faults(model, splits)
    if not found:
        return None
    shown = " ".join(found[:10])
    more = f" And {len(found) - 10} more." if len(found) > 10 else ""
    what = "1 input" if len(found) == 1 else f"{len(found)} inputs"
    return DataError(
        f"{splits.source}: {what} can't be read. {shown}{more} Mend them, or leave "
        "them out with skip_unreadable=True (--skip-unreadable)."
    )


def example_features(
    model: nn.Module,
    rows: LabeledExamples,
    copies: Copies = NO_COPIES,
    *,
    precision: Precision = "auto",
) -> Tensor:
    """Return the features of examples, (rows, numbers); kept on disk where it can be.

    With `copies`, the changed copies of all rows follow. The cache's key is of the
    weights before the head, the input spec, the precision, the content of the inputs
    and how it is decoded. What a transform of a dataset gives is not kept.
    """
    resolved = resolve_precision(precision, next(model.parameters()).device)
    cached = _cached(model, rows, copies, resolved)
    kept = None if cached is None else sealed_cache.read(cached, ("features",))
    if kept is not None and len(kept["features"]) == len(rows) * copies.count:
        return kept["features"].clone()
    result = _computed(model, rows, copies, resolved)
    if cached is not None and result.nbytes <= MAX_CACHE_BYTES:
        sealed_cache.write({"features": result}, cached)
    return result


def _computed(
    model: nn.Module, rows: LabeledExamples, copies: Copies, precision: Resolved
) -> Tensor:
    result: Tensor | None = None
    quick, random = None, torch.Generator().manual_seed(copies.seed)
    start = 0
    with eval_mode(model):
        for batch in model_inputs(model, rows):
            with torch.inference_mode(), blaming_config(model, given=batch):
                if quick is None:
                    quick = at_precision(_optimized(model, batch, len(rows)), precision)
                found = [_of_batch(quick, one) for one in copies.of(batch, random)]
            if result is None:
                count = len(rows) * copies.count
                result = scratch_tensor.empty((count, *found[0].shape[1:]))
            for number, features in enumerate(found):
                first = number * len(rows) + start
                result[first : first + len(features)] = features
            start += len(batch)
    assert result is not None, "there are rows"
    return result


def _of_batch(model: nn.Module, given: Tensor) -> Tensor:
    most = rows_at_once(given, device_of(model)) or len(given)
    return torch.cat([before_head(model, part)[0] for part in given.split(most)])


def _optimized(model: nn.Module, given: Tensor, rows: int) -> nn.Module:
    """Return the model as it is for few rows: to quicken it costs a batch or two.
    On a GPU it does not pay."""
    if rows <= MANY or device_of(model).type != "cpu":
        return model
    return fuse_batchnorm(unwrap_model(model), given[:1])


def _item(reader: Any, rows: LabeledExamples, row: int, input_spec: Input) -> Any:
    """Return one row's input as a task or a preprocessor takes it, alone."""
    given = rows.items
    raw = given.placed(row) if isinstance(given, Column) else given[row]
    items, _ = reader.split_items(raw, input_spec)
    return items[0]


def _cached(
    model: nn.Module, rows: LabeledExamples, copies: Copies, precision: Resolved
) -> Path | None:
    decoding = rows.items.decoding if isinstance(rows.items, Column) else ""
    content_hash = None if decoding is None else content(rows.items)
    if content_hash is None:
        return None
    known = model_metadata(model)
    options = {k: v for k, v in sorted(known.options.items()) if k != "classes"}
    made = (
        CACHE_VERSION,
        known.spec.build,
        options,
        known.spec.input,
        content_hash,
        decoding,
        copies,
        precision,
    )
    seal = hashlib.sha256(repr(made).encode())
    head = head_of(model) + "."
    for name, value in sorted(unwrap_model(model).state_dict().items()):
        if not name.startswith(head):
            seal.update(name.encode())
            seal.update(value.contiguous().cpu().view(-1).view(torch.uint8).numpy())
    return paths.cache_dir() / "features" / seal.hexdigest()[:32]
