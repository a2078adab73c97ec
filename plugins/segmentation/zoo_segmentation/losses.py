"""Losses of masks: of one logit for each pixel, and of a logit for each class."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

__all__ = ["IGNORED", "bce_dice_loss", "class_weights", "pixel_cross_entropy"]

IGNORED = 255  # the number of a pixel of no label, as in zoo.MaskOutput
SMOOTH = 1.0  # added above and below, so that an empty mask has a gradient


def bce_dice_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the binary cross-entropy plus the soft Dice loss, for probabilities p:

        L = BCE(p, y) + 1 - (2 sum p y + s) / (sum p + sum y + s)

    The first term is a mean over pixels, the second over images, with the smoothing s.
    `logits` are (B, 1, H, W) and `mask` is (B, H, W).
    """
    logits, mask = logits[:, 0].float(), mask.float()
    probability = logits.sigmoid()
    intersection = (probability * mask).sum(dim=(1, 2))
    sizes = probability.sum(dim=(1, 2)) + mask.sum(dim=(1, 2))
    dice = (2 * intersection + SMOOTH) / (sizes + SMOOTH)
    return binary_cross_entropy_with_logits(logits, mask) + (1 - dice).mean()


def class_weights(target: Tensor, classes: int, *, power: float) -> Tensor:
    """Return a weight for each class, (classes,), with a mean of one over the pixels:
    f^-power, for the share f of the pixels that are of the class.

    Pixels of no label, 255, count nowhere. With a power of 0 all weights are one. A
    class without any pixel has the weight zero, since no loss can be of it.
    """
    counts = torch.bincount(target[target != IGNORED].long(), minlength=classes)
    share = counts.double() / counts.sum()
    weight = torch.where(counts > 0, share.clamp_min(1e-12) ** -power, 0.0)
    return (weight / (weight * share).sum()).float()


def pixel_cross_entropy(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Return the mean cross-entropy of the pixels, each weighted by its class:

        L = sum w_y (-log p_y) / sum w_y

    `logits` are (B, classes, H, W), `target` is (B, H, W) and `weight` is (classes,).
    Pixels of no label, 255, count in neither sum; where no pixel has one, the loss is
    zero.
    """
    if not (target != IGNORED).any():
        return logits.sum() * 0
    weight = weight.to(logits.device)
    return cross_entropy(
        logits.float(), target.long(), weight=weight, ignore_index=IGNORED
    )
