"""Where a run computes: this process alone, or several through accelerate.

One process without mixed precision goes round accelerate, whose wrappers cost almost a
millisecond a step: nothing at the size of a ResNet, everything at that of an MLP.
"""

import atexit
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from zoo.errors import MissingExtra, TrainingError

__all__ = ["ExecutionContext", "Precision", "execution_context"]

Precision = Literal["no", "fp16", "bf16"]


@dataclass(frozen=True)
class ExecutionContext:
    """A device, and the accelerator where there is more to it than that."""

    device: torch.device
    accelerator: Any = None

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
        if self.accelerator is not None:
            return self.accelerator.prepare(part)
        return part.to(self.device) if isinstance(part, nn.Module) else part

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
    precision: Precision = "no",
    *,
    processes: int | None = None,
) -> ExecutionContext:
    """Return the place the environment asks for: torchrun and accelerate set it.

    Raises TrainingError where other than `processes` of them run together: some
    launchers quietly start one.
    """
    started = int(os.environ.get("WORLD_SIZE", "1"))
    asked = processes or started
    if started != asked:
        raise _other(asked, started)
    if started == 1 and precision == "no":
        return ExecutionContext(torch.device(device))
    try:
        from accelerate import Accelerator
    except ImportError as exc:
        raise MissingExtra("accelerate", "Training on several processes") from exc
    on_cpu = torch.device(device).type == "cpu"
    accelerator = Accelerator(cpu=on_cpu, mixed_precision=precision)
    # Threads of a group that outlives the interpreter abort the process.
    atexit.register(accelerator.state.destroy_process_group)
    if accelerator.num_processes != asked:
        raise _other(asked, accelerator.num_processes)
    return ExecutionContext(accelerator.device, accelerator)


def _other(asked: int, running: int) -> TrainingError:
    return TrainingError(
        f"{asked} processes were asked for, and {running} run together. Start them "
        f"with torchrun --nproc-per-node {asked} -m zoo train ..."
    )
