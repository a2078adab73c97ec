"""What every training loop needs: `Run`."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sized
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from zoo.runtime import DataError, Diverged, TrainingError, lower_is_better
from zoo.runtime.rows import TensorRows, normalize, to_model_input, unwrap_model

MAX_LOSS_RATIO = 1e3  # times the first step's loss: no run comes back from there


class Run:
    """What a recipe asks for rows, batches, epochs and steps; the loop is its own."""

    def __init__(
        self,
        spec: Any,
        rows: Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        smoke: bool = False,
        device: str | torch.device = "cpu",
        inputs: Any = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self.spec, self.seed, self.smoke = spec, seed, smoke
        self.device = torch.device(device)
        self.generator = torch.Generator().manual_seed(seed)  # of the rows' order
        self.history: list[dict[str, float]] = []
        self.summary: dict[str, float] = {}
        self.artifacts: dict[str, Any] = {}  # what else a card shows
        self.after_step: list[Callable[[Optimizer], object]] = []
        self.data: dict[str, dict[str, Any]] = {}  # what was read, by its source
        self._rows, self._inputs, self._log = rows or {}, inputs, log
        self._losses: dict[str, tuple[Any, int, Tensor]] = {}  # sum, count, the first
        self._calls = Counter[int]()
        self._best = SimpleNamespace(epoch=0, value=(-math.inf,), weights={})
        self._model: nn.Module | None = None
        self._epoch = 0
        self.rank, self.world_size, self.augmenting = 0, 1, self.generator
        self.backward: Callable[[Tensor], Any] = Tensor.backward
        self.clip: Callable[..., Any] = nn.utils.clip_grad_norm_
        self.mean: Callable[[Tensor], Tensor] = lambda value: value

    def load_rows(self, name: str, split: str = "train", **_columns: Any) -> TensorRows:
        """Return the rows that were given for a split, as tensors."""
        given, target = self.given(name, split)
        if not isinstance(given, Tensor):
            items, _ = self._inputs.read(given, self.spec.input)
            given = self._inputs.encode(items, self.spec.input)
        target, source = torch.as_tensor(target), f"{name}/{split}"
        return TensorRows(input=given, target=target, source=source)

    def given(self, name: str, split: str) -> Any:
        """Return what was given for a split of a dataset. Raises DataError."""
        rows = self._rows.get(f"{name}/{split}", self._rows.get(split))
        if rows is None:
            there = ", ".join(self._rows) or "none"
            raise DataError(
                f"The recipe asks for {split!r} of {name}, and what was given is "
                f"{there}. Give it as {{'{name}/{split}': ...}}; see README.md."
            )
        return rows

    def load_model(self, name: str, *, parent: bool = False) -> Any:
        """Return another model that the recipe needs, given as "NAME/model"."""
        return self.given(name, "model")

    def split(self, rows: Any, fraction: float) -> Any:
        """Return the rows to fit, and a share of them held back for validation."""
        return rows.split(1 - fraction, seed=self.seed)

    def build(self, **options: Any) -> Any:
        """Return the model to train, on the run's device, with fresh weights."""
        made = self.spec.build(**{**self.spec.options, **options})
        made.zoo = SimpleNamespace(spec=self.spec)
        self._model = made.to(self.device).train()
        return self._model

    def prepare(self, part: Any) -> Any:
        """Return a model, optimizer or schedule to train with; images channels-last."""
        if isinstance(part, nn.Module):
            part = part.to(self.device).to(memory_format=torch.channels_last)
        return part

    def keep(self, part: Any) -> None:
        """Have the state of a part that is not prepared, where a run can go on."""

    def steps(self, rows: Sized, size: int, epochs: int) -> int:
        """Return how many steps a whole run takes: schedules want to know."""
        return math.ceil(len(rows) / size) * epochs

    def epochs(self, count: int, *, patience: int | None = None) -> Iterator[int]:
        """Count epochs from 1; stop when `patience` of them brought nothing better."""
        if count < 1:
            raise TrainingError(f"epochs={count} trains nothing; give at least 1.")
        while self._epoch < count:
            since = self._epoch - (self._best.epoch or self._epoch)
            if patience is not None and since >= patience:
                return
            self._epoch += 1
            yield self._epoch

    def batches(
        self,
        rows: Any,
        size: int,
        *,
        augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
        order: Callable[[Tensor, int, torch.Generator], Tensor] | None = None,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (input, target) on the device, in an order drawn afresh.

        `augment` changes a batch, of pixels in 0..1; `order` the order that was drawn.
        """
        count = len(rows)
        if size < 1 or not count:
            raise TrainingError(f"{count} rows make no batches of {size}.")
        drawn = torch.randperm(count, generator=self.generator)
        picked = (order(drawn, size, self.generator) if order else drawn).split(size)
        if self.world_size > 1:
            picked = [batch[self.rank :: self.world_size] for batch in picked]
        for given, target in rows.batches(picked):
            batch = to_model_input(given)
            if augment is not None:
                batch = augment(batch, self.augmenting)
            pixels = given.dtype == torch.uint8
            batch = (normalize if pixels else to_model_input)(batch, self.spec.input)
            yield batch.to(self.device), target.to(self.device)

    def step(
        self,
        loss: Tensor,
        optimizer: Optimizer,
        schedule: LRScheduler | None = None,
        *,
        clip: float | None = None,
        accumulate: int = 1,
        name: str = "loss",
    ) -> None:
        """Go one step down the gradient of `loss`.

        `clip` bounds the gradient's norm; with `accumulate`, gradients of that many
        calls make one step; `name` tells several losses apart.
        """
        self.backward(loss / accumulate if accumulate > 1 else loss)
        total, count, first = self._losses.get(name, (0, 0, loss.detach()))
        self._losses[name] = (total + loss.detach(), count + 1, first)
        self._calls[id(optimizer)] += 1
        if self._calls[id(optimizer)] % accumulate:
            return
        if clip is not None:
            self.clip([p for g in optimizer.param_groups for p in g["params"]], clip)
        optimizer.step()
        optimizer.zero_grad()
        if schedule is not None:
            schedule.step()
        for follow in self.after_step:
            follow(optimizer)

    def log(
        self,
        measured: Mapping[str, float],
        *,
        best: str | tuple[str, ...] = (),
        model: nn.Module | None = None,
    ) -> None:
        """Add a row to the history; `best` names the metric that picks the weights.

        Of several, the next decides where one is equal. Those of `model` are kept, by
        default the model that was built. Raises Diverged.
        """
        row = {"epoch": float(self._epoch), **self._mean_losses(), **measured}
        self.history.append(row)
        if self._log:
            self._log(" ".join(f"{name} {value:.4g}" for name, value in row.items()))
        names = (best,) if isinstance(best, str) else best
        value = tuple(-row[n] if lower_is_better(n) else row[n] for n in names)
        keeping = model or self._model
        if keeping is not None and value > self._best.value:
            weights = unwrap_model(keeping).state_dict().items()
            self._best.weights = {name: tensor.clone() for name, tensor in weights}
            self._best.epoch, self._best.value = self._epoch, value

    def _mean_losses(self) -> dict[str, float]:
        """Return the mean of each loss since the last call. Raises Diverged."""
        means = {}
        for name, (total, count, first) in self._losses.items():
            if count:
                value = means[name] = self.mean(total / count).item()
                most = MAX_LOSS_RATIO * max(abs(first.item()), 1.0)
                if not math.isfinite(value) or abs(value) > most:
                    raise Diverged(value, self._epoch)
                self._losses[name] = (0, 0, first)
        return means

    def log_summary(self, **measured: float) -> None:
        """Keep measured numbers that the card's prose speaks of."""
        self.summary |= {name: float(value) for name, value in measured.items()}

    def best(self, model: nn.Module) -> nn.Module:
        """Return the bare model with the best weights that `log` saw."""
        model = unwrap_model(model)
        if self._best.weights:
            model.load_state_dict(self._best.weights)
        return model
