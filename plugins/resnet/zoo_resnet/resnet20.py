"""ResNet-20 for images of 32x32 pixels, all of it in this file.

He, Zhang, Ren, Sun: "Deep residual learning for image recognition", 2015, section 4.2,
with the paper's shortcuts of option A: where a block halves the image and doubles the
channels, the shortcut takes every second pixel and fills the new channels with zeros,
so that no shortcut has a parameter. 6 n + 2 layers have weights; with n = 3 blocks a
stage these are 20, and 269,722 parameters. Tensors are named as in torchvision.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["BasicBlock", "PadShortcut", "ResNet", "resnet20"]


class PadShortcut(nn.Module):
    """The shortcut of option A: strided, with zeros in the extra channels."""

    def __init__(self, *, extra_channels: int, stride: int) -> None:
        super().__init__()
        self.extra_channels, self.stride = extra_channels, stride

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, C, H, W) into (B, C + extra_channels, H / stride, W / stride)."""
        x = x[:, :, :: self.stride, :: self.stride]
        before = self.extra_channels // 2
        return functional.pad(x, (0, 0, 0, 0, before, self.extra_channels - before))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions whose output is added to the shortcut."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        stride = 1 if in_channels == out_channels else 2
        self.conv1 = nn.Conv2d(
            in_channels, out_channels, 3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample: nn.Module = nn.Identity()
        if stride > 1:
            self.downsample = PadShortcut(
                extra_channels=out_channels - in_channels, stride=stride
            )

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, in, H, W) into (B, out, H, W), or half as high and wide."""
        residual = self.relu(self.bn1(self.conv1(x)))
        residual = self.bn2(self.conv2(residual))
        return torch.relu(self.downsample(x) + residual)


class ResNet(nn.Module):
    """A convolution, three stages of blocks, and one linear layer."""

    def __init__(self, *, blocks: int, width: int, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.layer1 = _stage(width, width, blocks)
        self.layer2 = _stage(width, 2 * width, blocks)
        self.layer3 = _stage(2 * width, 4 * width, blocks)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(4 * width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, image: Tensor) -> Tensor:
        """Turn normalized pixels, (B, 3, 32, 32), into logits, (B, classes)."""
        x = self.relu(self.bn1(self.conv1(image)))  # -> (B, 16, 32, 32)
        x = self.layer1(x)  # -> (B, 16, 32, 32)
        x = self.layer2(x)  # -> (B, 32, 16, 16)
        x = self.layer3(x)  # -> (B, 64, 8, 8)
        logits: Tensor = self.fc(self.flatten(self.avgpool(x)))  # -> (B, classes)
        return logits


def resnet20(*, blocks: int = 3, width: int = 16, classes: int = 10) -> ResNet:
    """The paper's smallest network for CIFAR-10; with blocks=18 its ResNet-110."""
    return ResNet(blocks=blocks, width=width, classes=classes)


def _stage(in_channels: int, out_channels: int, blocks: int) -> nn.Sequential:
    """Return blocks in a row, the first of which may halve the image."""
    first = BasicBlock(in_channels, out_channels)
    others = [BasicBlock(out_channels, out_channels) for _ in range(blocks - 1)]
    return nn.Sequential(first, *others)
