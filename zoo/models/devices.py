"""Which device a model computes on, and how many rows of a batch fit into it."""

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from zoo._utils.hardware import hardware_name
from zoo.errors import DeviceError

__all__ = [
    "BatchLimit",
    "Device",
    "available",
    "described",
    "device_of",
    "is_out_of_memory",
    "on_device",
    "resolve_device",
    "rows_at_once",
]

Device = str | torch.device
T = TypeVar("T")
# As many numbers as eight photographs have. Blocks above 32 MiB go back to the system
# when they are freed, and it clears each page anew when they are asked for again: where
# the outputs of layers are as large, up to a third of the time of a pass.
PIXELS_AT_ONCE = 8 * 3 * 224 * 224
FULL = ("out of memory", "can't allocate memory", "not enough memory")  # as torch says


def available() -> list[str]:
    """Return the devices of this machine that models compute on, the fastest first."""
    found = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def described() -> list[str]:
    """Return these devices with the names of their hardware, where torch knows it."""
    return [
        f"{name} ({hardware_name(torch.device(name))})" if name != "mps" else name
        for name in available()
    ]


def resolve_device(device: Device) -> torch.device:
    """Return a device that this machine has.

    "auto" is the first GPU of CUDA, or else that of Apple (MPS), or else the CPU.
    Raises DeviceError.

    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        return torch.device(available()[0])
    try:
        wanted = torch.device(device)
        if wanted.type == "meta":
            raise RuntimeError("tensors there have no numbers")
        # The index is that of the current GPU, where none is given.
        return torch.empty(0, device=wanted).device
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as exc:
        problem = str(exc).partition("\n")[0].rstrip(".")
        raise DeviceError(
            f"Device {str(device)!r} can't be used: {problem}. This machine has "
            f"{', '.join(available())}; 'auto' takes the first of them."
        ) from exc


def device_of(model: nn.Module) -> torch.device:
    """Return the device of a model's parameters; of one without any, the CPU."""
    parameter = next(model.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


@contextmanager
def on_device(model: nn.Module, device: Device | None) -> Iterator[torch.device]:
    """Have a model on a device while the block lasts; afterwards it is where it was.

    None leaves it where it is. Raises DeviceError.
    """
    before = device_of(model)
    wanted = before if device is None else resolve_device(device)
    if wanted == before:
        yield before
        return
    model.to(wanted)
    try:
        yield wanted
    finally:
        model.to(before)


def rows_at_once(batch: Tensor, device: torch.device) -> int | None:
    """Return how many rows of a batch a CPU computes at once in the least time; None
    for all of them.

    >>> rows_at_once(torch.zeros(64, 3, 224, 224), torch.device("cpu"))
    8
    """
    if batch.ndim != 4 or device.type != "cpu":
        return None
    return max(1, PIXELS_AT_ONCE // max(1, batch[0].numel()))


class BatchLimit:
    """How many rows go through a model at once: halved where the memory is full."""

    def __init__(self) -> None:
        self.most: int | None = None

    def parts(
        self, count: int, call: Callable[[slice], T], most: int | None = None
    ) -> Iterator[T]:
        """Yield what `call` returns for slices of `count` rows, of `most` rows or all.

        Where it runs out of memory, it is called again with half of the rows, and a
        warning says so; later batches are as small. Raises DeviceError where one row
        is too many.
        """
        start = 0
        while start < count:
            size = min(self.most or count, most or count, count - start)
            try:
                made = call(slice(start, start + size))
            except RuntimeError as exc:
                if not is_out_of_memory(exc):
                    raise
                if size == 1:
                    raise DeviceError(
                        "The memory of the device is full with a single input. Free "
                        "some of it, give a smaller input, or use another device."
                    ) from exc
            else:
                yield made
                start += size
                continue
            self.most = size // 2
            warnings.warn(
                f"A batch of {size} does not fit into the memory of the device: going "
                f"on with {self.most}. Set batch_size={self.most} to start with that.",
                stacklevel=2,
            )
            gc.collect()  # the error held what was computed so far
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


def is_out_of_memory(exc: Exception) -> bool:
    """Return whether an error says that a device, or this machine, has no memory."""
    return isinstance(exc, torch.cuda.OutOfMemoryError) or any(
        words in str(exc).lower() for words in FULL
    )
