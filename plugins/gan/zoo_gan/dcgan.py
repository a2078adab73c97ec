"""A deep convolutional GAN for small pictures, both networks in this file.

Radford, Metz, Chintala: "Unsupervised representation learning with deep convolutional
generative adversarial networks", 2016. The layers are those of the course, with fewer
of them than in the paper: noise becomes 7x7 features, and three transposed
convolutions make a 28x28 picture of them; two convolutions and one linear layer tell
such a picture from a real one. At a width of 256 the generator has 2,305,472
parameters, and the critic, at its width of 64, has 212,865. One liberty is taken: the
critic forgets whole features, not single numbers, because to draw a number for each
would take as long as its convolutions.
"""

import torch
from torch import Tensor, nn

__all__ = ["Critic", "Generator", "dcgan", "start"]

SLOPE = 0.3  # of the leaky ReLU below zero
DEVIATION = 0.02  # of weights before training


class Generator(nn.Module):
    """Noise in, a picture in -1..1 out."""

    def __init__(self, *, numbers: int, width: int) -> None:
        super().__init__()
        self.numbers = numbers
        half, quarter = width // 2, width // 4
        self.spread = nn.Sequential(
            nn.Linear(numbers, width * 7 * 7, bias=False),
            nn.BatchNorm1d(width * 7 * 7),
            nn.LeakyReLU(SLOPE),
            nn.Unflatten(1, (width, 7, 7)),
        )
        self.draw = nn.Sequential(
            nn.ConvTranspose2d(width, half, 5, padding=2, bias=False),
            nn.BatchNorm2d(half),
            nn.LeakyReLU(SLOPE),
            _doubling(half, quarter),
            nn.BatchNorm2d(quarter),
            nn.LeakyReLU(SLOPE),
            _doubling(quarter, 1),
            nn.Tanh(),
        )
        self.apply(start)

    def forward(self, noise: Tensor) -> Tensor:
        """Turn noise, (B, numbers), into pictures in -1..1, (B, 1, 28, 28)."""
        features = self.spread(noise)  # (B, width, 7, 7)
        picture: Tensor = self.draw(features)
        return picture

    def decode(self, code: Tensor) -> Tensor:
        """Return pictures for codes: the code of a picture is its noise."""
        picture: Tensor = self(code)
        return picture

    def sample(self, count: int, random: torch.Generator) -> Tensor:
        """Return pictures of `count` rows of normal noise."""
        noise = torch.randn(count, self.numbers, generator=random)
        return self.decode(noise.to(next(self.parameters())))


class Critic(nn.Module):
    """A picture in -1..1 in, the logit of its being real out."""

    def __init__(self, *, width: int, layers: int = 2, dropout: float = 0.3) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        side, given = 28, 1
        for made in (width * 2**number for number in range(layers)):
            parts += [
                nn.Conv2d(given, made, 5, stride=2, padding=2),
                nn.LeakyReLU(SLOPE),
                nn.Dropout2d(dropout),
            ]
            side, given = (side + 1) // 2, made
        self.judge = nn.Sequential(
            *parts, nn.Flatten(), nn.Linear(given * side * side, 1)
        )
        self.apply(start)

    def forward(self, picture: Tensor) -> Tensor:
        """Turn pictures, (B, 1, 28, 28), into logits, (B,)."""
        logit: Tensor = self.judge(picture)
        return logit.squeeze(1)


def start(layer: nn.Module) -> None:
    """Give a layer the weights that the paper starts from."""
    if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0, DEVIATION)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1, DEVIATION)


def dcgan(*, numbers: int = 100, width: int = 128) -> Generator:
    """The generator of the course at half of its width, which is 256."""
    return Generator(numbers=numbers, width=width)


def _doubling(given: int, made: int) -> nn.Module:
    return nn.ConvTranspose2d(
        given, made, 5, stride=2, padding=2, output_padding=1, bias=False
    )
