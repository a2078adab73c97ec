"""A deep convolutional GAN for small images, both networks in this file.

Radford, Metz, Chintala: "Unsupervised representation learning with deep convolutional
generative adversarial networks", 2016. The layers are those of the course, with fewer
of them than in the paper: noise is projected to 7x7 features, and three transposed
convolutions turn them into a 28x28 image; the discriminator has two convolutions and
one linear layer. At a width of 256 the generator has 2,305,472 parameters, and the
discriminator, at its width of 64, has 212,865. One difference: the discriminator drops
whole channels, not single activations, because drawing a number for each would take as
long as its convolutions.
"""

import torch
from torch import Tensor, nn

from zoo_gan.finetune_defaults import ADVERSARIAL

__all__ = ["Discriminator", "Generator", "dcgan", "init_weights"]

PICTURE_LEARNING = "zoo_gan.gan_learning:DCGANLearning"  # of zoo.finetune
FINETUNE_DEFAULTS = {**ADVERSARIAL, "lr": 5e-4}
NEGATIVE_SLOPE = 0.3  # of the leaky ReLU
INIT_STD = 0.02  # of weights before training


class Generator(nn.Module):
    """Noise in, an image in -1..1 out."""

    def __init__(self, *, latent_dim: int, width: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        half, quarter = width // 2, width // 4
        self.project = nn.Sequential(
            nn.Linear(latent_dim, width * 7 * 7, bias=False),
            nn.BatchNorm1d(width * 7 * 7),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            nn.Unflatten(1, (width, 7, 7)),
        )
        self.upsample = nn.Sequential(
            nn.ConvTranspose2d(width, half, 5, padding=2, bias=False),
            nn.BatchNorm2d(half),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            _upsample(half, quarter),
            nn.BatchNorm2d(quarter),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            _upsample(quarter, 1),
            nn.Tanh(),
        )
        self.apply(init_weights)

    def forward(self, noise: Tensor) -> Tensor:
        """Turn noise, (B, latent_dim), into images in -1..1, (B, 1, 28, 28)."""
        features = self.project(noise)  # (B, width, 7, 7)
        image: Tensor = self.upsample(features)
        return image

    def decode(self, code: Tensor) -> Tensor:
        """Return images for codes: the code of an image is its noise."""
        image: Tensor = self(code)
        return image

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Return images of `count` rows of normal noise."""
        noise = torch.randn(count, self.latent_dim, generator=generator)
        return self.decode(noise.to(next(self.parameters())))


class Discriminator(nn.Module):
    """An image in -1..1 in, the logit of its being real out."""

    def __init__(self, *, width: int, layers: int = 2, dropout: float = 0.3) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        size, in_channels = 28, 1
        for out_channels in (width * 2**number for number in range(layers)):
            blocks += [
                nn.Conv2d(in_channels, out_channels, 5, stride=2, padding=2),
                nn.LeakyReLU(NEGATIVE_SLOPE),
                nn.Dropout2d(dropout),
            ]
            size, in_channels = (size + 1) // 2, out_channels
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(in_channels * size * size, 1)
        )
        self.apply(init_weights)

    def forward(self, image: Tensor) -> Tensor:
        """Turn images, (B, 1, 28, 28), into logits, (B,)."""
        logit: Tensor = self.classifier(self.features(image))
        return logit.squeeze(1)


def init_weights(layer: nn.Module) -> None:
    """Initialize a layer as the paper does: normal, with a standard deviation of 0.02.

    The scale of a batch normalization has a mean of 1.
    """
    if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0, INIT_STD)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1, INIT_STD)


def dcgan(*, latent_dim: int = 100, width: int = 128) -> Generator:
    """The generator of the course at half of its width, which is 256."""
    return Generator(latent_dim=latent_dim, width=width)


def _upsample(in_channels: int, out_channels: int) -> nn.Module:
    """Return a transposed convolution that doubles height and width."""
    return nn.ConvTranspose2d(
        in_channels,
        out_channels,
        5,
        stride=2,
        padding=2,
        output_padding=1,
        bias=False,
    )
