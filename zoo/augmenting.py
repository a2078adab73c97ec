"""Pictures changed a little, as a batch: mirrored, and other parts of them.

Works on prepared pixels, (B, channels, height, width), and draws from a generator.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["KINDS", "Copies", "augmented", "shifted"]

KINDS = ("none", "flip", "flip-crop")
LEAST = 0.4  # of a picture's area that a crop keeps
STRETCH = 4 / 3  # the most that a crop's sides differ from the picture's


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Which copies of its rows a frozen model sees beside them; none by default."""

    kind: str = "none"
    passes: int = 1
    seed: int = 0

    @property
    def count(self) -> int:
        """How many rows stand for one: itself, and its changed copies."""
        return 1 if self.kind == "none" else 1 + self.passes

    def of(self, batch: Tensor, random: torch.Generator) -> list[Tensor]:
        """Return a batch, and its copies: the odd ones are mirrored, the even not."""
        return [batch] + [
            augmented(batch, self.kind, random, chance=number % 2)
            for number in range(1, self.count)
        ]


def augmented(
    batch: Tensor, kind: str, random: torch.Generator, *, chance: float = 0.5
) -> Tensor:
    """Return a batch changed as `kind` says; each picture is mirrored by `chance`."""
    if kind == "none":
        return batch
    drawn = torch.rand(len(batch), generator=random) < chance
    batch = torch.where(drawn.view(-1, 1, 1, 1), batch.flip(-1), batch)
    return _cropped(batch, random) if kind == "flip-crop" else batch


def shifted(batch: Tensor, most: int, random: torch.Generator) -> Tensor:
    """Return each picture moved by up to `most` pixels each way, black coming in."""
    count, _, height, width = batch.shape
    padded = functional.pad(batch, (most,) * 4)
    places = padded.unfold(2, height, 1).unfold(3, width, 1)  # (B, C, down, across, ..)
    down, across = torch.randint(2 * most + 1, (2, count), generator=random)
    return places[torch.arange(count), :, down, across]


def _cropped(batch: Tensor, random: torch.Generator) -> Tensor:
    """Return a part of each picture, of any place, size and shape, as large as it."""
    area, shape, left, top = torch.rand(4, len(batch), generator=random)
    area = LEAST + (1 - LEAST) * area
    shape = torch.exp((2 * shape - 1) * math.log(STRETCH) / 2)
    wide, high = ((area.sqrt() * side).clamp(max=1) for side in (shape, 1 / shape))
    across, down = (1 - wide) * (2 * left - 1), (1 - high) * (2 * top - 1)
    nothing = torch.zeros_like(wide)
    rows = [torch.stack((wide, nothing, across)), torch.stack((nothing, high, down))]
    place = torch.stack(rows).permute(2, 0, 1)  # (B, 2, 3)
    grid = functional.affine_grid(place, list(batch.shape), align_corners=False)
    return functional.grid_sample(
        batch, grid, padding_mode="border", align_corners=False
    )
