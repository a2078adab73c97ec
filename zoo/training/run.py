"""`Run`: the frame that a recipe of the zoo runs in. The loop stays in the recipe."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from zoo._utils.import_string import resolve
from zoo.datasets import in_memory, streaming
from zoo.datasets.streaming import Data, StreamedRows
from zoo.datasets.texts import load_texts
from zoo.errors import Diverged, SettingsError, TrainingError
from zoo.models import loading
from zoo.models.metadata import (
    attach,
    model_metadata,
    with_input_spec,
)
from zoo.plugins.discovery import installed
from zoo.runtime.ema import ema
from zoo.runtime.folds import Fold
from zoo.runtime.normalization import fit_normalization
from zoo.runtime.rows import TensorRows
from zoo.runtime.text_run import TextRun
from zoo.specs import ModelSpec
from zoo.training.execution import ExecutionContext
from zoo.training.monitoring import TrainingMonitor
from zoo.training.resume import ResumeCheckpoint
from zoo.training.trackers import Tracker

__all__ = ["Run", "one_row_explained"]

ONE_ROW = (
    "Batch normalisation learns from the spread of a batch, and a batch of one row has "
    "none. Give a batch_size of 2 or more, and 2 rows for each process."
)
CHECK_SECONDS = 0.25  # seconds between two looks at progress and loss


class Run(TextRun):
    """What every training loop needs, and what the zoo adds to it.

    Beside what an ejected recipe has: registered datasets, several processes, progress,
    trackers, going on after a kill, and what goes into the receipt and the card.

    >>> run = zoo.Run(zoo.get_spec("xor-mlp"), seed=1)
    >>> model = run.build()
    >>> sum(one.numel() for one in model.parameters())
    9
    """

    spec: ModelSpec

    def __init__(
        self,
        spec: ModelSpec,
        *,
        seed: int = 0,
        smoke: bool = False,
        device: str | torch.device = "cpu",
        place: ExecutionContext | None = None,
        monitor: TrainingMonitor | None = None,
        trackers: Sequence[Tracker] = (),
        keeper: ResumeCheckpoint | None = None,
        fold: Fold | None = None,
        settings: Any = None,
    ) -> None:
        self.context = place or ExecutionContext(torch.device(device))
        super().__init__(spec, seed=seed, smoke=smoke, device=self.context.device)
        self.rank, self.world_size = self.context.rank, self.context.world_size
        self.backward, self.clip = self.context.backward, self.context.clip
        self.mean = self.context.mean
        if self.world_size > 1:
            # Processes agree on the order, and each draws its own distortions.
            self.augmenting = torch.Generator().manual_seed(seed + 1 + self.rank)
        self.selection_metric: str | None = (
            None  # of the weights to keep, as given to `log`
        )
        self.split_sizes: tuple[int, int] | None = None  # rows to fit and held back
        self.held_out: TensorRows | StreamedRows | None = None  # those held back
        self.learned: TensorRows | StreamedRows | None = (
            None  # those of batches, those to fit, or all
        )
        self._sure = False  # whether these are the ones
        self.baselines: dict[str, dict[str, float]] = {}
        self.figures: dict[str, tuple[bytes, str]] = {}
        self.settings = settings  # the recipe's, for a report that trains again
        self.started = self._glanced = time.perf_counter()
        self._monitor, self._trackers, self._fold = monitor, trackers, fold
        self._keeper = keeper or ResumeCheckpoint(None, {})
        self._returned_best = False

    # What the recipe starts from

    def load_rows(
        self,
        name: str,
        split: str = "train",
        *,
        reader: str | None = None,
        **options: Any,
    ) -> TensorRows:
        """Return a dataset as tensors; its fingerprint goes into the receipt.

        The `options` are those of `zoo.recipes.load_rows`, or of a function of the
        plugin, `reader="package.module:function"`, that is called with the name, the
        split, `input_spec` and `output_spec` besides. A smoke run takes noise of the
        same shape where the data can't be had.
        """
        load = in_memory.load_rows
        if reader is not None:
            plugin = installed().packages()[self.spec.package].name
            load = resolve(reader, plugin=plugin)
            options["output_spec"] = self.spec.output
        rows: TensorRows = self._read(load, name, split, options)
        if split == "train" and self.learned is None:
            self._learns(rows, sure=False)
        return rows

    def _learns(self, rows: TensorRows | StreamedRows, *, sure: bool) -> None:
        """Remember rows that are learned from, to compare others with."""
        if not self._sure:
            self.learned, self._sure = rows, sure

    def load_texts(
        self,
        name: str,
        split: str = "train",
        *,
        target: bool = False,
        column: str = "text",
    ) -> list[str]:
        """Return a text column of a dataset, as it is, to make a tokenizer of.

        With `target`, an ejected recipe reads the column of the targets. A smoke
        run takes random words where the data can't be had.
        """
        return load_texts(name, split, column=column, stand_in=self.smoke)

    def stream_rows(
        self, name: str, split: str = "train", **options: Any
    ) -> StreamedRows | TensorRows:
        """Return a dataset that need not fit in memory, to be used like `load_rows`.

        Its batches are decoded when they are asked for, with `workers=4` by processes
        that work ahead. Pictures are brought to the model's size.
        """
        rows: StreamedRows | TensorRows = self._read(
            streaming.stream_rows, name, split, options
        )
        return rows

    def _read(self, load: Any, name: str, split: str, options: dict[str, Any]) -> Any:
        stand_in = self.spec if self.smoke else None
        options["input_spec"] = self.spec.input
        rows = in_memory.load_or_synthetic(load, name, split, options, stand_in)
        self.data[rows.source] = {"rows": len(rows), "fingerprint": rows.fingerprint}
        return rows

    def load_model(self, name: str, *, parent: bool = False) -> nn.Module:
        """Return another model of the zoo that the recipe needs.

        With `parent`, the model that was built starts from its weights: config.json
        will name it.
        """
        model = loading.load(name)
        if parent:
            report = model_metadata(model).report
            if report is None or self._model is None:
                raise TrainingError(
                    f"The recipe of {self.spec.name!r} loads the parent {name!r} "
                    "before it builds its own model. Build it first."
                )
            known = {"name": name, "sha256": report.sha256}
            attach(self._model, replace(model_metadata(self._model), parent=known))
        return model

    def split(self, rows: Data, holding: float) -> tuple[Data, Data]:
        """Return the rows to fit, and a share of them held back for validation.

        In a cross-validation the rows held back are those of the fold.
        """
        if self._fold is None:
            training, held_out = super().split(rows, holding)
        else:
            training, held_out = self._fold.split(rows, seed=self.seed)
        self.split_sizes = len(training), len(held_out)
        self.held_out = held_out
        self._learns(training, sure=False)
        return training, held_out

    def fit_normalization(self, rows: TensorRows | StreamedRows) -> None:
        """See `zoo.runtime.normalization.fit_normalization`."""
        fit_normalization(self, rows)

    def build(self, **options: Any) -> Any:
        """Return the model to train, on the run's device, with fresh weights.

        It is a module of the class that the spec's build function returns.
        """
        made = loading.build(self.spec.name, **options).to(self.device).train()
        self._model = with_input_spec(
            made, self.spec.input
        )  # which `fit_normalization` changes
        return self._model

    def prepare(self, part: Any) -> Any:
        """Return a model, optimizer or schedule ready to train with.

        A model is brought to the device, its images in the order that is fastest, and
        computes in the run's precision while it is in training mode. What was prepared
        is kept for resuming. In one process nothing is wrapped.
        """
        prepared = self.context.prepare(super().prepare(part))
        self._keeper.add(prepared)
        if self.world_size > 1 and isinstance(part, nn.Module):
            torch.manual_seed(self.seed + self.rank)  # dropout differs by process
        return prepared

    def keep(self, part: Any) -> None:
        """Keep the state of a part that is not prepared, for resuming."""
        self._keeper.add(part)

    def ema(self, model: nn.Module, *, decay: float) -> nn.Module:
        """See `zoo.runtime.ema.ema`."""
        return ema(self, model, decay=decay)

    # What the loop uses

    def epochs(self, count: int, *, patience: int | None = None) -> Iterator[int]:
        """Count epochs from 1; stop when `patience` of them brought nothing better.

        A run that was killed goes on after the last epoch whose state was kept.
        """
        self._go_on()
        if self._monitor:
            self._monitor.training_started(count, self._epoch)
        for epoch in super().epochs(count, patience=patience):
            yield epoch
            if self.rank == 0:
                self._keeper.save(self._memory())

    def batches(
        self,
        rows: TensorRows | StreamedRows,
        size: int,
        **how: Any,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (input, target) on the device, in an order drawn afresh.

        `augment` changes a batch, of pixels in 0..1; it draws from the run's generator.
        With `order=by_length(length)`, rows of like length share one: see
        `zoo.runtime.bucketing`. Several processes share each batch of `size` rows
        between them. Where the model normalises over batches, a last batch of one row
        is left out, for this epoch: one row has no variance.
        """
        in_memory.check_labels(rows.target, self.spec.output, rows.source)
        self._learns(rows, sure=True)
        if left := self._left_over(len(rows), size):
            how["order"] = _without_last(left, how.get("order"))
        batches = super().batches(rows, size, **how)
        return self._watched(batches, self.steps(rows, size, 1) if size > 0 else 0)

    def steps(self, rows: Sized, size: int, epochs: int) -> int:
        """Return how many steps a whole run takes: schedules want to know."""
        kept = range(len(rows) - self._left_over(len(rows), size))
        return super().steps(kept, size, epochs)

    def _left_over(self, count: int, size: int) -> int:
        """Return how many rows of an epoch are too few for a batch of each process."""
        rest = count % size if 0 < size < count else 0
        return rest if rest < 2 * self.world_size and self._normalizes() else 0

    def _normalizes(self) -> bool:
        model = self._model
        return model is not None and any(
            isinstance(part, _BatchNorm) for part in model.modules()
        )

    def _watched(self, batches: Iterator[Any], total: int) -> Iterator[Any]:
        """Yield batches; look at progress and losses every now and then."""
        for number, batch in enumerate(batches, start=1):
            if (now := time.perf_counter()) - self._glanced > CHECK_SECONDS:
                self._glanced = now
                self._check_losses()
                if self._monitor and self.rank == 0:
                    self._monitor.step_finished(number, total)
            yield batch

    def _check_losses(self) -> None:
        """Raise Diverged where the sum of a loss is no number."""
        for total, count, _ in self._losses.values():
            if count and not math.isfinite(value := total.item()):
                raise Diverged(value, self._epoch)

    def log(
        self,
        measured: Mapping[str, float],
        *,
        best: str | tuple[str, ...] = (),
        model: nn.Module | None = None,
    ) -> None:
        """Add a row to the history, and show it; see `zoo.runtime.run.Run.log`."""
        before = self._best.weights
        super().log(measured, best=best, model=model)
        if self._best.weights is not before:
            self._best.row = len(self.history) - 1
        names = (best,) if isinstance(best, str) else best
        self.selection_metric = names[0] if names else self.selection_metric
        if self.rank == 0:
            for tracker in self._trackers:
                tracker.log(self.history[-1], self._epoch)
            if self._monitor:
                self._monitor.epoch_finished(self.history[-1])

    def best(self, model: nn.Module) -> nn.Module:
        """Return the bare model with the best weights that `log` saw."""
        self._returned_best = True
        return super().best(model)

    @property
    def returned_best(self) -> bool:
        """Whether the recipe has returned the weights of the best epoch that it saw."""
        return self._returned_best and hasattr(self._best, "row")

    def kept_row(self, *, ended: bool) -> Mapping[str, float]:
        """Return the row of the history whose weights the recipe returns; {} of none.

        That is the best one, where the recipe returns `run.best`, or else the last.
        Until the recipe has `ended`, it is taken to return what it keeps.
        """
        row = getattr(self._best, "row", None)
        if row is None or (ended and not self.returned_best):
            row = -1
        return self.history[row] if self.history else {}

    def last_good(self) -> nn.Module | None:
        """Return the model with the best weights so far, if there were any."""
        return self.best(self._model) if self._model and self._best.weights else None

    # What goes into the receipt and the card

    def log_baseline(self, name: str, **measured: float) -> None:
        """Keep what a simple method reaches on the same data."""
        self.baselines[name] = measured

    def log_figure(self, name: str, content: bytes, caption: str) -> None:
        """Keep a picture, a PNG or a GIF, for the run folder and the card."""
        ending = "gif" if content.startswith(b"GIF8") else "png"
        self.figures[f"{name}.{ending}"] = (content, caption)

    # Going on after a kill

    def _memory(self) -> dict[str, Any]:
        return {
            "epoch": self._epoch,
            "history": self.history,
            "best": vars(self._best),
            "random": self.generator.get_state(),
            "seconds": time.perf_counter() - self.started,
            "data": self.data,
        }

    def _go_on(self) -> None:
        if (state := self._keeper.load()) is not None:
            self._check_data(state["data"])
            self._epoch, self.history = state["epoch"], state["history"]
            vars(self._best).update(state["best"])
            self.generator.set_state(state["random"])
            self.started -= state["seconds"]

    def _check_data(self, begun: Mapping[str, Any]) -> None:
        """Refuse to go on with other rows than those that the run began with."""
        for source, rows in self.data.items():
            if begun.get(source) != rows:
                raise SettingsError(
                    f"The rows of {source} are not those that the interrupted run "
                    "began with. Bring them back, or start again without --resume."
                )


@contextmanager
def one_row_explained() -> Iterator[None]:
    """Say in words what torch says of a batch of one row under batch normalisation.

    Raises TrainingError.
    """
    try:
        yield
    except ValueError as exc:
        if "more than 1 value per channel" not in str(exc):
            raise
        raise TrainingError(ONE_ROW) from exc


Order = Callable[[Tensor, int, torch.Generator], Tensor]


def _without_last(left: int, order: Order | None) -> Order:
    """Return an order of rows without the last ones of it."""

    def ordered(drawn: Tensor, size: int, random: torch.Generator) -> Tensor:
        return (order(drawn, size, random) if order else drawn)[: len(drawn) - left]

    return ordered
