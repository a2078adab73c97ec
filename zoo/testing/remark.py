"""What a check returns where it found nothing wrong, and yet not all is well."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Remark", "not_applicable", "placeholder_left"]


@dataclass(frozen=True)
class Remark:
    """A state that is neither kept nor broken, and the reason for it."""

    state: Literal["not applicable", "placeholder left"]
    reason: str


def not_applicable(reason: str) -> Remark:
    """Return the remark on a model that gives a check nothing to look at."""
    return Remark("not applicable", reason)


def placeholder_left(reason: str) -> Remark:
    """Return the remark on text of a template that is still there."""
    return Remark("placeholder left", reason)
