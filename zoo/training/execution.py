"""Where a run computes: this process alone, or several through accelerate.

One process goes round accelerate, whose wrappers cost almost a millisecond a step:
nothing at the size of a ResNet, everything at that of an MLP. Only float16, whose small
gradients must be scaled, goes through it in any case.
"""

import atexit
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from zoo.errors import MissingExtra, TrainingError
from zoo.models.precision import (
    DTYPES,
    Autocast,
    Precision,
    Resolved,
    resolve_precision,
)

__all__ = [
    "ExecutionContext",
    "execution_context",
    "recipe_precision",
    "started_processes",
]


@dataclass(frozen=True)
class ExecutionContext:
    """A device, the accelerator of several processes, and the precision of models."""

    device: torch.device
    accelerator: Any = None
    autocast: Autocast | None = None  # of models in training mode

    @property
    def world_size(self) -> int:
        """How many processes compute together."""
        return self.accelerator.num_processes if self.accelerator else 1

    @property
    def rank(self) -> int:
        """The number of this one; 0 writes the files."""
        return self.accelerator.process_index if self.accelerator else 0

    def prepare(self, part: Any) -> Any:
        """Return a model, optimizer or schedule ready to be used here."""
        if isinstance(part, LRScheduler):
            return part  # accelerate's would step once for each process
        if self.autocast is not None and isinstance(part, nn.Module):
            part = self.autocast.apply(part)
        if self.accelerator is not None:
            return self.accelerator.prepare(part)
        return part.to(self.device) if isinstance(part, nn.Module) else part

    @property
    def precision(self) -> Resolved:
        """In what models have computed so far."""
        if self.accelerator is not None and self.accelerator.mixed_precision == "fp16":
            return "fp16"
        return self.autocast.precision if self.autocast and self.autocast.used else "no"

    @contextmanager
    def autocasting(self, *, enabled: bool = True) -> Iterator[None]:
        """Compute in the precision of the context, where there is one to be used."""
        if self.autocast is None or not enabled:
            yield
            return
        self.autocast.used = True
        with torch.autocast(self.device.type, DTYPES[self.autocast.precision]):
            yield

    def backward(self, loss: Tensor) -> None:
        if self.accelerator is None:
            loss.backward()
        else:
            self.accelerator.backward(loss)

    def clip(self, parameters: Iterable[Tensor], most: float) -> None:
        """Scale gradients down to a norm of at most `most`."""
        if self.accelerator is None:
            nn.utils.clip_grad_norm_(parameters, most)
        else:
            self.accelerator.clip_grad_norm_(parameters, most)

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean of a number over all processes."""
        if self.world_size == 1:
            return value
        mean: Tensor = self.accelerator.reduce(value, reduction="mean")
        return mean

    def wait(self) -> None:
        """Wait until every process has come here."""
        if self.accelerator is not None:
            self.accelerator.wait_for_everyone()


def execution_context(
    device: str | torch.device,
    precision: Resolved = "no",
    *,
    processes: int | None = None,
) -> ExecutionContext:
    """Return the place the environment asks for: torchrun and accelerate set it.

    Raises TrainingError where other than `processes` of them run together: some
    launchers quietly start one.
    """
    started = started_processes()
    asked = processes or started
    if started != asked:
        raise _other(asked, started)
    autocast = Autocast("bf16") if precision == "bf16" else None
    if started == 1 and precision != "fp16":
        return ExecutionContext(torch.device(device), autocast=autocast)
    try:
        from accelerate import Accelerator
    except ImportError as exc:
        raise MissingExtra("accelerate", "Training on several processes") from exc
    on_cpu = torch.device(device).type == "cpu"
    scaled = "fp16" if precision == "fp16" else "no"
    accelerator = Accelerator(cpu=on_cpu, mixed_precision=scaled)
    # Threads of a group that outlives the interpreter abort the process.
    atexit.register(accelerator.state.destroy_process_group)
    if accelerator.num_processes != asked:
        raise _other(asked, accelerator.num_processes)
    return ExecutionContext(accelerator.device, accelerator, autocast)


def started_processes() -> int:
    """Return how many processes a launcher has started. Raises TrainingError."""
    told = os.environ.get("WORLD_SIZE", "1")
    if not told.isdecimal() or int(told) < 1:
        raise TrainingError(
            f"WORLD_SIZE={told!r} is not a number of processes. torchrun and "
            "'accelerate launch' set it; unset it to train in one process."
        )
    return int(told)


def recipe_precision(
    precision: Precision, device: str | torch.device, settings: Any
) -> Resolved:
    """Return the precision that a recipe trains in with these settings.

    "auto" is "bf16" only where the hardware computes in it and the recipe has a setting
    `amp` that is true: its author knows that it loses nothing in bfloat16.
    """
    proven = getattr(settings, "amp", False)
    return resolve_precision(precision, device, proven=proven)


def _other(asked: int, running: int) -> TrainingError:
    return TrainingError(
        f"{asked} processes were asked for, and {running} run together. Start them "
        f"with torchrun --nproc-per-node {asked} -m zoo train ..."
    )
