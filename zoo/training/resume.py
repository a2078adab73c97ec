"""What a run keeps on disk while it goes, so that it can go on after a kill.

Knows objects with a state_dict; does not know what a run is.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from zoo.errors import SettingsError, TrainingError
from zoo.models.metadata import unwrap_model
from zoo.training import resume_file

__all__ = ["ResumeCheckpoint"]


class ResumeCheckpoint:
    """Writes the states of some objects to one file, at most every few seconds."""

    def __init__(
        self, path: Path | None, identity: Mapping[str, Any], *, seconds: float = 10.0
    ) -> None:
        self.path, self._identity, self._seconds = path, dict(identity), seconds
        self._parts: list[Any] = []
        self._when = time.perf_counter()
        self._expected = 0

    def add(self, part: Any) -> None:
        """Keep the state of a model, optimizer or schedule from now on."""
        self._parts.append(part)

    def load(self) -> dict[str, Any] | None:
        """Put the objects back as the file has them; return what was kept beside.

        Raises SettingsError where the file is of a run with other settings.
        """
        self._expected = len(self._parts)
        if self.path is None or not self.path.is_file():
            return None
        state = _checked(resume_file.read(self.path), self.path)
        if state["identity"] != self._identity:
            raise SettingsError(
                f"{self.path} is of a run with other settings or another recipe. Use "
                "the same, or start again without --resume."
            )
        if len(state["parts"]) != len(self._parts):
            raise TrainingError(
                f"{self.path} holds {len(state['parts'])} objects, but the recipe "
                f"prepared {len(self._parts)}. Start again without --resume."
            )
        try:
            for part, part_state in zip(self._parts, state["parts"], strict=True):
                _inner(part).load_state_dict(part_state)
                if isinstance(part, Optimizer):
                    _match_layout(part)
            torch.set_rng_state(state["random"])
        except (
            RuntimeError,
            LookupError,
            ValueError,
            TypeError,
            AttributeError,
        ) as exc:
            raise TrainingError(
                f"{self.path} does not fit the objects that the recipe prepared "
                f"({str(exc).partition(chr(10))[0]}). Start again without --resume."
            ) from exc
        beside: dict[str, Any] = state["beside"]
        return beside

    def save(self, beside: Mapping[str, Any], *, now: bool = False) -> None:
        """Write the file if it is time; nothing prepared is nothing to keep."""
        due = now or time.perf_counter() - self._when >= self._seconds
        changed = len(self._parts) != self._expected
        if self.path is None or not due or changed or not self._parts:
            return
        state = {
            "identity": self._identity,
            "parts": [_inner(part).state_dict() for part in self._parts],
            "random": torch.get_rng_state(),
            "beside": dict(beside),
        }
        resume_file.write(state, self.path)
        self._when = time.perf_counter()

    def delete(self) -> None:
        """Remove the file: the run is over."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _checked(state: Any, path: Path) -> dict[str, Any]:
    """Return a state that has all of its entries."""
    kinds = {"identity": dict, "parts": list, "random": torch.Tensor, "beside": dict}
    if not isinstance(state, dict) or any(
        not isinstance(state.get(name), kind) for name, kind in kinds.items()
    ):
        raise resume_file.damaged(path)
    return state


def _match_layout(optimizer: Optimizer) -> None:
    """Give an optimizer's moments the memory order of their parameters.

    The file holds them contiguous. The sums of a step that mixes two orders differ in
    the last bits from those of the run that was killed.
    """
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter, dtype=value.dtype)
                state[name].copy_(value)


def _inner(part: Any) -> Any:
    """Return what has the state: an average also knows how many steps it followed."""
    whole = isinstance(part, AveragedModel) or not isinstance(part, nn.Module)
    return part if whole else unwrap_model(part)
