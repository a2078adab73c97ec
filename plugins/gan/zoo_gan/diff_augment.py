"""Changes of real and generated images alike, before a discriminator sees them.

Zhao et al.: "Differentiable augmentation for data-efficient GAN training", 2020. With
few images a discriminator learns them by heart. Where it sees all images changed at
random, real and generated ones in the same way, it can't, and the generator need not
learn the changes: they are differentiable, and its gradient passes through them.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

__all__ = ["changed_colors", "cut_out", "diff_augment", "shifted"]

SHIFT = 0.125  # of the side, at most
HOLE = 0.5  # side of what is cut out, of the image's


def diff_augment(image: Tensor) -> Tensor:
    """Return images in -1..1, (B, C, H, W), with other colors, shifted and cut out."""
    return cut_out(shifted(changed_colors(image)))


def changed_colors(image: Tensor) -> Tensor:
    """Return images that are lighter or darker, of more or less color and contrast."""
    light, color, contrast = torch.rand(3, len(image), 1, 1, 1, device=image.device)
    image = image + (light - 0.5)
    gray = image.mean(dim=1, keepdim=True)
    image = gray + (image - gray) * (2 * color)
    mean = image.mean(dim=(1, 2, 3), keepdim=True)
    changed: Tensor = mean + (image - mean) * (contrast + 0.5)
    return changed


def shifted(image: Tensor) -> Tensor:
    """Return images moved by up to an eighth of their side; what is left is 0."""
    count, _, height, width = image.shape
    top, left = (int(SHIFT * side + 0.5) for side in (height, width))
    padded = pad(image, (left, left, top, top))
    rows, columns = (
        torch.randint(2 * most + 1, (count, 1)) + torch.arange(side)
        for most, side in ((top, height), (left, width))
    )
    which = torch.arange(count)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[which, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def cut_out(image: Tensor) -> Tensor:
    """Return images without a square of half of their side, anywhere in them."""
    count, _, height, width = image.shape
    inside = []
    for side in (height, width):
        half = int(HOLE * side) // 2
        middle = torch.randint(side + 1, (count, 1))
        inside.append((torch.arange(side) - middle).abs() < half)
    hole = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return image * ~hole.to(image.device)
