"""Errors about one input of several, which say which one it is."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from torch import Tensor

from zoo.errors import InputError

__all__ = ["collate_named", "item_names", "opened_named"]


def item_names(first: int, count: int) -> list[str]:
    """Return what inputs of a list are called, the first of which has a number."""
    return [f"Item {number}" for number in range(first, first + count)]


def opened_named(opening: Callable[[], Any], name: str) -> Any:
    """Return what a call opens; its InputError has the name in front, if it has one."""
    try:
        return opening()
    except InputError as exc:
        raise (exc.of(name) if name else exc) from exc.__cause__


def collate_named(
    collate: Callable[[Sequence[Any]], Tensor],
    opened: Sequence[Any],
    names: Sequence[str],
) -> Tensor:
    """Return opened inputs as a batch; an InputError about one of them has its name in
    front, if it has one.

    Which of them is at fault is found by making a batch of each alone.
    """
    try:
        return collate(opened)
    except InputError:
        for one, name in zip(opened, names, strict=True):
            opened_named(partial(collate, [one]), name)
        raise
