"""ResNet-20 for pictures of 32x32 pixels, all of it in this file.

He, Zhang, Ren, Sun: "Deep residual learning for image recognition", 2015, section 4.2,
with the paper's shortcuts of option A: where a block halves the picture and doubles the
channels, the shortcut takes every second pixel and fills the new channels with zeros,
so that no shortcut has a parameter. 6 n + 2 layers have weights; with n = 3 blocks a
stage these are 20, and 269,722 parameters.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Block", "ResNet", "Shortcut", "resnet20"]


class Shortcut(nn.Module):
    """What a block adds its answer to: the input, halved and with more channels."""

    def __init__(self, *, fresh: int, stride: int) -> None:
        super().__init__()
        self.fresh, self.stride = fresh, stride

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (B, C, H, W) into (B, C + fresh, H / stride, W / stride)."""
        kept = maps[:, :, :: self.stride, :: self.stride]
        half = self.fresh // 2
        return functional.pad(kept, (0, 0, 0, 0, half, self.fresh - half))


class Block(nn.Module):
    """Two 3x3 convolutions, and round them a shortcut: they learn the difference."""

    def __init__(self, *, given: int, width: int) -> None:
        super().__init__()
        stride = 1 if given == width else 2
        self.change = nn.Sequential(
            nn.Conv2d(given, width, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.keep: nn.Module = nn.Identity()
        if stride > 1:
            self.keep = Shortcut(fresh=width - given, stride=stride)

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (B, given, H, W) into (B, width, H, W), or half as high and wide."""
        return torch.relu(self.keep(maps) + self.change(maps))


class ResNet(nn.Module):
    """A convolution, three stages of blocks, and one linear layer that decides."""

    def __init__(self, *, blocks: int, width: int, classes: int) -> None:
        super().__init__()
        widths = (width, 2 * width, 4 * width)
        self.look = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),  # -> (B, 16, 32, 32)
            _stage(width, widths[0], blocks),  # -> (B, 16, 32, 32)
            _stage(widths[0], widths[1], blocks),  # -> (B, 32, 16, 16)
            _stage(widths[1], widths[2], blocks),  # -> (B, 64, 8, 8)
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),  # -> (B, 64)
        )
        self.decide = nn.Linear(widths[2], classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, image: Tensor) -> Tensor:
        """Turn normalised pixels, (B, 3, 32, 32), into logits, (B, classes)."""
        logits: Tensor = self.decide(self.look(image))
        return logits


def resnet20(*, blocks: int = 3, width: int = 16, classes: int = 10) -> ResNet:
    """The paper's smallest network for CIFAR-10; with blocks=18 its ResNet-110."""
    return ResNet(blocks=blocks, width=width, classes=classes)


def _stage(given: int, width: int, blocks: int) -> nn.Sequential:
    """Return blocks in a row, the first of which may halve and widen."""
    first = Block(given=given, width=width)
    others = [Block(given=width, width=width) for _ in range(blocks - 1)]
    return nn.Sequential(first, *others)
