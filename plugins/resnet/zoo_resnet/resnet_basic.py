"""Three residual blocks and three linear layers, all of it in this file.

The course's first residual network, after He, Zhang, Ren, Sun: "Deep residual learning
for image recognition", 2015. Each block is the paper's basic block, with a shortcut of
option C: a 1x1 convolution brings the input to as many channels, in every block. After
a block, average pooling halves the image. The paper pools over the whole image and has
one linear layer; the course flattens the last feature map and has three. With 64
channels in the first block it has 10,633,674 parameters, most of them there.
"""

import torch
from torch import Tensor, nn

__all__ = ["BasicBlock", "BasicResNet", "resnet_basic"]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, and a 1x1 convolution as the shortcut."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, in_channels, H, W) into (B, out_channels, H, W)."""
        residual = self.relu(self.bn1(self.conv1(x)))
        residual = self.bn2(self.conv2(residual))
        return torch.relu(self.downsample(x) + residual)


class BasicResNet(nn.Module):
    """Three blocks, each of which halves the image, and three linear layers."""

    def __init__(self, *, width: int, classes: int) -> None:
        super().__init__()
        # -> (B, width, 16, 16) -> (B, 2 * width, 8, 8) -> (B, 4 * width, 4, 4)
        self.layer1 = nn.Sequential(BasicBlock(3, width), nn.AvgPool2d(2))
        self.layer2 = nn.Sequential(BasicBlock(width, 2 * width), nn.AvgPool2d(2))
        self.layer3 = nn.Sequential(BasicBlock(2 * width, 4 * width), nn.AvgPool2d(2))
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(64 * width, 32 * width),
            nn.ReLU(),
            nn.Linear(32 * width, 8 * width),
            nn.ReLU(),
            nn.Linear(8 * width, classes),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Turn normalized pixels, (B, 3, 32, 32), into logits, (B, classes)."""
        features = self.layer3(self.layer2(self.layer1(image)))
        logits: Tensor = self.classifier(features)
        return logits


def resnet_basic(*, width: int = 64, classes: int = 10) -> BasicResNet:
    """The network of the course; `width` is the channels of its first block."""
    return BasicResNet(width=width, classes=classes)
