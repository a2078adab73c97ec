"""PoseNet: keypoints by maps of where they are, and of how far from a cell they are.

- Papandreou et al.: Towards accurate multi-person pose estimation in the wild, 2017,
  https://arxiv.org/abs/1701.01779
- Papandreou et al.: PersonLab, 2018, https://arxiv.org/abs/1803.08225
- The name is that of Google's model for browsers, which is made so.

A convolutional network gives, on a coarse grid over the picture, three maps for each
point: the logit of the point lying within a radius of the cell's centre, and the two
parts of the way from that centre to the point. The maps of places are coarse, and the
offsets make up for it: no map as large as the picture is needed. This one is slim: a
few convolutions for a ResNet of 50 or 101 layers, and one person, so that the mid-range
offsets of PersonLab, which group points, are not there.

    >>> import torch
    >>> posenet()(torch.zeros(1, 3, 96, 96)).shape
    torch.Size([1, 204, 12, 12])
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

__all__ = ["PoseNet", "posenet"]


class ConvBlock(nn.Sequential):
    """A convolution, batch normalization and a ReLU: (B, C, H, W) to (B, D, H / stride,
    W / stride)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class PoseNet(nn.Module):
    """Turn pictures, (B, 3, H, W), into maps, (B, 3 * points, H / 8, W / 8).

    H and W are multiples of 16. The maps of logits come first, then those of offsets in
    x, and then those in y, as shares of the picture.
    """

    def __init__(self, *, classes: int, width: int) -> None:
        super().__init__()
        self.points, w = classes, width
        self.fine = nn.Sequential(
            ConvBlock(3, w, stride=2),
            ConvBlock(w, 2 * w, stride=2),
            ConvBlock(2 * w, 2 * w),
            ConvBlock(2 * w, 4 * w, stride=2),
            ConvBlock(4 * w, 4 * w),
        )
        self.coarse = nn.Sequential(
            ConvBlock(4 * w, 8 * w, stride=2),
            ConvBlock(8 * w, 8 * w),
            ConvBlock(8 * w, 8 * w),
        )
        self.joined = nn.Sequential(ConvBlock(12 * w, 8 * w), ConvBlock(8 * w, 8 * w))
        self.head = nn.Conv2d(8 * w, 3 * classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Turn (B, 3, H, W) into (B, 3 * points, H / 8, W / 8)."""
        fine = self.fine(image)  # (B, 4w, H / 8, W / 8)
        coarse = interpolate(self.coarse(fine), size=fine.shape[2:], mode="nearest")
        maps: Tensor = self.head(self.joined(torch.cat([fine, coarse], dim=1)))
        logits, offsets = maps.split([self.points, 2 * self.points], dim=1)
        cells = max(fine.shape[2:])  # offsets are learned in cells, which are near one
        return torch.cat([logits, offsets / cells], dim=1)

    @torch.no_grad()
    def init_head_from(self, old: "PoseNet", labels: Sequence[tuple[int, int]]) -> None:
        """Begin with what the head of `old` knew of points that both have: pairs of
        numbers, the old and the new one. `zoo.finetune` asks."""
        for name, new in self.head.named_parameters():
            maps = new.unflatten(0, (3, self.points))
            known = getattr(old.head, name).unflatten(0, (3, old.points))
            for before, after in labels:
                maps[:, after] = known[:, before]


def posenet(*, classes: int = 68, width: int = 12) -> PoseNet:
    """Build PoseNet; `classes` is the number of points, and `width` that of channels of
    the first convolution."""
    return PoseNet(classes=classes, width=width)
