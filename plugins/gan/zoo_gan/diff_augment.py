"""Changes of real and generated images alike, before a discriminator sees them.

Zhao et al.: "Differentiable augmentation for data-efficient GAN training", 2020. With
few images a discriminator learns them by heart. Where it sees all images changed at
random, real and generated ones in the same way, it can't, and the generator need not
learn the changes: they are differentiable, and its gradient passes through them. Of the
paper's three changes the hole that is cut into images is left out.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

__all__ = ["changed_colors", "diff_augment", "shifted"]

SHIFT = 0.125  # of the side, at most


def diff_augment(image: Tensor) -> Tensor:
    """Return images in -1..1, (B, C, H, W), with other colors and shifted."""
    return shifted(changed_colors(image))


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
