"""The cost of a model on this machine: time, memory, multiply-adds."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from zoo._utils.hardware import hardware_name, peak_memory
from zoo.inference.engine import Backend, EngineModule, check_backend, with_backend
from zoo.models import loading
from zoo.models.devices import Device, resolve_device
from zoo.models.precision import Precision, at_precision
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.specs.cost import BATCH, Cost

__all__ = ["benchmark"]

MAX_ROUNDS, MAX_SECONDS = 20, 2.0  # whichever ends first, but three rounds at least
STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def benchmark(
    name: str | Path,
    *,
    threads: int | None = None,
    untrained: bool = False,
    precision: Precision = "no",
    backend: Backend = "torch",
    device: Device = "cpu",
) -> Cost:
    """Measure a model on this machine: a load, and forward passes of 1 and 32 inputs.

    The inputs are noise of the model's input size, or texts of 128 tokens if it takes
    as many. `threads` limits the threads of PyTorch. `untrained` measures the
    architecture without its weights; `precision`, `backend` and `device` are as for
    `zoo.predict`, and the result names the backend that computed the batch. Memory is
    that of the process, not of a GPU, and only correct in a fresh one. Raises
    PrecisionError, BackendError, DeviceError, and what `zoo.load` raises.

    >>> cost = zoo.benchmark("xor-mlp")
    >>> cost.multiply_adds
    6
    """
    place = resolve_device(device)

    def load() -> nn.Module:
        made = loading.build(name).eval() if untrained else loading.load(name)
        return made.to(place)

    def quickened(model: nn.Module, given: Tensor) -> nn.Module:
        module = with_backend(model, backend, given)
        return at_precision(module, precision) if module is model else module

    with _threads(threads), torch.inference_mode():
        input_spec = loading.find(name).input
        one, many = (
            preprocessor(input_spec).benchmark(input_spec, rows) for rows in (1, BATCH)
        )
        before = _start()
        check_backend(backend, precision)
        model = load()
        with eval_mode(model):
            quick, quick_batch = (quickened(model, given) for given in (one, many))
            forward_on_device(quick, one)
            memory = _most() - before
            return Cost(
                load_ms=None if untrained else _median(load),
                pass_ms=_median(lambda: forward_on_device(quick, one)),
                batch_ms=_median(lambda: forward_on_device(quick_batch, many)),
                memory_mib=round(max(memory, 0) / 1024, 1),
                multiply_adds=_multiply_adds(model, one),
                hardware=hardware_name(place),
                torch=torch.__version__.partition("+")[0],
                backend="torch"
                if not isinstance(quick_batch, EngineModule)
                else "onnxruntime",
            )


def _multiply_adds(model: nn.Module, inputs: Tensor) -> int:
    model.requires_grad_(False)  # the counter would follow gradients
    counted = FlopCounterMode(display=False)
    backend: Any = torch.backends.mkldnn
    before = backend.enabled
    backend.enabled = False  # there an LSTM is one step, and nothing is seen of it
    try:
        with counted:
            forward_on_device(model, inputs)
    finally:
        backend.enabled = before
    return counted.get_total_flops() // 2


def _median(call: Callable[[], Any]) -> float:
    """Return the median milliseconds of a call, after one warm-up call."""
    call()
    durations: list[float] = []
    while len(durations) < 3 or (
        len(durations) < MAX_ROUNDS and sum(durations) < MAX_SECONDS
    ):
        started = time.perf_counter()
        call()
        durations.append(time.perf_counter() - started)
    return round(statistics.median(durations) * 1e3, 3)


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _start() -> int:
    """Reset the peak memory of this process, and return it in KiB."""
    gc.collect()
    with suppress(OSError):  # only Linux can forget a peak
        FORGET.write_text("5")
    return _most()


def _most() -> int:
    """Return the peak memory of this process in KiB."""
    try:
        rows = STATUS.read_text(encoding="utf-8").splitlines()
        return next(int(row.split()[1]) for row in rows if row.startswith("VmHWM"))
    except (OSError, StopIteration):
        return peak_memory() or 0
