"""The two generators of a CycleGAN, which translate images of two domains both ways.

Zhu, Park, Isola, Efros: "Unpaired image-to-image translation using cycle-consistent
adversarial networks", 2017. G turns images of a domain X into such of Y, and F turns
those of Y into such of X. No image of X has a partner in Y. Each generator is the
network of Johnson, Alahi, Fei-Fei ("Perceptual losses for real-time style transfer and
super-resolution", 2016), as the paper's appendix lists it:

    c7s1-w, d2w, d4w, R4w (n times), u2w, uw, c7s1-3

a convolution of 7x7, two of stride 2, residual blocks, two transposed convolutions, and
a convolution of 7x7; each is followed by instance normalization. With a width of 64 and
9 blocks it is the course's, with 11,378,179 parameters.
"""

import torch
from torch import Tensor, nn

from zoo_image2image.patchgan import init_weights

__all__ = ["CycleGAN", "Generator", "ResidualBlock", "cyclegan"]

FINETUNE_REFUSAL = (
    "it learns from two sets of pictures in which none has a partner, and zoo.finetune "
    "takes pictures alone or pairs; its two discriminators are not in its checkpoint."
)


class ResidualBlock(nn.Module):
    """Features plus what two convolutions make of them: x + F(x)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            reflecting(width, width, 3),
            nn.InstanceNorm2d(width),
            nn.ReLU(),
            reflecting(width, width, 3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Turn features, (B, width, H, W), into features of the same shape."""
        changed: Tensor = self.layers(features)
        return features + changed


class Generator(nn.Module):
    """An image of one domain in, one of the other domain out; both are in -1..1.

    >>> Generator(width=8, blocks=2)(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 3, 64, 64])
    """

    def __init__(self, *, width: int, blocks: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            *normalized(reflecting(3, width, 7), width),
            *normalized(halving(width, 2 * width), 2 * width),
            *normalized(halving(2 * width, 4 * width), 4 * width),
        )
        self.body = nn.Sequential(*(ResidualBlock(4 * width) for _ in range(blocks)))
        self.decoder = nn.Sequential(
            *normalized(doubling(4 * width, 2 * width), 2 * width),
            *normalized(doubling(2 * width, width), width),
            reflecting(width, 3, 7),
            nn.Tanh(),
        )
        self.apply(init_weights)

    def forward(self, image: Tensor) -> Tensor:
        """Turn images, (B, 3, H, W), into images of the same shape; both sides are
        multiples of 4."""
        features = self.encoder(image)  # (B, 4 width, H / 4, W / 4)
        made: Tensor = self.decoder(self.body(features))
        return made


class CycleGAN(nn.Module):
    """Both generators: `generator` is G, from X to Y, and `inverse` is F, from Y to X.

    >>> model = cyclegan(width=8, blocks=2)
    >>> horse = torch.zeros(1, 3, 64, 64)
    >>> zebra = model(horse)  # what model.generator makes of it
    >>> model.inverse(zebra).shape
    torch.Size([1, 3, 64, 64])
    """

    def __init__(self, *, width: int, blocks: int) -> None:
        super().__init__()
        self.generator = Generator(width=width, blocks=blocks)
        self.inverse = Generator(width=width, blocks=blocks)

    def forward(self, image: Tensor, target: Tensor | None = None) -> Tensor:
        """Turn images of X, (B, 3, H, W), into images of Y: G(x).

        With a target, the domain of each image, (B,), 0 for X and 1 for Y, return the
        cycle consistency loss of each, (B,), which is the part of the losses that
        needs no discriminator:

            |F(G(x)) - x|_1 of an image of X, |G(F(y)) - y|_1 of one of Y
        """
        made: Tensor = self.generator(image)
        if target is None:
            return made
        back = torch.where(
            (target > 0)[:, None, None, None],
            self.generator(self.inverse(image)),
            self.inverse(made),
        )
        return (back - image).abs().mean(dim=(1, 2, 3))


def reflecting(in_channels: int, out_channels: int, size: int) -> nn.Module:
    """Return a convolution that keeps height and width; it sees the image mirrored
    beyond its borders."""
    return nn.Conv2d(
        in_channels, out_channels, size, padding=size // 2, padding_mode="reflect"
    )


def halving(in_channels: int, out_channels: int) -> nn.Module:
    """Return a convolution that halves height and width."""
    return nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1)


def doubling(in_channels: int, out_channels: int) -> nn.Module:
    """Return a transposed convolution that doubles height and width."""
    return nn.ConvTranspose2d(
        in_channels, out_channels, 3, stride=2, padding=1, output_padding=1
    )


def normalized(layer: nn.Module, width: int) -> tuple[nn.Module, ...]:
    """Return a layer, instance normalization, and a ReLU."""
    return layer, nn.InstanceNorm2d(width), nn.ReLU()


def cyclegan(*, width: int = 16, blocks: int = 4) -> CycleGAN:
    """The course's generators at a quarter of their width, which is 64, with four
    residual blocks of nine."""
    return CycleGAN(width=width, blocks=blocks)
