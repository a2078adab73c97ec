"""Data-free learning of a student network: teacher, student and generator.

Chen, Wang, Xu, Yang, Liu, Shi, Xu, Xu, Tian: "Data-free learning of student networks",
2019. The generator is the reverse of a discriminator: its images are good where the
teacher, which is given and fixed, answers as it answers real ones. The student learns
what the teacher says of these images. The losses are in `student_recipe.py`.

Teacher and student are LeNet-5, and LeNet-5 with half of all channels and units, which
has a quarter of the parameters. The generator has the layers of the paper's, for images
of 28x28. It has an eighth of its width, because a processor is to train it in minutes:
`width=128` is the paper's. Its batch normalizations have the usual epsilon, where the
published program has 0.8, by the look of it meant as a momentum.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

__all__ = ["Generator", "LeNet5", "dafl_generator", "dafl_student", "dafl_teacher"]

NEGATIVE_SLOPE = 0.2  # of the leaky ReLU


class LeNet5(nn.Module):
    """An image in, logits out; what the last layer sees is `embed`'s."""

    def __init__(
        self, *, channels: tuple[int, int], units: tuple[int, int], classes: int
    ) -> None:
        super().__init__()
        first, second = channels
        self.features = nn.Sequential(
            nn.Conv2d(1, first, kernel_size=5, padding=2),  # -> (B, first, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2),  # -> (B, first, 14, 14)
            nn.Conv2d(first, second, kernel_size=5),  # -> (B, second, 10, 10)
            nn.ReLU(),
            nn.MaxPool2d(2),  # -> (B, second, 5, 5)
        )
        self.fc1 = nn.Linear(second * 5 * 5, units[0])
        self.fc2 = nn.Linear(units[0], units[1])
        self.classifier = nn.Linear(units[1], classes)

    def embed(self, image: Tensor) -> Tensor:
        """Return the features f of images, (B, 1, 28, 28): (B, units), none below 0."""
        hidden = relu(self.fc1(self.features(image).flatten(1)))
        return relu(self.fc2(hidden))

    def forward(self, image: Tensor) -> Tensor:
        """Turn images, (B, 1, 28, 28), into logits, (B, classes)."""
        logits: Tensor = self.classifier(self.embed(image))
        return logits


class Generator(nn.Module):
    """Noise in, an image out, normalized as the teacher's input is."""

    def __init__(self, *, latent_dim: int, width: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        half = width // 2
        self.project = nn.Sequential(
            nn.Linear(latent_dim, width * 7 * 7),
            nn.Unflatten(1, (width, 7, 7)),
            nn.BatchNorm2d(width),
        )
        self.upsample = nn.Sequential(
            nn.Upsample(scale_factor=2),  # -> (B, width, 14, 14)
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            nn.Upsample(scale_factor=2),  # -> (B, width, 28, 28)
            nn.Conv2d(width, half, 3, padding=1),
            nn.BatchNorm2d(half),
            nn.LeakyReLU(NEGATIVE_SLOPE),
            nn.Conv2d(half, 1, 3, padding=1),  # -> (B, 1, 28, 28)
            nn.Tanh(),
            nn.BatchNorm2d(1, affine=False),  # mean 0, variance 1, as the real inputs
        )

    def forward(self, noise: Tensor) -> Tensor:
        """Turn noise, (B, latent_dim), into images, (B, 1, 28, 28)."""
        image: Tensor = self.upsample(self.project(noise))
        return image

    def decode(self, code: Tensor) -> Tensor:
        """Return images for codes: the code of an image is its noise."""
        image: Tensor = self(code)
        return image

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Return images of `count` rows of normal noise."""
        noise = torch.randn(count, self.latent_dim, generator=generator)
        return self.decode(noise.to(next(self.parameters())))


def dafl_teacher(*, classes: int = 10) -> LeNet5:
    """LeNet-5."""
    return LeNet5(channels=(6, 16), units=(120, 84), classes=classes)


def dafl_student(*, classes: int = 10) -> LeNet5:
    """LeNet-5 with half of the channels and units."""
    return LeNet5(channels=(3, 8), units=(60, 42), classes=classes)


def dafl_generator(*, latent_dim: int = 100, width: int = 16) -> Generator:
    """The generator of the paper at an eighth of its width."""
    return Generator(latent_dim=latent_dim, width=width)
