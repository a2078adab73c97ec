"""Preparing a picture, as a module: what `fit_image` does by Pillow, in torch.

It goes into an exported graph, where there is no Pillow, and its pixels are those of
Pillow: the same filters, in whole numbers, rounded to bytes after each pass. Where a
part of a picture is resized, sums of weights in another order may move a pixel by a
level, one in thousands.
Columns come first, but where the height shrinks by more than twice as many pixels as
the width: there Pillow takes the rows first, from its release 13 on.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from zoo.runtime.image import MAX_ASPECT
from zoo.specs import ImageInput

__all__ = ["ImageModule"]

BICUBIC = -0.5  # the parameter a of the cubic filter, as in Pillow
ONE = 1 << 22  # Pillow's weights are whole numbers, and this is the sum of each pixel's


class _Side(NamedTuple):
    """One side of a picture: the part of it that is resized, and what is kept."""

    whole: Tensor  # pixels of the picture that Pillow takes the part from
    start: Tensor
    length: Tensor
    resized: Tensor  # pixels that the part is resized to
    first: Tensor  # of these, the first that is kept; so many are empty if it is < 0


class ImageModule(nn.Module):
    """Pictures (B, height, width, channels) of one size, uint8, as a model takes them.

    Returns (B, channels, input height, input width), float32. Each picture is resized
    by two matrices, one for its rows and one for its columns, which are made of its
    size: `out = clip(round(R @ clip(round(picture @ C))))`, or R first. A row of a
    matrix holds the weights by which one pixel is mixed of those around it.

    Example:
        module = ImageModule(zoo.get_spec("lenet5-mnist").input)
        module(torch.zeros(1, 280, 280, 1, dtype=torch.uint8)).shape  # (1, 1, 28, 28)
    """

    mean: Tensor
    std: Tensor

    def __init__(self, input_spec: ImageInput) -> None:
        super().__init__()
        self.input_spec = input_spec
        for name in ("mean", "std"):
            values = torch.tensor(getattr(input_spec, name), dtype=torch.float32)
            self.register_buffer(name, values.view(1, -1, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        """Return prepared pixels, (B, channels, height, width)."""
        if self.input_spec.fit == "keep":
            kept = image.permute(0, 3, 1, 2).to(torch.float32)
            return (kept / 255 - self.mean) / self.std
        pixels = image.permute(0, 3, 1, 2).to(torch.float64)  # exact for whole numbers
        height, width = (_length(pixels[0, 0, :, 0]), _length(pixels[0, 0, 0]))
        down, across = self._sides(height, width)
        spec, (rows, columns) = self.input_spec, pixels.shape[2:]
        by_row = _mixing(rows, spec.height, down, spec.resample)
        by_column = _mixing(columns, spec.width, across, spec.resample)
        small = _mixed(pixels, by_row, by_column, _rows_first(down, across))
        if spec.fit == "crop" and spec.background is not None:
            covered = (by_row.sum(1) > 0)[:, None] & (by_column.sum(1) > 0)
            small = torch.where(covered, small, _median_of_frame(pixels))
        if spec.label_colors:
            small = _nearest_color(small, spec)
        scaled: Tensor = (small.to(torch.float32) / 255 - self.mean) / self.std
        return scaled

    def _sides(self, height: Tensor, width: Tensor) -> tuple[_Side, _Side]:
        """Return the rows and the columns of a picture of a size."""
        spec = self.input_spec
        target = torch.tensor([spec.height, spec.width], dtype=torch.float64)
        size = torch.stack([height, width])
        zero = torch.zeros_like(size)
        if spec.crop < 1:  # resize the shorter side, keep the middle
            whole = torch.minimum(size, MAX_ASPECT * torch.minimum(height, width))
            start = torch.round((size - whole) / 2)
            shorter = math.floor(spec.width / spec.crop)
            resized = torch.floor(shorter * whole / torch.minimum(*whole))
            first = torch.round((resized - target) / 2)
            parts = whole, start, whole, resized, first
        elif spec.fit == "stretch":
            parts = size, zero, size, target, zero
        elif spec.background is None:  # fill the frame, keep the middle
            ratio = spec.width / spec.height
            wide = torch.stack([height, ratio * height])
            tall = torch.stack([width / ratio, width])
            kept = torch.where(width >= ratio * height, wide, tall)
            parts = size, (size - kept) * 0.5, kept, target, zero
        else:  # keep all of it
            ratio = spec.width / spec.height
            flat = torch.stack([torch.round(height / width * spec.width), target[1]])
            slim = torch.stack([target[0], torch.round(width / height * spec.height)])
            resized = torch.where(width > ratio * height, flat, slim)
            first = -torch.round((target - resized) * 0.5)
            parts = size, zero, size, resized, first
        rows, columns = (_Side(*(part[axis] for part in parts)) for axis in (0, 1))
        return rows, columns


def _rows_first(down: _Side, across: _Side) -> Tensor:
    """Return whether Pillow resizes the rows before the columns."""
    shrinks = down.whole - down.resized
    return (shrinks > 0) & (shrinks > 2 * (across.whole - across.resized))


def _mixed(
    pixels: Tensor, by_row: Tensor, by_column: Tensor, rows_first: Tensor
) -> Tensor:
    """Return pixels mixed along both sides, each pass rounded to bytes."""

    def along_rows(pixels: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        return _as_bytes(_as_bytes(rows @ pixels) @ columns.T)

    def along_columns(pixels: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        return _as_bytes(rows @ _as_bytes(pixels @ columns.T))

    given = pixels, by_row, by_column
    if torch.compiler.is_exporting():  # the graph takes either way
        mixed: Tensor = torch.cond(rows_first, along_rows, along_columns, given)
        return mixed
    return along_rows(*given) if rows_first else along_columns(*given)


def _mixing(pixels: int, count: int, side: _Side, resample: str) -> Tensor:
    """Return the matrix of one side, (count, pixels), from pixels to those kept.

    Pixel `i` of the resized picture is mixed around `start + (i + .5) scale`; a filter
    is as much wider as the picture is made smaller. A row sums to `ONE`, but outside
    the resized picture, where it holds zeros.
    """
    number = torch.arange(count, dtype=torch.float64) + side.first
    box = torch.stack([side.start, side.start + side.length]).to(
        torch.float32
    )  # as Pillow keeps it
    start, end = box.to(torch.float64)
    scale = (end - start) / side.resized
    spread = torch.maximum(scale, torch.ones_like(scale))
    center = start + (number + 0.5) * scale
    place = torch.arange(pixels, dtype=torch.float64) + 0.5
    if resample == "nearest":
        weights = (place == center.floor()[:, None] + 0.5).to(torch.float64)
    else:
        weights = FILTERS[resample]((place - center[:, None]) / spread)
        weights = weights / weights.sum(1, keepdim=True)
    inside = (number >= 0) & (number < side.resized)
    whole = torch.trunc(weights * ONE + 0.5 * weights.sign())
    return torch.where(inside[:, None], whole, 0.0)


def _bilinear(distance: Tensor) -> Tensor:
    return (1 - distance.abs()).clamp(min=0)


def _bicubic(distance: Tensor) -> Tensor:
    """Keys, 1981, equation 4: two cubics, the inner and the outer."""
    x, a = distance.abs(), BICUBIC
    inner = ((a + 2) * x - (a + 3)) * x * x + 1
    outer = ((x - 5) * x + 8) * x * a - 4 * a
    return torch.where(x < 1, inner, torch.where(x < 2, outer, 0.0))


FILTERS = {"bilinear": _bilinear, "bicubic": _bicubic}


def _as_bytes(mixed: Tensor) -> Tensor:
    """Return pixels mixed by whole numbers, rounded as after each pass of Pillow."""
    return torch.floor((mixed + ONE // 2) / ONE).clamp(0, 255)


def _nearest_color(pixels: Tensor, spec: ImageInput) -> Tensor:
    """Return pixels, (B, 3, H, W), each in the nearest of the labels' colours."""
    colors = torch.tensor([one.color for one in spec.label_colors], dtype=pixels.dtype)
    distance = (pixels[:, None] - colors[:, :, None, None]).abs().amax(dim=2)
    return colors[distance.argmin(dim=1)].permute(0, 3, 1, 2)


def _length(line: Tensor) -> Tensor:
    """Return how many numbers there are, as a tensor: a graph's sizes are dynamic."""
    return torch.ones_like(line, dtype=torch.float64).sum()


def _median_of_frame(pixels: Tensor) -> Tensor:
    """Return the median color of the outermost pixels, (B, channels, 1, 1)."""
    edges = pixels[:, :, 0], pixels[:, :, -1], pixels[..., 0], pixels[..., -1]
    frame = torch.cat(edges, dim=2).sort(dim=2).values
    half = frame.shape[2] // 2  # the count is even: two sides of each length
    middle = (frame[:, :, half - 1] + frame[:, :, half]) / 2
    return torch.floor(middle)[..., None, None]
