"""`Run`: the frame a recipe runs in. The loop itself stays in the recipe."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets import in_memory as tensors
from zoo.datasets import streaming as streams
from zoo.datasets.in_memory import TensorRows
from zoo.datasets.splits import Fold, batch_order, batch_shares
from zoo.datasets.streaming import Data, StreamedRows
from zoo.errors import TrainingError
from zoo.evaluation.metric_selection import signed_score
from zoo.models import loading as models
from zoo.models.metadata import unwrap_model, with_input_spec
from zoo.preprocessing.normalization import normalize
from zoo.specs import ModelSpec
from zoo.training.execution import ExecutionContext
from zoo.training.monitoring import BestWeights, LossTracker, TrainingMonitor
from zoo.training.optimizer_step import Stepping
from zoo.training.resume import ResumeCheckpoint
from zoo.training.trackers import Tracker

__all__ = ["Run"]


class Run(Stepping):
    """What every loop needs and nobody should write twice.

    A recipe asks it for data, batches, epochs and steps; it keeps the history, the best
    weights, and what goes into the receipt. `generator` is the run's own generator.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        seed: int = 0,
        smoke: bool = False,
        place: ExecutionContext | None = None,
        watcher: TrainingMonitor | None = None,
        trackers: Sequence[Tracker] = (),
        keeper: ResumeCheckpoint | None = None,
        fold: Fold | None = None,
    ) -> None:
        self.spec, self.smoke, self.seed = spec, smoke, seed
        self.context = place or ExecutionContext(torch.device("cpu"))
        self._best, self._losses = BestWeights(), LossTracker()
        super().__init__(self.context, self._losses)
        self.generator = torch.Generator().manual_seed(seed)
        self._apart = torch.Generator().manual_seed(seed + 1 + self.context.rank)
        self.history: list[dict[str, float]] = []
        self.selection_metric: str | None = (
            None  # what `log` was told to pick the weights by
        )
        self.split_sizes: tuple[int, int] | None = None  # rows to fit and held back
        self.data: dict[str, dict[str, Any]] = {}
        self.summary: dict[str, float] = {}
        self.baselines: dict[str, dict[str, float]] = {}
        self.figures: dict[str, tuple[bytes, str]] = {}
        self.started = time.perf_counter()
        self._watcher, self._trackers, self._fold = watcher, trackers, fold
        self._keeper = keeper or ResumeCheckpoint(None, {})
        self._model: nn.Module | None = None
        self._epoch = 0

    @property
    def device(self) -> torch.device:
        return self.context.device

    # What the recipe starts from

    def build(self, **options: Any) -> Any:
        """Return the model to train, on the run's device, with fresh weights.

        It is a module of the class that the spec's build function returns.
        """
        made = models.build(self.spec.name, **options).to(self.device).train()
        self._model = with_input_spec(
            made, self.spec.input
        )  # which `fit_normalization` changes
        return self._model

    def fit_normalization(self, rows: TensorRows | StreamedRows) -> None:
        """Let the model that `build` will make expect pixels less the mean of `stream_rows`,
        by their deviation. Both numbers are saved with the weights.
        """
        mean, std = rows.statistics()
        input_spec: Any = self.spec.input
        self.spec = replace(self.spec, input=replace(input_spec, mean=mean, std=std))

    def prepare(self, part: Any) -> Any:
        """Return a model, optimizer or schedule ready for several processes.

        What was prepared is kept for resuming. In one process nothing is wrapped.
        """
        prepared = self.context.prepare(part)
        self._keeper.add(prepared)
        if self.context.world_size > 1 and isinstance(part, nn.Module):
            torch.manual_seed(
                self.seed + self.context.rank
            )  # dropout differs by process
        return prepared

    def ema(self, model: nn.Module, *, decay: float) -> nn.Module:
        """Return a copy that follows the steps of `model` as a moving average."""
        average = self._averages.add(unwrap_model(model), decay)
        self._keeper.add(average)
        found: nn.Module = average.module
        return found

    def load_rows(self, name: str, split: str = "train", **columns: Any) -> TensorRows:
        """Return a dataset as tensors; its fingerprint goes into the receipt.

        A smoke run takes noise of the same shape where the data can't be had.
        """
        rows: TensorRows = self._read(tensors.load, name, split, columns)
        return rows

    def stream_rows(
        self, name: str, split: str = "train", **options: Any
    ) -> StreamedRows | TensorRows:
        """Return a dataset that need not fit in memory, to be used like `load_rows`.

        Its batches are decoded when they are asked for, with `workers=4` by processes
        that work ahead. Pictures are brought to the model's size.
        """
        rows: StreamedRows | TensorRows = self._read(streams.load, name, split, options)
        return rows

    def _read(self, load: Any, name: str, split: str, options: dict[str, Any]) -> Any:
        stand_in = self.spec if self.smoke else None
        options["input_spec"] = self.spec.input
        rows = tensors.load_or_synthetic(load, name, split, options, stand_in)
        self.data[rows.source] = {"rows": len(rows), "fingerprint": rows.fingerprint}
        return rows

    def split(self, rows: Data, holding: float) -> tuple[Data, Data]:
        """Return the rows to fit, and a share of them held back for validation.

        In a cross-validation the rows held back are those of the fold.
        """
        if self._fold is None:
            fitting, held = rows.split(1 - holding, seed=self.seed)
        else:
            fitting, held = rows.fold(self._fold, seed=self.seed)
        self.split_sizes = len(fitting), len(held)
        return fitting, held

    # What the loop uses

    def epochs(self, count: int, *, patience: int | None = None) -> Iterator[int]:
        """Count epochs from 1; stop when `patience` of them brought nothing better.

        A run that was killed goes on after the last epoch whose state was kept.
        """
        if count < 1:
            raise TrainingError(f"epochs={count} trains nothing; give at least 1.")
        self._go_on()
        if self._watcher:
            self._watcher.begin(count, self._epoch)
        while self._epoch < count and not self._stale(patience):
            self._epoch += 1
            yield self._epoch
            if self.context.rank == 0:
                self._keeper.save(self._memory())

    def batches(
        self,
        rows: TensorRows | StreamedRows,
        size: int,
        *,
        augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
        length: Tensor | None = None,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (input, target) on the device, in an order drawn afresh.

        `augment` changes a batch, of pixels in 0..1; it draws from the run's generator.
        With `length`, (rows,), rows of like length share one: see `parting.ordered`.
        Several processes share each batch of `size` rows between them.
        """
        tensors.check_labels(rows.target, self.spec.output, rows.source)
        order = batch_order(len(rows), size, self.generator, length)
        # Processes agree on the order, and each draws its own distortions.
        drawing = self.generator if self.context.world_size == 1 else self._apart
        total, place = math.ceil(len(rows) / size), self.context
        picked = batch_shares(order, size, rank=place.rank, world=place.world_size)
        for number, (given, target) in enumerate(rows.batches(picked), start=1):
            batch = tensors.to_model_input(given)
            if augment is not None:
                batch = augment(batch, drawing)
            if given.dtype == torch.uint8:
                batch = normalize(batch, self.spec.input)
            else:
                batch = tensors.to_model_input(batch, self.spec.input)
            if (
                self._losses.check_finite(self._epoch)
                and self._watcher
                and not place.rank
            ):
                self._watcher.steps(number, total)
            yield batch.to(self.device), target.to(self.device)

    def log(
        self,
        measured: Mapping[str, float],
        *,
        best: str | tuple[str, ...] = (),
        model: nn.Module | None = None,
    ) -> None:
        """Add a row to the history; `best` names the figure that picks the weights.

        Of several, the next decides where one is equal. An error or a loss is best when
        lowest. Those of `model` are kept, by default the model that was built.
        """
        losses = self._losses.means(self.context, self._epoch)
        row = {"epoch": float(self._epoch), **losses, **measured}
        self.history.append(row)
        names = (best,) if isinstance(best, str) else best
        self.selection_metric = names[0] if names else self.selection_metric
        if names and (keeping := model or self._model) is not None:
            value = tuple(signed_score(name, row[name]) for name in names)
            self._best.update(keeping, value, self._epoch)
        if self.context.rank == 0:
            for tracker in self._trackers:
                tracker.log(row, self._epoch)
            if self._watcher:
                self._watcher.epoch(row)

    def best(self, model: nn.Module) -> nn.Module:
        """Return the bare model with the best weights that `log` saw."""
        return self._best.restore(unwrap_model(model))

    def last_good(self) -> nn.Module | None:
        """Return the model with the best weights so far, if there were any."""
        return self.best(self._model) if self._model and self._best.weights else None

    # What goes into the receipt and the card

    def log_summary(self, **measured: float) -> None:
        """Keep measured numbers that the card's prose speaks of."""
        self.summary |= {name: float(value) for name, value in measured.items()}

    def log_baseline(self, name: str, **measured: float) -> None:
        """Keep what a simple method reaches on the same data."""
        self.baselines[name] = measured

    def log_figure(self, name: str, content: bytes, caption: str) -> None:
        """Keep a picture, a PNG or a GIF, for the run folder and the card."""
        ending = "gif" if content.startswith(b"GIF8") else "png"
        self.figures[f"{name}.{ending}"] = (content, caption)

    # Early stopping, and going on after a kill

    def _stale(self, patience: int | None) -> bool:
        best = self._best.epoch or self._epoch
        return patience is not None and self._epoch - best >= patience

    def _memory(self) -> dict[str, Any]:
        return {
            "epoch": self._epoch,
            "history": self.history,
            "best": vars(self._best),
            "random": self.generator.get_state(),
            "seconds": time.perf_counter() - self.started,
        }

    def _go_on(self) -> None:
        if (held := self._keeper.load()) is not None:
            self._epoch, self.history = held["epoch"], held["history"]
            vars(self._best).update(held["best"])
            self.generator.set_state(held["random"])
            self.started -= held["seconds"]
