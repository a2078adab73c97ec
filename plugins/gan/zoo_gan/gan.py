"""The first GAN: two multilayer perceptrons, both in this file.

Goodfellow et al.: "Generative adversarial nets", 2014. The generator turns noise into
the pixels of an image, and the discriminator the pixels of an image into the logit of
its being real; neither knows that pixels have neighbors. Newer than the paper: leaky
ReLUs in place of rectifiers and maxout, batch normalization in the generator (Ioffe and
Szegedy, 2015), and pixels in -1..1 by a hyperbolic tangent in place of a sigmoid.
"""

import math

import torch
from torch import Tensor, nn

from zoo_gan.finetune_defaults import ADVERSARIAL

__all__ = ["Discriminator", "Generator", "gan"]

PICTURE_LEARNING = "zoo_gan.gan_learning:MLPGANLearning"  # of zoo.finetune
FINETUNE_DEFAULTS = {**ADVERSARIAL, "lr": 1e-3}
NEGATIVE_SLOPE = 0.2  # of the leaky ReLU
SHAPE = (1, 28, 28)  # of an image
PIXELS = math.prod(SHAPE)


class Generator(nn.Module):
    """Noise in, an image in -1..1 out."""

    def __init__(self, *, latent_dim: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        layers: list[nn.Module] = []
        sizes = (latent_dim, *hidden)
        for inputs, outputs in zip(sizes, hidden, strict=False):
            layers += [
                nn.Linear(inputs, outputs, bias=False),
                nn.BatchNorm1d(outputs),
                nn.LeakyReLU(NEGATIVE_SLOPE),
            ]
        self.layers = nn.Sequential(
            *layers, nn.Linear(sizes[-1], PIXELS), nn.Tanh(), nn.Unflatten(1, SHAPE)
        )

    def forward(self, noise: Tensor) -> Tensor:
        """Turn noise, (B, latent_dim), into images in -1..1, (B, 1, 28, 28)."""
        image: Tensor = self.layers(noise)
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

    def __init__(self, *, hidden: tuple[int, ...], dropout: float = 0.0) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        sizes = (PIXELS, *hidden)
        for inputs, outputs in zip(sizes, hidden, strict=False):
            layers += [
                nn.Linear(inputs, outputs),
                nn.LeakyReLU(NEGATIVE_SLOPE),
                nn.Dropout(dropout),
            ]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(sizes[-1], 1)

    def forward(self, image: Tensor) -> Tensor:
        """Turn images, (B, 1, 28, 28), into logits, (B,)."""
        logit: Tensor = self.classifier(self.features(image))
        return logit.squeeze(1)


def gan(*, latent_dim: int = 64, hidden: tuple[int, ...] = (512, 768)) -> Generator:
    """A generator of handwritten digits with two hidden layers."""
    return Generator(latent_dim=latent_dim, hidden=hidden)
