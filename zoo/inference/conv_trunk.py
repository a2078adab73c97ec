"""How far a model is a convolution, whose one pass over a picture serves all windows.

No model is edited, and none says it of itself. A layer is the end of the convolution if
its map grows with the picture, if a part of the map is of that part of the picture, and
if nothing after the layer sees anything but the map. All three are tried with noise.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from zoo.runtime.eval_mode import forward_on_device
from zoo.specs import ImageInput

__all__ = ["Trunk", "over_windows", "trunk"]

COARSE = 8  # pixels: the grain of the noise; finer noise is the same to a deep layer
CLOSE = 0.01  # of the largest output: how far rounding may bring two of them apart
# What a model raises where the picture is not of the size it is built for.
REFUSALS = (RuntimeError, AssertionError, ValueError, TypeError, IndexError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """The last layer of the convolution: the cells, high and wide, that it makes of a
    window, and the pixels from one cell to the next."""

    layer: str
    cells: tuple[int, int]
    stride: int


def trunk(model: nn.Module, input_spec: ImageInput) -> Trunk:
    """Return where the convolution of `model` ends. Tried once for each model.

    Raises ValueError, in words that follow "for", where it has none.
    """
    known: dict[ImageInput, Trunk | str] = vars(model).setdefault("_zoo_trunk", {})
    if input_spec not in known:
        known[input_spec] = _looked_for(model, input_spec)
    found = known[input_spec]
    if isinstance(found, str):
        raise ValueError(found)
    return found


def over_windows(
    model: nn.Module, known: Trunk, canvas: Tensor, corners: Sequence[tuple[int, int]]
) -> Tensor:
    """Return the output for each window of a canvas (1, C, H, W), of one pass.

    `corners` are multiples of the trunk's stride. Raises ValueError where the map is
    not of the size that follows from the canvas.
    """
    down, across = known.cells

    def windows(whole: Tensor) -> Tensor:
        cells = [(top // known.stride, left // known.stride) for top, left in corners]
        ends = (max(c[0] for c in cells) + down, max(c[1] for c in cells) + across)
        if tuple(whole.shape[2:]) != ends:
            raise ValueError(f"the map of its layer {known.layer!r} has an odd size")
        parts = [whole[0, :, y : y + down, x : x + across] for y, x in cells]
        return torch.stack(parts)  # (1, F, h, w) -> (windows, F, down, across)

    with _changed(model, known.layer, windows):
        return forward_on_device(model, canvas)


def _looked_for(model: nn.Module, input_spec: ImageInput) -> Trunk | str:
    pair = _noise(input_spec)  # (2, C, H, W)
    beside = torch.cat(list(pair), dim=2)[None]  # -> (1, C, H, 2W)
    found, whole = _growing(model, pair[:1], beside)
    if found is None or whole is None:
        return "no layer's map grows with the picture"
    maps: list[Tensor] = []
    with _changed(model, found.layer, lambda each: maps.append(each.clone())):
        wanted = forward_on_device(model, pair)
    across = found.cells[1]
    left, right = whole[0, :, :, :across], whole[0, :, :, -across:]
    first, second = maps[0]
    if not (
        (left - first).norm() < (left - second).norm()
        and (right - second).norm() < (right - first).norm()
    ):
        return f"a part of its layer {found.layer!r} is not of that part of the picture"
    with _changed(model, found.layer, lambda _: maps[0]):
        again = forward_on_device(model, pair[:1])
    same = again.shape == wanted.shape
    if not same or (again - wanted).abs().max() > CLOSE * wanted.abs().max():
        return f"what follows its layer {found.layer!r} looks past it"
    return found


def _noise(input_spec: ImageInput) -> Tensor:
    """Return two pictures of coarse noise, prepared as the model's input is."""
    random = torch.Generator().manual_seed(0)
    size = (input_spec.height, input_spec.width)
    few = [max(2, side // COARSE) for side in size]
    grains = torch.rand(2, input_spec.channels, *few, generator=random)
    mean, std = (
        torch.tensor(v).view(-1, 1, 1) for v in (input_spec.mean, input_spec.std)
    )
    return (interpolate(grains, size) - mean) / std


def _growing(
    model: nn.Module, one: Tensor, beside: Tensor
) -> tuple[Trunk | None, Tensor | None]:
    """Return the last layer whose map of two windows, side by side, is as high as that
    of one and wider by a whole number of pixels a cell; and that map of the two."""
    shapes: dict[str, list[tuple[int, ...]]] = {}
    last: tuple[Trunk | None, Tensor | None] = (None, None)

    def note(name: str, seen: Tensor) -> None:
        shapes.setdefault(name, []).append(tuple(seen.shape))

    def compare(name: str, seen: Tensor) -> None:
        nonlocal last
        before, now = shapes.get(name, []), tuple(seen.shape)
        if len(before) != 1 or before[0][:3] != now[:3]:
            return
        more, pixels = now[3] - before[0][3], one.shape[3]
        if more > 0 and pixels % more == 0:
            cells = (before[0][2], before[0][3])
            found = Trunk(layer=name, cells=cells, stride=pixels // more)
            last = found, seen.clone()

    with _watched(model, note):
        forward_on_device(model, one)
    try:
        with _watched(model, compare):
            forward_on_device(model, beside)
    except REFUSALS:
        pass  # a head that is built for one window: what came before it has been seen
    return last


@contextmanager
def _watched(model: nn.Module, look: Callable[[str, Tensor], None]) -> Iterator[None]:
    """Show `look` the name and the map (B, C, H, W) of each layer as it ends."""

    def hook(name: str) -> Callable[..., None]:
        def seen(_: nn.Module, __: Any, given: Any) -> None:
            if isinstance(given, Tensor) and given.ndim == 4:
                look(name, given)

        return seen

    handles = [
        layer.register_forward_hook(hook(name))
        for name, layer in model.named_modules()
        if name
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _changed(
    model: nn.Module, layer: str, change: Callable[[Tensor], Tensor | None]
) -> Iterator[None]:
    """Let `change` have what a layer gives, and go on with what it returns, if that is
    anything."""
    hooked = model.get_submodule(layer)
    handle = hooked.register_forward_hook(lambda _, __, given: change(given))
    try:
        yield
    finally:
        handle.remove()
