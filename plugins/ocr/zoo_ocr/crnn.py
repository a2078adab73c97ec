"""CRNN: a convolutional network, and a recurrent one on its columns. All in this file.

Shi, Bai, Yao: "An end-to-end trainable neural network for image-based sequence
recognition", 2016. The convolutions turn an image into a sequence of columns, a
bidirectional recurrent network reads them, and a linear layer classifies each step as a
character or the CTC blank; CTC trains it without knowing where the characters are. What
differs: residual blocks as in ResNet and batch normalization for the layers of VGG,
half as wide at most, strides for pooling, and a GRU of one layer for an LSTM of two.

The course's network also has four residual blocks, with kernels of 3 by 5 pixels and
strides in height alone, and takes colour; its GRU reads in one direction. This one also
strides twice in width, which makes it faster; 50 steps are enough for a text of five
characters.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["CRNN", "ResidualBlock", "crnn"]

CHANNELS = (32, 64, 96, 128)  # of the stem and of each block
STRIDES = 4  # in height, each of two


class ResidualBlock(nn.Module):
    """Two convolutions with a projected shortcut, named as in torchvision's ResNet."""

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: tuple[int, int]
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, out_channels, 3, stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        residual = self.relu(self.bn1(self.conv1(inputs)))
        residual = self.bn2(self.conv2(residual))
        # He et al.: "Deep residual learning", 2016, equation (2): y = F(x) + W_s x
        output: Tensor = self.relu(residual + self.downsample(inputs))
        return output


class CRNN(nn.Module):
    """Images to logits of characters at every step."""

    def __init__(
        self,
        *,
        classes: int,
        hidden_size: int,
        dropout: float,
        height: int,
        channels: Sequence[int],
    ) -> None:
        super().__init__()
        first, second, third, last = channels
        self.cnn = nn.Sequential(
            nn.Conv2d(1, first, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
            ResidualBlock(first, second, stride=(2, 2)),
            ResidualBlock(second, third, stride=(2, 1)),
            ResidualBlock(third, last, stride=(2, 1)),
            nn.Conv2d(last, last, (rows_left(height), 3), padding=(0, 1), bias=False),
            nn.BatchNorm2d(last),
            nn.ReLU(),
        )
        self.rnn = nn.GRU(last, hidden_size, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(2 * hidden_size, classes + 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (B, W / 4, classes + 1) of pixels (B, 1, height, W); the first
        of the classes is the blank."""
        features = self.cnn(image)  # (B, channels, 1, W / 4)
        columns = features.squeeze(2).transpose(1, 2)
        # The recurrence runs in full precision, also where autocast lowers that of the
        # convolutions.
        with torch.autocast(image.device.type, enabled=False):
            columns = columns.to(self.fc.weight.dtype)
            hidden, _ = self.rnn(self.dropout(columns))  # (B, W / 4, 2 * hidden_size)
            logits: Tensor = self.fc(self.dropout(hidden))
        return logits


def rows_left(height: int) -> int:
    """Return how many rows the blocks leave of a picture: 4 of 50."""
    for _ in range(STRIDES):
        height = (height + 1) // 2
    return height


def crnn(
    *,
    classes: int = 36,
    hidden_size: int = 128,
    dropout: float = 0.1,
    height: int = 50,
    channels: Sequence[int] = CHANNELS,
) -> CRNN:
    """The network for an alphabet of `classes` characters in pictures of a height;
    `channels` are those of the stem and of each block."""
    return CRNN(
        classes=classes,
        hidden_size=hidden_size,
        dropout=dropout,
        height=height,
        channels=channels,
    )
