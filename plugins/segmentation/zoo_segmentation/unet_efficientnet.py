"""A U-Net whose encoder is EfficientNet-Lite0, pretrained on ImageNet.

The encoder is the network that zoo-timm builds, up to its last block and by its own
tensor names, so that the weights of `efficientnet-lite0` fit. Its features at a half, a
quarter, an eighth, a sixteenth and a thirty-second of the image's size are decoded as
in `unet.py`, with nearest-neighbor interpolation where that has transposed
convolutions.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Encoder", "UNetEfficientNet", "unet_efficientnet_lite0"]

STAGE_CHANNELS = {0: 16, 1: 24, 2: 40, 4: 112, 6: 320}  # of stages before a halving


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
        x = self.bn1(self.conv_stem(image))
        features = []
        for number, stage in enumerate(self.blocks):
            x = stage(x)
            if number in STAGE_CHANNELS:
                features.append(x)  # (B, STAGE_CHANNELS[number], H / 2^n, W / 2^n)
        return features

    def train(self, mode: bool = True) -> "Encoder":
        """Stay in eval mode, whatever the mode of the whole model."""
        return super().train(False)


class DecoderBlock(nn.Module):
    """Upsample, concatenate the skip connection, and two convolutions."""

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(
                in_channels + skip_channels,
                out_channels,
                kernel_size=3,
                padding=1,
                bias=False,
            ),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Turn features of h by w and of 2h by 2w into (B, out_channels, 2h, 2w)."""
        larger = functional.interpolate(x, scale_factor=2.0, mode="nearest")
        output: Tensor = self.conv(torch.cat([skip, larger], dim=1))
        return output


class UNetEfficientNet(nn.Module):
    """A pretrained encoder and a narrow decoder."""

    def __init__(self, network: Any, *, width: int, classes: int) -> None:
        super().__init__()
        self.encoder = Encoder(network)
        deepest, *skips = reversed(STAGE_CHANNELS.values())
        out_channels = [8 * width, 4 * width, 2 * width, width]
        in_channels = [deepest, *out_channels[:-1]]
        self.decoder = nn.ModuleList(
            DecoderBlock(*channels)
            for channels in zip(in_channels, skips, out_channels, strict=True)
        )
        self.head = nn.Conv2d(width, classes, kernel_size=1)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in -1..1, sides divisible by 32, into logits of their size."""
        x, *skips = reversed(self.encoder(image))
        for block, skip in zip(self.decoder, skips, strict=True):
            x = block(x, skip)
        x = functional.interpolate(x, scale_factor=2.0, mode="bilinear")
        logits: Tensor = self.head(x)  # (B, width, H, W) -> (B, classes, H, W)
        return logits


def unet_efficientnet_lite0(*, width: int = 16, classes: int = 1) -> UNetEfficientNet:
    """The network that is shipped; `width` is the channels of the last decoder block.

    One logit separates pet from background; more `classes` have a logit each.
    """
    from zoo_timm.models import efficientnet_lite0

    return UNetEfficientNet(efficientnet_lite0(), width=width, classes=classes)
