"""U-Net, all of it in this file.

Ronneberger, Fischer, Brox: "U-Net: convolutional networks for biomedical image
segmentation", 2015. The contracting path halves the image four times and doubles the
channels each time; the expanding path upsamples again and concatenates the features of
the contracting path at the same size. It differs from the paper in this: convolutions
are padded, so that the mask is as large as the image; the channels shrink before an
upsampling, not after it; and each convolution has batch normalization.
`batch_norm=False, base_channels=64` is the course's network, 23,371,265 parameters,
with 64 to 1,024 channels.
"""

import torch
from torch import Tensor, nn

__all__ = ["UNet", "unet"]

DEPTH = 4  # halvings on the contracting path


class ConvBlock(nn.Sequential):
    """A padded 3x3 convolution, batch normalization if asked for, and a ReLU."""

    def __init__(
        self, in_channels: int, out_channels: int, *, batch_norm: bool
    ) -> None:
        norm = [nn.BatchNorm2d(out_channels)] if batch_norm else []
        conv = nn.Conv2d(
            in_channels, out_channels, kernel_size=3, padding=1, bias=not batch_norm
        )
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")  # as in the paper
        super().__init__(conv, *norm, nn.ReLU())


class UpBlock(nn.Module):
    """Upsample, concatenate the skip connection, and two convolutions."""

    def __init__(
        self, in_channels: int, out_channels: int, *, batch_norm: bool
    ) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(
            in_channels, in_channels, kernel_size=2, stride=2
        )
        self.conv = nn.Sequential(
            ConvBlock(2 * in_channels, in_channels, batch_norm=batch_norm),
            ConvBlock(in_channels, out_channels, batch_norm=batch_norm),
        )

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Turn (B, C, h, w) and (B, C, 2h, 2w) into (B, out_channels, 2h, 2w)."""
        output: Tensor = self.conv(torch.cat([skip, self.upsample(x)], dim=1))
        return output


class UNet(nn.Module):
    """Contracting path, bottleneck, expanding path, and a logit for each pixel."""

    def __init__(self, *, base_channels: int, classes: int, batch_norm: bool) -> None:
        super().__init__()
        channels = [base_channels * 2**step for step in range(DEPTH + 1)]
        self.down = nn.ModuleList(
            nn.Sequential(
                ConvBlock(in_channels, out_channels, batch_norm=batch_norm),
                ConvBlock(out_channels, out_channels, batch_norm=batch_norm),
            )
            for in_channels, out_channels in zip(
                [3, *channels], channels[:DEPTH], strict=False
            )
        )
        self.pool = nn.MaxPool2d(2)
        self.bottleneck = nn.Sequential(
            ConvBlock(channels[-2], channels[-1], batch_norm=batch_norm),
            ConvBlock(channels[-1], channels[-2], batch_norm=batch_norm),
        )
        self.up = nn.ModuleList(
            UpBlock(
                in_channels, max(in_channels // 2, base_channels), batch_norm=batch_norm
            )
            for in_channels in reversed(channels[:DEPTH])
        )
        self.head = nn.Conv2d(base_channels, classes, kernel_size=1)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels (B, 3, H, W), sides divisible by 16, into logits of that size."""
        skips: list[Tensor] = []
        x = image
        for block in self.down:
            x = block(x)
            skips.append(x)  # (B, base 2^n, H / 2^n, W / 2^n)
            x = self.pool(x)
        x = self.bottleneck(x)  # (B, 8 base, H / 16, W / 16)
        for block in self.up:
            x = block(x, skips.pop())
        logits: Tensor = self.head(x)  # (B, base, H, W) -> (B, classes, H, W)
        return logits


def unet(*, base_channels: int = 16, classes: int = 1, batch_norm: bool = True) -> UNet:
    """The slim network that is shipped: a sixteenth of the course's parameters.

    One logit separates pet from background; more `classes` have a logit each.
    """
    return UNet(base_channels=base_channels, classes=classes, batch_norm=batch_norm)
