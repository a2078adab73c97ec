"""Three residual blocks and three linear layers, all of it in this file.

The course's first residual network, after He, Zhang, Ren, Sun: "Deep residual learning
for image recognition", 2015. Each block is the paper's basic block, with a shortcut of
option C: a 1x1 convolution brings the input to as many channels, in every block. After
a block the picture is halved by averaging. Where the paper pools over the whole picture
and decides by one layer, the course flattens what is left and decides by three. With 64
channels in the first block it has 10,633,674 parameters, most of them there.
"""

import torch
from torch import Tensor, nn

__all__ = ["BasicBlock", "BasicResNet", "resnet_basic"]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, and beside them a 1x1 convolution."""

    def __init__(self, *, given: int, width: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(given, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
        )
        self.keep = nn.Conv2d(given, width, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Turn (B, given, H, W) into (B, width, H, W)."""
        return torch.relu(self.keep(maps) + self.change(maps))


class BasicResNet(nn.Module):
    """Three blocks, each halving the picture, and three layers that decide."""

    def __init__(self, *, width: int, classes: int) -> None:
        super().__init__()
        self.look = nn.Sequential(
            BasicBlock(given=3, width=width),
            nn.AvgPool2d(2),  # -> (B, width, 16, 16)
            BasicBlock(given=width, width=2 * width),
            nn.AvgPool2d(2),  # -> (B, 2 * width, 8, 8)
            BasicBlock(given=2 * width, width=4 * width),
            nn.AvgPool2d(2),  # -> (B, 4 * width, 4, 4)
            nn.Flatten(),
            nn.Linear(64 * width, 32 * width),
            nn.ReLU(),
            nn.Linear(32 * width, 8 * width),
            nn.ReLU(),
        )
        self.decide = nn.Linear(8 * width, classes)

    def forward(self, image: Tensor) -> Tensor:
        """Turn normalised pixels, (B, 3, 32, 32), into logits, (B, classes)."""
        logits: Tensor = self.decide(self.look(image))
        return logits


def resnet_basic(*, width: int = 64, classes: int = 10) -> BasicResNet:
    """The network of the course; `width` is the number of channels of its first
    block."""
    return BasicResNet(width=width, classes=classes)
