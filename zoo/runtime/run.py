"""What every training loop needs: `Run`."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sized
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from zoo.runtime import DataError, Diverged, TrainingError, lower_is_better
from zoo.runtime.rows import TensorRows, normalize, to_model_input, unwrap_model

MAX_LOSS_RATIO = 1e3  # times the first step's loss: no run comes back from there


class Run:
    """What a recipe asks for rows, batches, epochs and steps; the loop is the recipe's.

    It keeps the history and the best weights. `generator` draws the order of the rows.
    """

    def __init__(
        self,
        spec: Any,
        rows: Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        smoke: bool = False,
        device: str | torch.device = "cpu",
        inputs: Any = None,
        targets: Callable[[Any, Any], Tensor] | None = None,
        log: Callable[[str], None] | None = None,
        feature_extractor: nn.Module | None = None,
    ) -> None:
        self.spec, self.seed, self.smoke = spec, seed, smoke
        self.device = torch.device(device)
        self.generator = torch.Generator().manual_seed(seed)
        self.history: list[dict[str, float]] = []
        self.summary: dict[str, float] = {}
        self.artifacts: dict[str, Any] = {}
        self.after_step: list[Callable[[Optimizer], object]] = []
        self.data: dict[str, dict[str, Any]] = {}  # what was read, by its source
        self._rows, self._log = rows or {}, log
        self._inputs, self._targets = inputs, targets  # how rows become tensors
        self._feature_extractor = feature_extractor
        self._losses: dict[str, tuple[Any, int, Tensor]] = {}  # sum, count, the first
        self._calls = Counter[int]()
        self._best = SimpleNamespace(epoch=0, value=(-math.inf,), weights={})
        self._model: nn.Module | None = None
        self._epoch = 0
        # In one process. A subclass may share each batch between several.
        self.rank, self.world_size, self.augmenting = 0, 1, self.generator
        self.backward: Callable[[Tensor], Any] = Tensor.backward
        self.clip: Callable[..., Any] = nn.utils.clip_grad_norm_
        self.mean: Callable[[Tensor], Tensor] = lambda value: value

    def load_rows(self, name: str, split: str = "train", **_columns: Any) -> TensorRows:
        """Return the rows that were given for a split, as tensors."""
        given, target = self.given(name, split)
        if not isinstance(given, Tensor):
            if self.spec.input.kind == "text":
                items = self.load_texts(name, split)
            else:
                items, _ = self._inputs.read(given, self.spec.input)
            given = self._inputs.encode(items, self.spec.input)
        if len(given) != len(target):
            counts = f"{len(given)} inputs and {len(target)} targets"
            raise DataError(f"The rows {split!r} have {counts}.")
        if self._targets is not None and not isinstance(target, Tensor):
            target = self._targets(target, self.spec.output)
        source = f"{name}/{split}"
        return TensorRows(input=given, target=torch.as_tensor(target), source=source)

    def load_texts(
        self,
        name: str,
        split: str = "train",
        *,
        target: bool = False,
        column: str = "text",
    ) -> list[str]:
        """Return the texts that were given for a split: the inputs, or the targets.

        A split of texts without targets may be a list of them, or a single one.
        """
        given = self.given(name, split)
        texts = given[target] if isinstance(given, tuple) else given
        texts = [texts] if isinstance(texts, str | Path) else list(texts)
        texts = [t.read_text("utf-8") if isinstance(t, Path) else t for t in texts]
        for kind in {type(t).__name__ for t in texts if not isinstance(t, str)}:
            raise DataError(f"The rows {split!r} hold a {kind} where a text should be.")
        return texts

    def given(self, name: str, split: str) -> Any:
        """Return what was given for a split of a dataset. Raises DataError."""
        rows = self._rows.get(f"{name}/{split}", self._rows.get(split))
        if rows is None:
            there = ", ".join(self._rows) or "none"
            raise DataError(
                f"The recipe asks for the rows {split!r} (of {name}), and there are "
                f"{there}. Give them as {{{split!r}: (input, target)}}."
            )
        return rows

    def load_weights(self, name: str) -> Mapping[str, Tensor]:
        """Return the weights to start from that were given by a model's name."""
        weights: Mapping[str, Tensor] | None = self._rows.get(name)
        if weights is None:
            raise DataError(
                f"The recipe starts from the weights of {name!r}. Give them with the "
                f"rows, as {{{name!r}: state_dict}}."
            )
        return weights

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
        """Return a model, optimizer or schedule as the run's processes use it."""
        return part.to(self.device) if isinstance(part, nn.Module) else part

    def keep(self, part: Any) -> None:
        """Have the state of a part that is not prepared, where a run can go on."""

    def child(self, *, seed: int) -> Self:
        """Return a run of its own for the same model, as for a fold of the rows."""
        return type(self)(self.spec, seed=seed, smoke=self.smoke, device=self.device)

    def feature_extractor(self, name: str) -> nn.Module:
        """Return the model by whose features a recipe compares rows: the model `name`,
        or what was given for it. Raises TrainingError."""
        if self._feature_extractor is None:
            raise TrainingError(
                f"The recipe compares samples with rows by the features of {name!r}, "
                "and there is no such model here. Give feature_extractor=model: that "
                "one, ejected, or any module that turns rows into features."
            )
        return self._feature_extractor

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
        Several processes share each batch of `size` rows.
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
        calls make one step; `name` is the name of the loss. What the optimizer
        leaves alone should need no gradient: it would add up there.
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

    def log_artifact(self, name: str, value: Any) -> None:
        """Keep anything else of the training that the card shows."""
        self.artifacts[name] = value

    def best(self, model: nn.Module) -> nn.Module:
        """Return the bare model with the best weights that `log` saw."""
        model = unwrap_model(model)
        if self._best.weights:
            model.load_state_dict(self._best.weights)
        return model
