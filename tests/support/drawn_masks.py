"""Drawings with masks: an ellipse or a crescent on a ground of noise."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

__all__ = ["write_drawings"]

SIDE = 128


def write_drawings(folder: Path, rows: int, seed: int) -> Path:
    """Write pictures and their black and white masks, each of another place, size and
    color; return the folder."""
    random = np.random.default_rng(seed)
    for number in range(rows):
        mask = _shape(random)
        ground = random.normal(random.uniform(60, 200), 40, (SIDE, SIDE, 3))
        color = random.uniform(0, 255, 3) + random.normal(0, 15, (SIDE, SIDE, 3))
        pixels = np.where(np.asarray(mask)[..., None] > 0, color, ground).clip(0, 255)
        drawn = {"images": Image.fromarray(pixels.astype(np.uint8)), "masks": mask}
        for kind, picture in drawn.items():
            (folder / kind).mkdir(parents=True, exist_ok=True)
            picture.save(folder / kind / f"{number}.png")
    return folder


def _shape(random: np.random.Generator) -> Image.Image:
    """Return a mask with an ellipse or, every other time, with a part cut off."""
    mask = Image.new("L", (SIDE, SIDE))
    pen = ImageDraw.Draw(mask)
    across, down = random.uniform(0.14, 0.3, 2) * SIDE
    x, y = random.uniform(0.3, 0.7, 2) * SIDE
    pen.ellipse((x - across, y - down, x + across, y + down), fill=255)
    if random.random() < 0.5:
        x += 0.8 * across
        pen.ellipse((x - across, y - down, x + across, y + down), fill=0)
    return mask
