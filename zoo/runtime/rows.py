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

    def __post_init__(self) -> None:
        if len(self.input) != len(self.target):
            counts = f"{len(self.input)} inputs and {len(self.target)} targets"
            raise DataError(f"The rows {self.source!r} have {counts}.")

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, rows: slice | Tensor) -> Self:
        return replace(self, input=self.input[rows], target=self.target[rows])

    def split(self, fraction: float, *, seed: int) -> tuple[Self, Self]:
        """Return two random parts, the first with `fraction` of the rows; or, of rows
        that are `timed`, what came first and what came last."""
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
    """Return the row numbers of two random parts; without a seed, in their order."""
    order = torch.arange(count)
    if seed is not None:
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    border = round(fraction * count)
    if not 0 < border < count:
        raise DataError(f"{source}: {count} rows can't be split at {fraction}.")
    return order[:border], order[border:]


def to_model_input(rows: Tensor, input_spec: Any = None) -> Tensor:
    """Return inputs as models take them: bytes become floats in 0..1 and, with
    `input_spec`, are normalised, and texts are no wider than the longest of them."""
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
    moments = torch.tensor([input_spec.mean, input_spec.std])[..., None, None]
    return (batch - moments[0]) / moments[1]


@torch.inference_mode()
def predict_batches(model: nn.Module, given: Any, *, batch_size: int = 1000) -> Tensor:
    """Return what the model gives for inputs or rows, on the CPU, in eval mode."""
    model = unwrap_model(model)
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    modes = [(part, part.training) for part in model.modules()]  # some may be frozen
    model.eval()
    whole = isinstance(given, Tensor)
    parts = given.split(batch_size) if whole else model_inputs(model, given)
    outputs = [model(part.to(device)).cpu() for part in parts]
    for part, training in modes:
        part.training = training
    return torch.cat(outputs)


def model_inputs(model: nn.Module, rows: Any) -> Iterator[Tensor]:
    """Yield the inputs of rows as the model takes them, many at a time."""
    return (to_model_input(part, spec_of(model).input) for part in rows.in_order())


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
