"""A U-Net whose way down is EfficientNet-Lite0, which knows ImageNet.

The way down is the network that zoo-timm builds, up to its last block and by its own
tensor names, so that the weights of `efficientnet-lite0` fit. What it knows at a half,
a quarter, an eighth, a sixteenth and a thirty-second of the picture's size goes up
again, as in `unet.py`, with the nearest pixel repeated where that learns to double.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Encoder", "UNetEfficientNet", "unet_efficientnet_lite0"]

TAPS = {0: 16, 1: 24, 2: 40, 4: 112, 6: 320}  # stages that halve next, their channels


class Encoder(nn.Module):
    """EfficientNet-Lite0 without its head: features at five sizes, the largest first.

    It is in eval mode always: its statistics were taken from a million photographs.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.conv_stem, self.bn1 = network.conv_stem, network.bn1
        self.blocks = network.blocks

    def forward(self, image: Tensor) -> list[Tensor]:
        """Turn pixels in -1..1, (B, 3, H, W), into features of 1/2 to 1/32 the size."""
        known = self.bn1(self.conv_stem(image))
        found = []
        for number, stage in enumerate(self.blocks):
            known = stage(known)
            if number in TAPS:
                found.append(known)  # (B, TAPS[number], H / 2^n, W / 2^n)
        return found

    def train(self, mode: bool = True) -> "Encoder":
        """Stay in eval mode, whatever the whole is told."""
        return super().train(False)


class Up(nn.Module):
    """Twice as large, beside what the way down knew at that size, and mixed."""

    def __init__(self, below: int, beside: int, made: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            nn.Conv2d(below + beside, made, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(made),
            nn.ReLU(),
            nn.Conv2d(made, made, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(made),
            nn.ReLU(),
        )

    def forward(self, below: Tensor, beside: Tensor) -> Tensor:
        """Turn features of h by w and of 2h by 2w into (B, made, 2h, 2w)."""
        larger = functional.interpolate(below, scale_factor=2.0, mode="nearest")
        mixed: Tensor = self.mix(torch.cat([beside, larger], dim=1))
        return mixed


class UNetEfficientNet(nn.Module):
    """What ImageNet taught on the way down, and a narrow way up."""

    def __init__(self, network: Any, *, width: int, classes: int) -> None:
        super().__init__()
        self.encoder = Encoder(network)
        below, *beside = reversed(TAPS.values())
        made = [8 * width, 4 * width, 2 * width, width]
        self.up = nn.ModuleList(
            Up(*widths)
            for widths in zip([below, *made[:-1]], beside, made, strict=True)
        )
        self.decide = nn.Conv2d(width, classes, kernel_size=1)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in -1..1, sides divisible by 32, into logits of their size."""
        known, *beside = reversed(self.encoder(image))
        for step, level in zip(self.up, beside, strict=True):
            known = step(known, level)
        whole = functional.interpolate(known, scale_factor=2.0, mode="bilinear")
        logits: Tensor = self.decide(whole)  # (B, width, H, W) -> (B, classes, H, W)
        return logits


def unet_efficientnet_lite0(*, width: int = 16, classes: int = 1) -> UNetEfficientNet:
    """The network that is shipped; `width` channels are left at the top of the way up.

    One logit tells pet from background; more `classes` have a logit each.
    """
    from zoo_timm.models import efficientnet_lite0

    return UNetEfficientNet(efficientnet_lite0(), width=width, classes=classes)
