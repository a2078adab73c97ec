"""A deep convolutional GAN for faces in color of 64x64, both networks in this file.

Radford, Metz, Chintala: "Unsupervised representation learning with deep convolutional
generative adversarial networks", 2016. The layers are those of the course: five
transposed convolutions of 4x4 turn noise into an image, and five convolutions turn an
image into a logit; all but the first and the last of a network double or halve the
size. With a width of 512 the generator has 3,576,704 parameters, and a discriminator
with a width of 64 and batch normalization 2,765,697. The discriminator gives a logit,
where the course's ends with a sigmoid.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

__all__ = ["Discriminator", "Generator", "dcgan_face"]

FINETUNE_REFUSAL = (
    "its discriminator is not in its checkpoint, and beside a new one its samples came "
    "no nearer to some hundred photographs; train its recipe on a few thousand instead."
)
NEGATIVE_SLOPE = 0.2  # of the leaky ReLU of the discriminator
INIT_STD = 0.02  # of weights before training


class Generator(nn.Module):
    """Noise in, an image in -1..1 out."""

    def __init__(self, *, latent_dim: int, width: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        widths = [width // 2**number for number in range(4)]
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(latent_dim, width, 4, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        for inputs, outputs in pairwise(widths):
            layers += [_upsample(inputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.upsample = nn.Sequential(*layers, _upsample(widths[-1], 3), nn.Tanh())
        self.apply(_init_weights)

    def forward(self, noise: Tensor) -> Tensor:
        """Turn noise, (B, latent_dim), into images in -1..1, (B, 3, 64, 64)."""
        image: Tensor = self.upsample(noise[:, :, None, None])
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

    def __init__(self, *, width: int, batch_norm: bool = True) -> None:
        super().__init__()
        widths = [3, *(width * 2**number for number in range(4))]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            bias = not batch_norm  # a batch normalization has its own
            layers.append(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=bias))
            if batch_norm:
                layers.append(nn.BatchNorm2d(outputs))
            layers.append(nn.LeakyReLU(NEGATIVE_SLOPE))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Conv2d(widths[-1], 1, 4)
        self.apply(_init_weights)

    def forward(self, image: Tensor) -> Tensor:
        """Turn images, (B, 3, 64, 64), into logits, (B,)."""
        logit: Tensor = self.classifier(self.features(image))
        return logit.flatten()


def dcgan_face(*, latent_dim: int = 100, width: int = 256) -> Generator:
    """The generator of the course at half of its width, which is 512."""
    return Generator(latent_dim=latent_dim, width=width)


def _upsample(inputs: int, outputs: int) -> nn.Module:
    """Return a transposed convolution that doubles height and width."""
    return nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)


def _init_weights(layer: nn.Module) -> None:
    """Initialize a layer as the paper does: normal, with a standard deviation of 0.02.

    The scale of a batch normalization has a mean of 1.
    """
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0, INIT_STD)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1, INIT_STD)
