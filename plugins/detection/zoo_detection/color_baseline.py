"""Cells found by their color alone: what a detector has to beat.

Nuclei and platelets are stained blue, and red cells are red. Pixels beyond a threshold
that touch are one object, in the box around them; the thresholds are fitted on the
training rows. Cells that touch are one object too, which is where it fails.
"""

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

from zoo.recipes import TensorRows
from zoo.recipes.boxes import Found, precisions

__all__ = ["Thresholds", "components", "find_by_color", "fit_thresholds"]

STEP = 4  # pixels: the pictures are looked at in a quarter of their size
RED_CELL, WHITE_CELL, PLATELET = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """`blue` and `red` are how much more of that there is than of the other, of 255.
    Areas are shares of the picture; a box is `grown` on all sides by a share of its
    size."""

    blue: float = 10.0
    red: float = 10.0
    grown: float = 0.1
    largest_platelet: float = 0.01
    largest_red_cell: float = 0.06
    smallest: float = 0.001


def fit_thresholds(rows: TensorRows) -> Thresholds:
    """Return the thresholds of the highest mean average precision on rows."""

    def precision(chosen: Thresholds) -> float:
        each = precisions(find_by_color(rows.input, chosen), rows.target, 3, [0.5])
        return each.nan_to_num().mean().item()

    choices = product((10.0, 20.0, 30.0), (10.0, 20.0, 30.0), (0.0, 0.15, 0.3))
    tried = [Thresholds(blue=b, red=r, grown=grown) for b, r, grown in choices]
    return max(tried, key=precision)


def find_by_color(image: Tensor, chosen: Thresholds) -> list[Found]:
    """Return the objects in pictures, bytes (B, 3, H, W), the largest first."""
    small = avg_pool2d(image.float(), STEP)
    more_blue = small[:, 2] - small[:, 0]
    blue = components(more_blue > chosen.blue)
    red = components(more_blue < -chosen.red)
    return [_objects(*each, chosen) for each in zip(blue, red, strict=True)]


def components(mask: Tensor) -> Tensor:
    """Return a number for each pixel of masks, (B, H, W): the same for pixels that
    touch, at sides or corners, and 0 where the mask is not."""
    own = torch.arange(1, mask[0].numel() + 1).view(1, *mask.shape[1:])
    number = torch.where(mask, own, 0).float()
    while True:
        spread = max_pool2d(number[:, None], 3, 1, 1)[:, 0] * mask
        if torch.equal(spread, number):
            return number.long()
        number = spread


def _objects(blue: Tensor, red: Tensor, chosen: Thresholds) -> Found:
    found: list[tuple[float, int, list[float]]] = []
    for numbers, stained in ((blue, True), (red, False)):
        own, counts = numbers.unique(return_counts=True)
        for number, count in zip(own.tolist(), counts.tolist(), strict=True):
            area = count / numbers.numel()
            most = 1.0 if stained else chosen.largest_red_cell
            if not number or not chosen.smallest <= area <= most:
                continue
            y, x = (numbers == number).nonzero().unbind(dim=1)
            small = area < chosen.largest_platelet
            label = (PLATELET if small else WHITE_CELL) if stained else RED_CELL
            found.append((area, label, _grown(x, y, blue.shape, chosen.grown)))
    found.sort(reverse=True)
    return Found(
        torch.tensor([box for _, _, box in found]).reshape(-1, 4),
        torch.tensor([label for _, label, _ in found]).long(),
        torch.tensor([area for area, _, _ in found]),
    )


def _grown(x: Tensor, y: Tensor, shape: torch.Size, share: float) -> list[float]:
    height, width = shape
    left, right = x.min().item() / width, (x.max().item() + 1) / width
    upper, lower = y.min().item() / height, (y.max().item() + 1) / height
    across, down = share * (right - left), share * (lower - upper)
    ends = (left - across, upper - down, right + across, lower + down)
    return [min(1.0, max(0.0, end)) for end in ends]
