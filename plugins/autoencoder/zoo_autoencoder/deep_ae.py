"""The deep autoencoder of 2006 and its mirror, all of it in this file.

Hinton, Salakhutdinov: "Reducing the dimensionality of data with neural networks",
2006: 784-1000-500-250-30-250-500-1000-784, 2,837,314 parameters. The code is linear, as
in the paper. The hidden units are ReLU, where the paper has logistic units, whose
gradients vanish in so many layers: it had to stack restricted Boltzmann machines first.
With ReLU and weights whose variance fits it (He and others: "Delving deep into
rectifiers", 2015) training starts from random weights.

    model = deep_autoencoder()
    code = model.encode(torch.rand(2, 1, 28, 28))  # (2, 30)
    pixels = model.decode(code).sigmoid()  # (2, 1, 28, 28)
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

__all__ = ["DeepAutoencoder", "deep_autoencoder"]


class DeepAutoencoder(nn.Module):
    """An encoder of several linear layers, and a decoder with the same in reverse."""

    def __init__(
        self, *, image_size: int, hidden: Sequence[int], latent_dim: int
    ) -> None:
        super().__init__()
        self.image_size = image_size
        sizes = [image_size * image_size, *hidden, latent_dim]
        self.encoder = nn.Sequential(nn.Flatten(), *_layers(sizes))
        self.decoder = nn.Sequential(*_layers(sizes[::-1]))

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in 0..1, (B, 1, 28, 28), into logits of the same shape."""
        return self.decode(self.encode(image))

    def encode(self, image: Tensor) -> Tensor:
        """Return the code of each image, (B, latent_dim), numbers of either sign."""
        code: Tensor = self.encoder(image)
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Return logits of pixels for codes, (B, 1, 28, 28)."""
        logits: Tensor = self.decoder(code)
        return logits.view(-1, 1, self.image_size, self.image_size)


def _layers(sizes: Sequence[int]) -> list[nn.Module]:
    """Return linear layers from size to size, with ReLU between but not at the end."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        linear = nn.Linear(before, after)
        # He and others, equation 10: a variance of 2 / before keeps that of the signal
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    nn.init.xavier_normal_(linear.weight)  # no ReLU follows
    return layers[:-1]


def deep_autoencoder(
    *,
    image_size: int = 28,
    hidden: Sequence[int] = (1000, 500, 250),
    latent_dim: int = 30,
) -> DeepAutoencoder:
    """The network of the paper: images of 28 by 28, codes of 30 numbers.

    `hidden` are the sizes of the encoder's hidden layers.
    """
    return DeepAutoencoder(image_size=image_size, hidden=hidden, latent_dim=latent_dim)
