"""U-Net, all of it in this file.

Ronneberger, Fischer, Brox: "U-Net: convolutional networks for biomedical image
segmentation", 2015. A way down halves the picture four times and widens it each time;
a way up doubles it again, and beside what comes from below it sees what the way down
knew at the same size. Liberties: convolutions are padded, so that the answer is as
large as the picture; widths shrink before a step up, not after it; and there is batch
normalisation after each of them. `norm=False, base=64` is the course's network,
23,371,265 parameters, with widths 64 to 1,024.
"""

import torch
from torch import Tensor, nn

__all__ = ["UNet", "unet"]

STEPS = 4  # halvings on the way down


class Convolution(nn.Sequential):
    """A padded 3x3 convolution and a ReLU, with a normalisation between them or not."""

    def __init__(self, given: int, made: int, *, norm: bool) -> None:
        middle = [nn.BatchNorm2d(made)] if norm else []
        layer = nn.Conv2d(given, made, kernel_size=3, padding=1, bias=not norm)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")  # as in the paper
        super().__init__(layer, *middle, nn.ReLU())


class Up(nn.Module):
    """Twice as large, beside what the way down knew at that size, and mixed."""

    def __init__(self, width: int, made: int, *, norm: bool) -> None:
        super().__init__()
        self.grow = nn.ConvTranspose2d(width, width, kernel_size=2, stride=2)
        self.mix = nn.Sequential(
            Convolution(2 * width, width, norm=norm),
            Convolution(width, made, norm=norm),
        )

    def forward(self, below: Tensor, beside: Tensor) -> Tensor:
        """Turn (B, W, h, w) and (B, W, 2h, 2w) into (B, made, 2h, 2w)."""
        mixed: Tensor = self.mix(torch.cat([beside, self.grow(below)], dim=1))
        return mixed


class UNet(nn.Module):
    """Down, through the bottom, up, and a decision for each pixel."""

    def __init__(self, *, base: int, classes: int, norm: bool) -> None:
        super().__init__()
        widths = [base * 2**step for step in range(STEPS + 1)]
        self.down = nn.ModuleList(
            nn.Sequential(
                Convolution(given, made, norm=norm), Convolution(made, made, norm=norm)
            )
            for given, made in zip([3, *widths], widths[:STEPS], strict=False)
        )
        self.halve = nn.MaxPool2d(2)
        self.bottom = nn.Sequential(
            Convolution(widths[-2], widths[-1], norm=norm),
            Convolution(widths[-1], widths[-2], norm=norm),
        )
        self.up = nn.ModuleList(
            Up(width, max(width // 2, base), norm=norm)
            for width in reversed(widths[:STEPS])
        )
        self.decide = nn.Conv2d(base, classes, kernel_size=1)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels (B, 3, H, W), sides divisible by 16, into logits of that size."""
        beside: list[Tensor] = []
        known = image
        for step in self.down:
            known = step(known)
            beside.append(known)  # (B, base 2^n, H / 2^n, W / 2^n)
            known = self.halve(known)
        known = self.bottom(known)  # (B, 8 base, H / 16, W / 16)
        for step in self.up:
            known = step(known, beside.pop())
        logits: Tensor = self.decide(known)  # (B, base, H, W) -> (B, classes, H, W)
        return logits


def unet(*, base: int = 16, classes: int = 1, norm: bool = True) -> UNet:
    """The slim network that is shipped: a sixteenth of the course's parameters.

    One logit tells pet from background; more `classes` have a logit each.
    """
    return UNet(base=base, classes=classes, norm=norm)
