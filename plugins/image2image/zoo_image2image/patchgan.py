"""PatchGAN: a discriminator that judges each patch of an image by itself.

Isola, Zhu, Zhou, Efros: "Image-to-image translation with conditional adversarial
networks", 2017, section 3.2.2. It is a convolutional network without a linear layer:
each number of its output sees one patch of the image, and says how real that looks.
With three layers of stride 2 and a width of 64 it has patches of 70 by 70 pixels and,
on three channels, 2,764,737 parameters; that is the course's. With two layers, as the
models here have it, a patch is 34 by 34.
"""

from itertools import pairwise

from torch import Tensor, nn

__all__ = ["INIT_STD", "PatchGAN", "init_weights"]

NEGATIVE_SLOPE = 0.2  # of the leaky ReLU
INIT_STD = 0.02  # of weights before training
MAX_FACTOR = 8  # times the first layer's channels: no layer has more


class PatchGAN(nn.Module):
    """An image in -1..1 in, a score for each patch out; 1 is real, 0 is made.

    >>> PatchGAN(channels=3, width=8, layers=2)(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 1, 14, 14])
    """

    def __init__(self, *, channels: int, width: int, layers: int = 3) -> None:
        super().__init__()
        widths = [width * min(2**n, MAX_FACTOR) for n in range(layers + 1)]
        blocks: list[nn.Module] = [
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(NEGATIVE_SLOPE),
        ]
        for number, (before, after) in enumerate(pairwise(widths), start=1):
            stride = 2 if number < layers else 1
            blocks += [
                nn.Conv2d(before, after, 4, stride=stride, padding=1),
                nn.InstanceNorm2d(after),
                nn.LeakyReLU(NEGATIVE_SLOPE),
            ]
        blocks.append(nn.Conv2d(widths[-1], 1, 4, padding=1))
        self.layers = nn.Sequential(*blocks)
        self.apply(init_weights)

    def forward(self, image: Tensor) -> Tensor:
        """Turn images, (B, channels, H, W), into scores, (B, 1, rows, columns)."""
        scores: Tensor = self.layers(image)
        return scores


def init_weights(layer: nn.Module) -> None:
    """Initialize a convolution as the paper does: normal, with a standard deviation of
    0.02."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0, INIT_STD)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
