"""`Run`: the frame a recipe runs in. The loop itself stays in the recipe."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from zoo import models, tensors
from zoo.errors import DataError, DatasetNotFound, Diverged, MissingExtra
from zoo.specs import ModelSpec
from zoo.tensors import Tensors

__all__ = ["Run", "Watcher"]

STAND_IN = 256  # rows of noise in a smoke run without data
GLANCE = 0.25  # seconds between two looks at progress and loss


class Watcher(Protocol):
    """What looks on while a run goes: a progress bar, or nobody."""

    def begin(self, epochs: int) -> None: ...

    def steps(self, done: int, total: int) -> None: ...

    def epoch(self, row: Mapping[str, float]) -> None: ...


class Run:
    """What every loop needs and nobody should write twice.

    A recipe asks it for data, batches, epochs and steps; it keeps the history, the best
    weights, and what goes into the receipt. `random` is the run's own generator.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        seed: int = 0,
        smoke: bool = False,
        device: str | torch.device = "cpu",
        watcher: Watcher | None = None,
    ) -> None:
        self.spec = spec
        self.smoke = smoke
        self.device = torch.device(device)
        self.random = torch.Generator().manual_seed(seed)
        self.history: list[dict[str, float]] = []
        self.data: dict[str, dict[str, Any]] = {}
        self.notes: dict[str, float] = {}
        self.baselines: dict[str, dict[str, float]] = {}
        self.pictures: dict[str, tuple[bytes, str]] = {}
        self._watcher = watcher
        self._model: nn.Module | None = None
        self._best: tuple[float, int, dict[str, Tensor]] | None = None
        self._loss: Tensor | None = None
        self._steps = self._epoch = 0
        self.started = self._looked = time.perf_counter()
        self._patience: int | None = None

    # What the recipe starts from

    def build(self, **options: Any) -> Any:
        """Return the model to train, on the run's device, with fresh weights.

        It is a module of the class that the spec's build function returns.
        """
        self._model = models.build(self.spec.name, **options).to(self.device).train()
        return self._model

    def tensors(self, name: str, split: str = "train", **columns: Any) -> Tensors:
        """Return a dataset as tensors; its fingerprint goes into the receipt.

        A smoke run takes noise of the same shape where the data can't be had.
        """
        try:
            rows = tensors.load(name, split, **columns)
        except (DataError, DatasetNotFound, MissingExtra):
            if not self.smoke:
                raise
            spec, source = self.spec, f"{name}/{split}"
            rows = tensors.stand_in(spec.input, spec.output, STAND_IN, source)
        self.data[rows.source] = {"rows": len(rows), "fingerprint": rows.fingerprint}
        return rows

    # What the loop uses

    def epochs(self, count: int, *, patience: int | None = None) -> Iterator[int]:
        """Count epochs from 1; stop when `patience` of them brought nothing better."""
        self._patience = patience
        if self._watcher:
            self._watcher.begin(count)
        for self._epoch in range(1, count + 1):
            yield self._epoch
            best = self._best[1] if self._best else self._epoch
            if patience is not None and self._epoch - best >= patience:
                break

    def batches(
        self,
        rows: Tensors,
        size: int,
        *,
        augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (input, target) on the device, in an order drawn afresh.

        `augment` changes a prepared batch; it draws from the run's generator.
        """
        order = torch.randperm(len(rows), generator=self.random)
        for number, picked in enumerate(order.split(size), start=1):
            batch = tensors.prepared(rows.input[picked])
            if augment is not None:
                batch = augment(batch, self.random)
            self._look(number, math.ceil(len(rows) / size))
            yield batch.to(self.device), rows.target[picked].to(self.device)

    def steps(self, rows: Tensors, size: int, epochs: int) -> int:
        """Return how many steps a whole run takes: schedules want to know."""
        return math.ceil(len(rows) / size) * epochs

    def step(
        self,
        loss: Tensor,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
    ) -> None:
        """Go one step down the gradient of `loss`."""
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if schedule is not None:
            schedule.step()
        # Summed where it lies: asking for its value would wait at every step.
        self._loss = loss.detach() if self._loss is None else self._loss + loss.detach()
        self._steps += 1

    def log(self, measured: Mapping[str, float], *, best: str | None = None) -> None:
        """Add a row to the history; `best` names the figure that picks the weights.

        A figure with "loss" or "error" in its name is better when lower.
        """
        row = {"epoch": float(self._epoch), **self._mean_loss(), **measured}
        self.history.append(row)
        if self._watcher:
            self._watcher.epoch(row)
        if best is not None and self._model is not None:
            lower = "loss" in best or "error" in best
            value = -row[best] if lower else row[best]
            if self._best is None or value > self._best[0]:
                state = {n: t.clone() for n, t in self._model.state_dict().items()}
                self._best = (value, self._epoch, state)

    def best(self, model: nn.Module) -> nn.Module:
        """Return `model` with the best weights that `log` saw."""
        if self._best is not None:
            model.load_state_dict(self._best[2])
        return model

    # What goes into the receipt and the card

    def note(self, **measured: float) -> None:
        """Keep measured numbers that the card's prose speaks of."""
        self.notes |= {name: float(value) for name, value in measured.items()}

    def baseline(self, name: str, **measured: float) -> None:
        """Keep what a simple method reaches on the same data."""
        self.baselines[name] = measured

    def picture(self, name: str, content: bytes, caption: str) -> None:
        """Keep a picture for the run folder and the card."""
        self.pictures[f"{name}.png"] = (content, caption)

    def _mean_loss(self) -> dict[str, float]:
        if self._loss is None:
            return {}
        mean, steps = (self._loss / self._steps).item(), self._steps
        self._loss, self._steps = None, 0
        if not math.isfinite(mean):
            raise Diverged(mean, self._epoch, steps)
        return {"loss": mean}

    def _look(self, number: int, total: int) -> None:
        """Tell the watcher and check the loss, a few times a second."""
        now = time.perf_counter()
        if now - self._looked < GLANCE:
            return
        self._looked = now
        if self._watcher:
            self._watcher.steps(number, total)
        if self._loss is not None and not math.isfinite(loss := self._loss.item()):
            raise Diverged(loss, self._epoch, number)
