"""Pictures of two classes as a user has them: PNG files in class-named folders."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

__all__ = ["CLASSES", "stripes"]

CLASSES = ("lying", "standing")
SIDE = 28


def stripes(folder: Path, *, rows: int = 12, seed: int = 0) -> Path:
    """Write `rows` pictures of each class; return the folder."""
    random = torch.Generator().manual_seed(seed)
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for number in range(rows):
            drawn = _drawn(random)
            picture = drawn if name == "lying" else drawn.T
            content = bytes(picture.contiguous().flatten().tolist())
            path = folder / name / f"{number}.png"
            Image.frombytes("L", (SIDE, SIDE), content).save(path)
    return folder


def _drawn(random: torch.Generator) -> Tensor:
    """Return light stripes that lie on a dark ground, somewhat noisy."""
    period = int(torch.randint(3, 7, (1,), generator=random))
    shift = int(torch.randint(period, (1,), generator=random))
    light = (torch.arange(SIDE) + shift) // period % 2 * 200
    noise = torch.randint(56, (SIDE, SIDE), generator=random)
    return light[:, None].expand(SIDE, SIDE) + noise
