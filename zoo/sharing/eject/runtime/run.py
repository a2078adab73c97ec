"""The frame of a recipe that was ejected: what `zoo.Run` does, in one process.

`zoo.eject` copies this module beside a recipe, with what it imports; the recipe runs
there as it does here, and makes the same weights of the same rows. Nothing is kept for
resuming, drawn or put into a receipt. Needs torch alone.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets.splits import batch_order
from zoo.errors import DataError, Diverged
from zoo.evaluation.metric_selection import signed_score
from zoo.preprocessing.normalization import statistics
from zoo.sharing.eject.runtime.tensors import TensorRows, normalize, to_model_input
from zoo.training.optimizer_step import Stepping
from zoo.training.settings import change, check_ranges

__all__ = ["Run", "SeriesInput", "TabularInput", "train"]


class Named(SimpleNamespace):
    """An object of JSON, its values by their names."""


class TabularInput(Named):
    """What a model of table rows takes."""


class SeriesInput(Named):
    """What a model of series takes."""


INPUTS = {"table": TabularInput, "series": SeriesInput}


class Place:
    """Where a run is: in one process, which need not share what it found."""

    rank, world = 0, 1

    def backward(self, loss: Tensor) -> None:
        """Compute the gradient of a loss."""
        loss.backward()

    def clip(self, parameters: Iterable[Tensor], most: float) -> None:
        """Scale gradients down to a norm of at most `most`."""
        nn.utils.clip_grad_norm_(parameters, most)

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean over all processes."""
        return value


class Losses:
    """The losses since the last look, by name."""

    def __init__(self) -> None:
        self._held: dict[str, list[Tensor]] = {}

    def add(self, name: str, value: Tensor) -> None:
        """Add the loss of one step."""
        self._held.setdefault(name, []).append(value)

    def means(self, epoch: int) -> dict[str, float]:
        """Return the mean losses since the last call. Raises Diverged."""
        held, self._held = self._held, {}
        found = {name: torch.stack(one).mean().item() for name, one in held.items()}
        for value in found.values():
            if not math.isfinite(value):
                raise Diverged(value, epoch)
        return found


class Run(Stepping):
    """What a recipe asks for data, batches, epochs and steps."""

    def __init__(
        self,
        spec: Any,
        rows: Mapping[str, TensorRows] | None = None,
        *,
        seed: int = 0,
        smoke: bool = False,
        device: str | torch.device = "cpu",
        told: Callable[[str], None] | None = None,
    ) -> None:
        self.spec, self.seed, self.smoke = spec, seed, smoke
        self.device, self.context, self._losses = (
            torch.device(device),
            Place(),
            Losses(),
        )
        super().__init__(self.context, self._losses)
        self.generator = torch.Generator().manual_seed(seed)
        self.history: list[dict[str, float]] = []
        self.split_sizes: tuple[int, int] | None = None
        self.summary: dict[str, float] = {}
        self._rows, self._told = rows or {}, told
        self._model: nn.Module | None = None
        self._best: tuple[int, tuple[float, ...], dict[str, Tensor]] = (0, (), {})
        self._epoch = 0

    def build(self, **options: Any) -> Any:
        """Return the model to train, on the run's device, with fresh weights."""
        made = self.spec.build(**{**self.spec.options, **options})
        self._model = made.to(self.device).train()
        object.__setattr__(self._model, "spec_of_run", self.spec)
        return self._model

    def fit_normalization(self, rows: TensorRows) -> None:
        """Let the model expect pixels less the mean of `stream_rows`, by their deviation."""
        mean, std = statistics(rows.in_order(), rows.source)
        input_spec = Named(**{**vars(self.spec.input), "mean": mean, "std": std})
        self.spec = Named(**{**vars(self.spec), "input": input_spec})

    def prepare(self, part: Any) -> Any:
        """Return a model, optimizer or schedule as it is."""
        return part

    def ema(self, model: nn.Module, *, decay: float) -> nn.Module:
        """Return a copy that follows the steps of `model` as a moving average."""
        found: nn.Module = self._averages.add(model, decay).module
        return found

    def load_rows(self, name: str, split: str = "train", **_columns: Any) -> TensorRows:
        """Return the rows that were given for a split. Raises DataError."""
        if split not in self._rows:
            raise DataError(
                f"The recipe asks for the rows {split!r} (of {name}), and there are "
                f"{', '.join(self._rows) or 'none'}. Give them as "
                f"{{{split!r}: (input, target)}}."
            )
        return self._rows[split]

    def split(self, rows: TensorRows, holding: float) -> tuple[TensorRows, TensorRows]:
        """Return the rows to fit, and a share of them held back for validation."""
        fitting, held = rows.split(1 - holding, seed=self.seed)
        self.split_sizes = len(fitting), len(held)
        return fitting, held

    def epochs(self, count: int, *, patience: int | None = None) -> Iterator[int]:
        """Count epochs from 1; stop when `patience` of them brought nothing better."""
        while self._epoch < count:
            since = self._epoch - (self._best[0] or self._epoch)
            if patience is not None and since >= patience:
                return
            self._epoch += 1
            yield self._epoch

    def batches(
        self,
        rows: TensorRows,
        size: int,
        *,
        augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
        length: Tensor | None = None,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (input, target) on the device, in an order drawn afresh.

        `augment` changes a batch, of pixels in 0..1. With `length`, (rows,), rows of
        like length share one.
        """
        for picked in batch_order(len(rows), size, self.generator, length).split(size):
            given = rows.input[picked]
            batch = to_model_input(given)
            if augment is not None:
                batch = augment(batch, self.generator)
            if given.dtype == torch.uint8:
                batch = normalize(batch, self.spec.input)
            yield batch.to(self.device), rows.target[picked].to(self.device)

    def log(
        self,
        measured: Mapping[str, float],
        *,
        best: str | tuple[str, ...] = (),
        model: nn.Module | None = None,
    ) -> None:
        """Add a row to the history; `best` names the figure that picks the weights.

        Raises Diverged where a loss is no longer a number.
        """
        losses = self._losses.means(self._epoch)
        row = {"epoch": float(self._epoch), **losses, **measured}
        self.history.append(row)
        if self._told:
            self._told(" ".join(f"{name} {value:.4g}" for name, value in row.items()))
        names = (best,) if isinstance(best, str) else best
        if names and (keeping := model or self._model) is not None:
            found = tuple(signed_score(name, row[name]) for name in names)
            if not self._best[1] or found > self._best[1]:
                weights = keeping.state_dict().items()
                self._best = self._epoch, found, {k: v.clone() for k, v in weights}

    def best(self, model: nn.Module) -> nn.Module:
        """Return the model with the best weights that `log` saw."""
        if self._best[2]:
            model.load_state_dict(self._best[2])
        return model

    def log_summary(self, **measured: float) -> None:
        """Keep measured numbers."""
        self.summary |= measured


def train(
    recipe: ModuleType,
    build: Callable[..., nn.Module],
    options: Mapping[str, Any],
    config: Path,
    rows: Mapping[str, Sequence[Tensor]],
    *,
    device: str | torch.device = "cpu",
    told: Callable[[str], None] | None = print,
    **settings: Any,
) -> nn.Module:
    """Return a fresh model that a recipe trained on `rows`, in eval mode.

    Rows are (input, target) by split, "train" at least; `settings` change the recipe's.
    The same seed makes the same weights on the same machine. `told` is called with a
    line for each epoch. Raises SettingsError, DataError, Diverged.
    """
    chosen = change(recipe.Settings(), settings)
    check_ranges(chosen)
    held = {name: _checked(name, *pair) for name, pair in rows.items()}
    with torch.random.fork_rng():
        torch.manual_seed(chosen.seed)
        spec = _spec(config, build, options)
        run = Run(spec, held, seed=chosen.seed, device=device, told=told)
        model: nn.Module = recipe.train(chosen, run)
    return model.eval()


def _checked(name: str, given: Tensor, target: Tensor) -> TensorRows:
    if len(given) != len(target):
        raise DataError(
            f"The rows {name!r} have {len(given)} inputs and {len(target)} targets."
        )
    return TensorRows(input=given, target=target, source=name)


def _spec(
    config: Path, build: Callable[..., nn.Module], options: Mapping[str, Any]
) -> Named:
    held = json.loads(config.read_text(encoding="utf-8"))
    for part in ("input", "output"):
        held[part] = json.loads(json.dumps(held[part]), object_hook=_named)
    return Named(**{**held, "build": build, "options": options})


def _named(held: dict[str, Any]) -> Named:
    return INPUTS.get(held.get("kind", ""), Named)(**held)
