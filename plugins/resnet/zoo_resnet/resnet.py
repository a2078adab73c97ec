"""The residual networks for photographs, ResNet-18, -34 and -50, all in this file.

He, Zhang, Ren, Sun: "Deep residual learning for image recognition", 2015: table 1 has
the layers, section 3.2 equations (1) and (2), figure 5 the two kinds of block. As in
torchvision and timm, and other than in the paper, the 3x3 convolution of a bottleneck
block halves the map and not the 1x1 before it ("ResNet v1.5": a little more accurate).
Tensors are named as there, so published weights fit without a table of names.

    >>> model = resnet50().eval()
    >>> model(torch.randn(1, 3, 224, 224)).shape
    torch.Size([1, 1000])

For images of 32x32 pixels the first layer leaves the size, and a slim one has fewer
channels in each:

    >>> slim = resnet18_cifar(width=32)
"""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

__all__ = [
    "BasicBlock",
    "Bottleneck",
    "ResNet",
    "resnet18",
    "resnet18_cifar",
    "resnet34",
    "resnet50",
]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions whose output is added to the input: figure 5, left."""

    expansion = 1  # channels that come out, for each of `width`

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = _conv3x3(in_channels, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(in_channels, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, in_channels, H, W) into (B, width, H / stride, W / stride)."""
        residual = self.relu(self.bn1(self.conv1(x)))
        residual = self.bn2(self.conv2(residual))  # F(x) = W_2 relu(W_1 x)
        shortcut = x if self.downsample is None else self.downsample(x)
        output: Tensor = self.relu(residual + shortcut)  # y = F(x) + x, or + W_s x
        return output


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions, the 3x3 on a quarter of the channels: figure 5,
    right."""

    expansion = 4

    def __init__(self, in_channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        out_channels = self.expansion * width
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (B, in_channels, H, W) into (B, 4 * width, H / stride, W / stride)."""
        residual = self.relu(self.bn1(self.conv1(x)))
        residual = self.relu(self.bn2(self.conv2(residual)))
        residual = self.bn3(self.conv3(residual))  # F(x)
        shortcut = x if self.downsample is None else self.downsample(x)
        output: Tensor = self.relu(residual + shortcut)  # y = F(x) + x, or + W_s x
        return output


class ResNet(nn.Module):
    """A stem, four stages of blocks, the mean over the map, and one linear layer.

    The stem "7x7" quarters a photograph's sides, by a convolution and a maximum; "3x3"
    is a convolution alone, which leaves the size of a small image. `width` is the
    channels of the stem; stage k works on 2^(k - 1) times as many.
    """

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        blocks: Sequence[int],
        *,
        width: int = 64,
        stem: Literal["7x7", "3x3"] = "7x7",
        classes: int = 1000,
    ) -> None:
        super().__init__()
        size, stride = (7, 2) if stem == "7x7" else (3, 1)
        self.conv1 = nn.Conv2d(
            3, width, size, stride=stride, padding=size // 2, bias=False
        )
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.maxpool: nn.Module = pool if stem == "7x7" else nn.Identity()
        channels = [width, *(block.expansion * width * 2**k for k in range(4))]
        stages = [
            _stage(block, channels[k], width * 2**k, blocks[k], stride=1 + (k > 0))
            for k in range(4)
        ]
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(channels[-1], classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # He and others: "Delving deep into rectifiers", 2015
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, image: Tensor) -> Tensor:
        """Turn normalized pixels, (B, 3, H, W), into logits, (B, classes).

        The sizes beside the lines are those of ResNet-50 at 224x224 pixels.
        """
        x = self.relu(self.bn1(self.conv1(image)))  # -> (B, 64, 112, 112)
        x = self.maxpool(x)  # -> (B, 64, 56, 56)
        x = self.layer1(x)  # -> (B, 256, 56, 56)
        x = self.layer2(x)  # -> (B, 512, 28, 28)
        x = self.layer3(x)  # -> (B, 1024, 14, 14)
        x = self.layer4(x)  # -> (B, 2048, 7, 7)
        logits: Tensor = self.fc(self.flatten(self.avgpool(x)))  # -> (B, classes)
        return logits


def resnet18(*, classes: int = 1000) -> ResNet:
    """The column "18-layer" of table 1: 11.7 million parameters."""
    return ResNet(BasicBlock, (2, 2, 2, 2), classes=classes)


def resnet18_cifar(*, width: int = 64, classes: int = 10) -> ResNet:
    """ResNet-18 for images of 32x32 pixels: 11.2 million parameters with width 64."""
    return ResNet(BasicBlock, (2, 2, 2, 2), width=width, stem="3x3", classes=classes)


def resnet34(*, classes: int = 1000) -> ResNet:
    """The column "34-layer" of table 1: 21.8 million parameters."""
    return ResNet(BasicBlock, (3, 4, 6, 3), classes=classes)


def resnet50(*, classes: int = 1000) -> ResNet:
    """The column "50-layer" of table 1: 25.6 million parameters."""
    return ResNet(Bottleneck, (3, 4, 6, 3), classes=classes)


def _conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)


def _shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Module | None:
    """Return W_s of equation (2), a 1x1 convolution: option B of section 4.1.

    None where input and output have one shape: equation (1) adds the input itself.
    """
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
        nn.BatchNorm2d(out_channels),
    )


def _stage(
    block: type[BasicBlock] | type[Bottleneck],
    in_channels: int,
    width: int,
    count: int,
    stride: int,
) -> nn.Sequential:
    """Return blocks in a row, the first of which may halve the map."""
    first = block(in_channels, width, stride)
    others = [block(block.expansion * width, width) for _ in range(count - 1)]
    return nn.Sequential(first, *others)
