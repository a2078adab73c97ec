"""CRNN: convolutions that look, a recurrent network that reads. All in this file.

Shi, Bai, Yao: "An end-to-end trainable neural network for image-based sequence
recognition", 2016. Convolutions make a picture into a row of columns, a bidirectional
recurrent network reads them in both directions, and a linear layer says at each step
which character is there, or none; the network is trained by CTC, which needs no word
about where the characters are. Liberties: residual blocks as in ResNet and batch
normalisation for the layers of VGG, half as wide at the most, strides for pooling, and
a GRU of one layer for an LSTM of two.

The course's network also has four residual blocks, with kernels of 3 by 5 pixels and
strides in height alone, and sees colour; its GRU reads in one direction. This one
strides twice in width too, which makes it faster; 50 steps are enough for a text of
five characters.
"""

import torch
from torch import Tensor, nn

__all__ = ["CRNN", "Residual", "crnn"]

WIDTHS = (32, 64, 96, 128)  # channels of the stem and of each block
TALL = 4  # rows of pixels that the blocks leave of 50


class Residual(nn.Module):
    """Two convolutions, added to what went in, which a third brings to their size."""

    def __init__(self, given: int, made: int, *, stride: tuple[int, int]) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(given, made, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(made),
            nn.ReLU(),
            nn.Conv2d(made, made, 3, padding=1, bias=False),
            nn.BatchNorm2d(made),
        )
        self.keep = nn.Sequential(
            nn.Conv2d(given, made, 1, stride, bias=False), nn.BatchNorm2d(made)
        )

    def forward(self, seen: Tensor) -> Tensor:
        return torch.relu(self.change(seen) + self.keep(seen))


class CRNN(nn.Module):
    """Look, read, decide."""

    def __init__(self, *, classes: int, hidden: int, dropout: float) -> None:
        super().__init__()
        first, second, third, last = WIDTHS
        self.look = nn.Sequential(
            nn.Conv2d(1, first, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
            Residual(first, second, stride=(2, 2)),
            Residual(second, third, stride=(2, 1)),
            Residual(third, last, stride=(2, 1)),
            nn.Conv2d(last, last, (TALL, 3), padding=(0, 1), bias=False),
            nn.BatchNorm2d(last),
            nn.ReLU(),
        )
        self.read = nn.GRU(last, hidden, bidirectional=True, batch_first=True)
        self.forget = nn.Dropout(dropout)
        self.decide = nn.Linear(2 * hidden, classes + 1)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels (B, 1, 50, W) into logits (B, W / 4, classes + 1); the first of
        them, at each step, is for no character."""
        seen = self.look(image)  # (B, 128, 1, W / 4)
        columns = seen.squeeze(2).transpose(1, 2)
        # A long sum over steps wants all its digits, also where convolutions do not.
        with torch.autocast(image.device.type, enabled=False):
            columns = columns.to(self.decide.weight.dtype)
            read, _ = self.read(self.forget(columns))  # (B, W / 4, 2 hidden)
            logits: Tensor = self.decide(self.forget(read))
        return logits


def crnn(*, classes: int = 36, hidden: int = 128, dropout: float = 0.1) -> CRNN:
    """The network for an alphabet of so many characters."""
    return CRNN(classes=classes, hidden=hidden, dropout=dropout)
