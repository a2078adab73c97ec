"""Pictures changed a little, as a batch: mirrored, and other parts of them.

Works on prepared pixels, (B, channels, height, width), and draws from a generator.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from zoo.runtime.boxes import move_boxes

__all__ = [
    "KINDS",
    "Copies",
    "apply_augmentation",
    "augment_with_boxes",
    "augment_with_mask",
    "augment_with_points",
    "random_shift",
]

KINDS = ("none", "flip", "flip-crop")
MIN_CROP_AREA = 0.4  # of a picture's area that a crop keeps
MAX_ASPECT_CHANGE = 4 / 3  # the most that a crop's sides differ from the picture's


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Which copies of its rows a frozen model sees beside them; none by default."""

    kind: str = "none"
    augmented_copies: int = 1
    seed: int = 0

    @property
    def count(self) -> int:
        """How many rows stand for one: itself, and its changed copies."""
        return 1 if self.kind == "none" else 1 + self.augmented_copies

    def of(self, batch: Tensor, random: torch.Generator) -> list[Tensor]:
        """Return a batch, and its copies: the odd ones are mirrored, the even not."""
        return [batch] + [
            apply_augmentation(batch, self.kind, random, chance=number % 2)
            for number in range(1, self.count)
        ]


def apply_augmentation(
    batch: Tensor, kind: str, random: torch.Generator, *, chance: float = 0.5
) -> Tensor:
    """Return a batch changed as `kind` says; each picture is mirrored by `chance`."""
    if kind == "none":
        return batch
    drawn = torch.rand(len(batch), generator=random) < chance
    batch = torch.where(drawn.view(-1, 1, 1, 1), batch.flip(-1), batch)
    if kind != "flip-crop":
        return batch
    return _sampled(batch, _parts(batch, random), "bilinear")


def random_shift(batch: Tensor, most: int, random: torch.Generator) -> Tensor:
    """Return each picture moved by up to `most` pixels each way, black coming in."""
    count, _, height, width = batch.shape
    padded = functional.pad(batch, (most,) * 4)
    places = padded.unfold(2, height, 1).unfold(3, width, 1)  # (B, C, down, across, ..)
    down, across = torch.randint(2 * most + 1, (2, count), generator=random)
    return places[torch.arange(count), :, down, across]


def augment_with_mask(
    batch: Tensor, target: Tensor, kind: str, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return a batch changed as `kind` says; masks (B, height, width), or several of
    each picture, (B, masks, height, width), move with it."""
    if kind == "none":
        return batch, target
    drawn = torch.rand(len(batch), generator=random) < 0.5
    batch = torch.where(drawn.view(-1, 1, 1, 1), batch.flip(-1), batch)
    maps = target[:, None] if target.ndim == 3 else target
    maps = torch.where(drawn.view(-1, 1, 1, 1), maps.flip(-1), maps)
    if kind != "flip-crop":
        return batch, maps.view_as(target)
    grid = _parts(batch, random)
    numbers = _sampled(maps.to(batch.dtype), grid, "nearest").to(target.dtype)
    return _sampled(batch, grid, "bilinear"), numbers.view_as(target)


def augment_with_boxes(
    batch: Tensor, target: Tensor, kind: str, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return a batch changed as `kind` says; boxes (B, most, 5) move with it, as
    `move_boxes` does it."""
    if kind == "none":
        return batch, target
    drawn = torch.rand(len(batch), generator=random) < 0.5
    batch, scale, shift = _moved(batch, drawn, kind, random)
    return batch, move_boxes(target, scale.to(target), shift.to(target))


def augment_with_points(
    batch: Tensor,
    target: Tensor,
    kind: str,
    random: torch.Generator,
    mirrored: Sequence[int] | None,
) -> tuple[Tensor, Tensor]:
    """Return a batch changed as `kind` says; points (B, points, 2), in shares, move
    with it, also beyond the border.

    `mirrored` has the number of the point that each is in the mirror; where that is not
    known, no picture is mirrored.
    """
    if kind == "none":
        return batch, target
    drawn = torch.rand(len(batch), generator=random) < 0.5
    if mirrored is None:
        drawn = torch.zeros_like(drawn)
    else:
        target = torch.where(
            drawn.to(target.device)[:, None, None], target[:, list(mirrored)], target
        )
    batch, scale, shift = _moved(batch, drawn, kind, random)
    scale, shift = scale.to(target)[:, None], shift.to(target)[:, None]
    return batch, (scale * (2 * target - 1) + shift + 1) / 2


def _moved(
    batch: Tensor, flipped: Tensor, kind: str, random: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return pictures changed as `kind` says, those mirrored that are `flipped`, (B,);
    a place z in one, from -1 to 1, goes to scale * z + shift, (B, 2) each."""
    batch = torch.where(flipped.view(-1, 1, 1, 1), batch.flip(-1), batch)
    scale, shift = torch.ones(len(batch), 2), torch.zeros(len(batch), 2)
    scale[:, 0] = torch.where(flipped, -1.0, 1.0)
    if kind == "flip-crop":
        place = _places(batch, random)  # in a part, old = wide * new + across
        wide, across = place.diagonal(dim1=1, dim2=2), place[:, :, 2]
        scale, shift = scale / wide, -across / wide
        grid = functional.affine_grid(place, list(batch.shape), align_corners=False)
        batch = _sampled(batch, grid, "bilinear")
    return batch, scale, shift


def _parts(batch: Tensor, random: torch.Generator) -> Tensor:
    """Return where the pixels of a part of each picture lie."""
    place = _places(batch, random)
    return functional.affine_grid(place, list(batch.shape), align_corners=False)


def _places(batch: Tensor, random: torch.Generator) -> Tensor:
    """Return the part of each picture, of any place, size and shape, as an affine map,
    (B, 2, 3)."""
    area, shape, left, top = torch.rand(4, len(batch), generator=random)
    area = MIN_CROP_AREA + (1 - MIN_CROP_AREA) * area
    shape = torch.exp((2 * shape - 1) * math.log(MAX_ASPECT_CHANGE) / 2)
    wide, high = ((area.sqrt() * side).clamp(max=1) for side in (shape, 1 / shape))
    across, down = (1 - wide) * (2 * left - 1), (1 - high) * (2 * top - 1)
    nothing = torch.zeros_like(wide)
    rows = [torch.stack((wide, nothing, across)), torch.stack((nothing, high, down))]
    return torch.stack(rows).permute(2, 0, 1)


def _sampled(batch: Tensor, grid: Tensor, mode: str) -> Tensor:
    """Return the parts, as large as their pictures."""
    return functional.grid_sample(
        batch, grid, mode=mode, padding_mode="border", align_corners=False
    )
