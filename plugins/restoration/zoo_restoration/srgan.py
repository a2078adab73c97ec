"""The discriminator of SRGAN: it tells photographs from enlarged pictures.

Ledig et al.: "Photo-realistic single image super-resolution using a generative
adversarial network", 2017. The generator is `zoo_restoration.srresnet`. With
`channels=(64, 64)` and `hidden=1024` it is the course's, with 67,149,761
parameters. It is needed for training alone.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

__all__ = ["Discriminator"]

SLOPE = 0.2  # of the leaky ReLU


class Discriminator(nn.Module):
    """Pictures of `side` pixels in, (B, 3, side, side); a score of each out, (B,).

    Each convolution after the first halves height and width.

    >>> import torch
    >>> Discriminator()(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2])
    """

    def __init__(
        self,
        *,
        side: int = 64,
        channels: Sequence[int] = (32, 32, 64, 128),
        hidden: int = 256,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(3, channels[0], 3, padding=1),
            nn.LeakyReLU(SLOPE),
        ]
        for before, after in pairwise(channels):
            layers += [
                nn.Conv2d(before, after, 3, stride=2, padding=1),
                nn.BatchNorm2d(after),
                nn.LeakyReLU(SLOPE),
            ]
            side = (side + 1) // 2
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels[-1] * side**2, hidden),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden, 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return scores: one for photographs, and zero for what was enlarged."""
        score: Tensor = self.classifier(self.features(image))
        return score.squeeze(1)
