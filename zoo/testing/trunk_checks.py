"""The check of a declared trunk: are its features those of the picture's windows? Of
`zoo.testing`."""

from math import ceil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from zoo.inference.conv_trunk import map_changed, over_windows
from zoo.models import loading
from zoo.runtime.eval_mode import forward_on_device
from zoo.specs import ImageInput, ModelSpec, Trunk
from zoo.testing.remark import Remark, not_applicable

__all__ = ["trunk_is_as_declared"]

COARSE = 8  # pixels: the grain of the noise; finer noise is the same to a deep layer
CLOSE = 0.01  # of the largest output: how far rounding may bring two of them apart


def trunk_is_as_declared(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """The declared trunk gives one feature map of the declared size and stride, and all
    that follows sees that map alone.

    It is tried with noise. A model that declares no trunk is not asked.
    """
    if spec.trunk is None:
        return not_applicable("it declares no trunk")
    assert isinstance(spec.input, ImageInput), "ModelSpec refuses it for other inputs"
    torch.manual_seed(0)
    check_trunk(loading.build(spec.name).eval(), spec.trunk, spec.input)
    return None


def check_trunk(model: nn.Module, trunk: Trunk, input_spec: ImageInput) -> None:
    """Check a trunk against a model. Raises AssertionError, SpecError."""
    name, pair = trunk.module, _noise(input_spec)  # (2, C, H, W)
    maps: list[Any] = []
    with map_changed(model, trunk, maps.append):
        output = forward_on_device(model, pair)
    assert len(maps) == 1, f"{name!r} runs {len(maps)} times in one pass, and not once"
    shape = getattr(maps[0], "shape", ())
    assert len(shape) == 4, f"{name!r} gives no map (batch, channels, height, width)"
    size = tuple(shape[2:])
    assert size == trunk.size, f"the map of {name!r} has the size {size}"
    first, second = maps[0]

    with map_changed(model, trunk, lambda _: maps[0]):
        again = forward_on_device(model, pair[:1])
    same = again.shape == output.shape
    same = same and bool((again - output).abs().max() <= CLOSE * output.abs().max())
    assert same, f"what follows {name!r} sees more than its map"

    canvas, corners = _diagonal(pair, trunk.stride)
    with map_changed(model, trunk, maps.append):
        over_windows(model, trunk, canvas, corners)
    (height, width), whole = size, maps[1][0]
    upper, lower = whole[:, :height, :width], whole[:, -height:, -width:]
    placed = (upper - first).norm() < (upper - second).norm()
    placed &= (lower - second).norm() < (lower - first).norm()
    assert placed, f"a part of the map of {name!r} is not of that part of the picture"


def _noise(input_spec: ImageInput) -> Tensor:
    """Return two pictures of coarse noise, prepared as the model's input is."""
    generator = torch.Generator().manual_seed(0)
    size = (input_spec.height, input_spec.width)
    grains = [max(2, side // COARSE) for side in size]
    noise = torch.rand(2, input_spec.channels, *grains, generator=generator)
    mean, std = (
        torch.tensor(v).view(-1, 1, 1) for v in (input_spec.mean, input_spec.std)
    )
    return (interpolate(noise, size) - mean) / std


def _diagonal(pair: Tensor, stride: int) -> tuple[Tensor, list[tuple[int, int]]]:
    """Return a canvas that shows one picture at the upper left and the other one at the
    lower right, and where they begin, in whole strides."""
    _, channels, high, wide = pair.shape
    top, left = (stride * ceil(side / stride) for side in (high, wide))
    canvas = pair.new_zeros(1, channels, top + high, left + wide)
    canvas[0, :, :high, :wide], canvas[0, :, top:, left:] = pair
    return canvas, [(0, 0), (top, left)]
