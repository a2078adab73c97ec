"""Rows in memory: split, put into batches, and shown to a model."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor, nn

from zoo.runtime import DataError

CHUNK_ROWS = 1000  # rows that are looked at together


@dataclass(frozen=True, kw_only=True)
class TensorRows:
    """Rows of a dataset: `input` (rows, ...) and `target` (rows,) or (rows, labels).

    Pictures stay bytes, (rows, channels, height, width), until they are used; texts are
    token numbers, (rows, longest). Rows that are `timed` follow each other in time.
    """

    input: Tensor
    target: Tensor
    source: str
    fingerprint: str = ""
    timed: bool = False

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, rows: slice | Tensor) -> Self:
        return replace(self, input=self.input[rows], target=self.target[rows])

    def split(self, fraction: float, *, seed: int) -> tuple[Self, Self]:
        """Return two parts in random order, the first with `fraction` of the rows.

        Rows that are `timed` stay in order: the second part is what came last.
        """
        how: dict[str, Any] = {"seed": None if self.timed else seed}
        first, second = random_split(len(self), fraction, source=self.source, **how)
        return self[first], self[second]

    def batches(self, picked: Iterable[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the input and the target of each batch of row numbers."""
        for rows in picked:
            yield self.input[rows], self.target[rows]

    def in_order(self) -> Iterator[Tensor]:
        """Yield all inputs in their order, many at a time."""
        yield from self.input.split(CHUNK_ROWS)


def random_split(
    count: int, fraction: float, *, seed: int | None, source: str
) -> tuple[Tensor, Tensor]:
    """Return the row numbers of two parts in random order, the first with `fraction`.

    Without a seed they stay in their order.
    """
    order = torch.arange(count)
    if seed is not None:
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    border = round(fraction * count)
    if not 0 < border < count:
        raise DataError(f"{source}: {count} rows can't be split at {fraction}.")
    return order[:border], order[border:]


def to_model_input(rows: Tensor, input_spec: Any = None) -> Tensor:
    """Return inputs as models take them: bytes become floats in 0..1.

    With an `input_spec`, pictures are also normalised, and texts are cut to the longest
    of them.
    """
    if rows.dtype == torch.uint8:
        rows = rows.float().div_(255)
        return rows if input_spec is None else normalize(rows, input_spec)
    if input_spec is None or input_spec.kind != "text" or rows.is_floating_point():
        return rows  # floats are features of texts
    used = (rows != input_spec.pad_token_id).any(dim=0).nonzero()
    return rows[:, : int(used.max()) + 1 if len(used) else 1].long()


def normalize(batch: Tensor, input_spec: Any) -> Tensor:
    """Return pixels in 0..1 as a model takes them: less a mean, by a deviation."""
    if input_spec.kind != "image" or [*input_spec.mean, *input_spec.std] == [0, 1]:
        return batch
    moments = (input_spec.mean, input_spec.std)
    mean, std = (torch.tensor(each).view(-1, 1, 1) for each in moments)
    return (batch - mean) / std


@torch.inference_mode()
def predict_batches(model: nn.Module, given: Tensor, *, batch: int = 1000) -> Tensor:
    """Return the model's output for prepared inputs, on the CPU, in eval mode."""
    model = unwrap_model(model)
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    training = model.training
    model.eval()
    outputs = [model(part.to(device)).cpu() for part in given.split(batch)]
    model.train(training)
    return torch.cat(outputs)


def predict_rows(model: nn.Module, rows: Any) -> Tensor:
    """Return the model's output for all rows of a dataset; see `predict_batches`."""
    input_spec = spec_of(model).input
    parts = (to_model_input(part, input_spec) for part in rows.in_order())
    return torch.cat([predict_batches(model, part) for part in parts])


def spec_of(model: nn.Module) -> Any:
    """Return the spec of a model, as `Run.build` attached it."""
    known: Any = unwrap_model(model)
    return known.zoo.spec


def unwrap_model(model: nn.Module) -> nn.Module:
    """Return the model inside torch.compile and DistributedDataParallel."""
    for name in ("_orig_mod", "module"):
        inner = model._modules.get(name)
        if inner is not None and "zoo" not in vars(model):
            return unwrap_model(inner)
    return model
