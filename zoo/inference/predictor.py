"""A model as a function of batches that other frameworks send to their workers."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from torch import nn

from zoo.errors import InputError, near
from zoo.inference.answer_file import as_row
from zoo.inference.batch_runner import check_options
from zoo.inference.sources import Source, stored_value
from zoo.inference.stream import answers
from zoo.models.loading import find, load, when_written
from zoo.specs import ClassOutput

__all__ = ["Predictor"]

COMPUTING = "precision", "backend"  # options of every model


class Predictor:
    """Adds a model's answers to batches of rows: for `datasets.map`, Ray Data, PySpark.

    What is pickled is the name of the model, not its weights: each worker loads them
    once, from its store or checkpoint folder. `column` names that of the pictures or
    texts; a model of rows takes its columns by name. A row that can't be answered has
    its `error`, and no other value. `top` and the columns are those of `zoo predict
    -o`; the other options are those of `zoo.predict_iter`.

    Raises ModelNotFound, OptionError.

    >>> predictor = zoo.Predictor("lenet5-mnist", column="image")
    >>> predictor({"image": [zoo.example("lenet5-mnist")]})["label"]
    ['7']

    `dataset.map(predictor, batched=True, num_proc=2)` does that in `datasets`,
    `dataset.map_batches(predictor, batch_format="numpy")` in Ray Data, and
    `frame.mapInPandas(predictor.map_in_pandas, schema)` in PySpark.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        column: str | None = None,
        top: int | None = None,
        batch_size: int = 64,
        device: str | None = None,
        **options: Any,
    ) -> None:
        self.model, self.column, self.top, self.device = model, column, top, device
        self.options = {"batch_size": batch_size, **options}
        self.spec = find(model)
        plain = {k: v for k, v in self.options.items() if k not in COMPUTING}
        check_options(self.spec, plain, "zoo.Predictor")

    def __call__(self, batch: Any) -> Any:
        """Return a batch with the answers as new columns.

        It is a dict of columns, or a DataFrame, and comes back as one. Raises
        InputError where it lacks a column.
        """
        frame = hasattr(batch, "iloc")
        columns = {str(n): list(batch[n]) for n in batch} if frame else dict(batch)
        made = self._answered(columns)
        if frame:
            return batch.assign(**made)
        return {**columns, **made}

    def map_in_pandas(self, frames: Iterable[Any]) -> Iterator[Any]:
        """Yield DataFrames with the answers as new columns, as PySpark asks for it."""
        yield from map(self, frames)

    def __repr__(self) -> str:
        return f"<Predictor of {self.spec.name}>"

    def _answered(self, columns: Mapping[str, Any]) -> dict[str, list[Any]]:
        raw = self._inputs(columns)
        source = Source(lambda: ((f"row {n}", one) for n, one in enumerate(raw)), None)
        module = _loaded(self.model, self.device, when_written(self.model))
        rows = [
            as_row(one, top=self.top)
            for one in answers(
                module, source, pictures=False, verb="zoo.Predictor", **self.options
            )
        ]
        names = dict.fromkeys(name for row in rows for name in row)
        if isinstance(self.spec.output, ClassOutput):  # also where no row has an answer
            names = dict.fromkeys(self._class_columns()) | names
        del names["input"]
        return {name: [row.get(name) for row in rows] for name in names}

    def _class_columns(self) -> list[str]:
        if self.spec.output.multi_label:  # type: ignore[attr-defined]
            return ["labels", "scores"]
        more = range(2, min(self.top or 1, len(self.spec.labels)) + 1)
        return [
            "label",
            "score",
            *(f"{c}_{n}" for n in more for c in ("label", "score")),
        ]

    def _inputs(self, columns: Mapping[str, Any]) -> list[Any]:
        needed = self.spec.input.required_columns
        if needed:
            for name in needed:
                self._need(name, [name], columns)
            each = zip(*(columns[name] for name in needed), strict=True)
            return [dict(zip(needed, row, strict=True)) for row in each]
        usual = self.spec.input.column_names
        wanted = [self.column] if self.column is not None else list(usual)
        found = next((name for name in wanted if name in columns), None)
        if found is None:
            self._need(wanted[0], wanted, columns)
        return [stored_value(one) for one in columns[found]]  # type: ignore[index]

    def _need(self, name: str, wanted: list[str], columns: Mapping[str, Any]) -> None:
        if name in columns:
            return
        listing = " or ".join(map(repr, wanted[:4]))
        problem = (
            f"The batch has no column {listing}. {near(name, columns)}It has "
            f"{', '.join(columns)}."
        )
        raise InputError(problem, self.spec.input.description)


@lru_cache(maxsize=4)
def _loaded(
    model: str | Path, device: str | None, written: tuple[int, ...]
) -> nn.Module:
    """Return a model, loaded once in each process, and again where its folder was
    replaced since."""
    return load(model, device=device)
