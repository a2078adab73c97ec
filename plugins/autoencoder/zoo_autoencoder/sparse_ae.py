"""The k-sparse autoencoder, all of it in this file.

Makhzani, Frey: "k-sparse autoencoders", 2013: 784-256-784, and of the 256 numbers of a
code the 25 largest are kept. The others become zero: an image is a sum of 25 filters
out of 256, and the image decides which. The decoder has the weights of the encoder,
transposed: 201,744 parameters. The output is logits: the sigmoid that brings pixels to
0..1 belongs to the loss, and to `zoo.predict`; the paper's output is linear.

    model = sparse_autoencoder()
    code = model.encode(torch.rand(2, 1, 28, 28))  # (2, 256), 25 of each not zero
    pixels = model.decode(code).sigmoid()  # (2, 1, 28, 28)
    sparser = sparse_autoencoder(active=10)
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

__all__ = ["SparseAutoencoder", "keep_largest", "sparse_autoencoder"]


class SparseAutoencoder(nn.Module):
    """An encoder whose largest numbers are kept, and a decoder with its weights."""

    def __init__(self, *, image_size: int, latent_dim: int, active: int) -> None:
        super().__init__()
        if not 1 <= active <= latent_dim:
            raise ValueError(f"active={active} should be from 1 to {latent_dim}")
        self.image_size, self.active = image_size, active
        pixels = image_size * image_size
        self.filters = nn.Parameter(torch.empty(latent_dim, pixels))
        # small: where no digit has light, a filter keeps the noise that it began with
        nn.init.normal_(self.filters, std=0.01)
        self.bias = nn.Parameter(torch.zeros(latent_dim))
        self.pixel_bias = nn.Parameter(torch.zeros(pixels))

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in 0..1, (B, 1, 28, 28), into logits of the same shape."""
        return self.decode(self.encode(image))

    def encode(self, image: Tensor) -> Tensor:
        """Return the code of each image, (B, latent_dim), all but `active` of it 0."""
        # algorithm 1: z = W^T x + b, and zero outside the support of the k largest
        code = linear(image.flatten(start_dim=1), self.filters, self.bias)
        return keep_largest(code, self.active)

    def decode(self, code: Tensor) -> Tensor:
        """Return logits of pixels for codes, (B, 1, 28, 28)."""
        logits = linear(code, self.filters.T, self.pixel_bias)  # algorithm 1: W z + b'
        return logits.view(-1, 1, self.image_size, self.image_size)


def keep_largest(code: Tensor, count: int) -> Tensor:
    """Return codes, (B, latent_dim), with all but the `count` largest of each zero.

    Gradients go through what is kept alone.
    """
    largest = code.topk(count, dim=1)
    return torch.zeros_like(code).scatter(1, largest.indices, largest.values)


def sparse_autoencoder(
    *, image_size: int = 28, latent_dim: int = 256, active: int = 25
) -> SparseAutoencoder:
    """Codes of 256 numbers, of which `active` are not zero."""
    return SparseAutoencoder(
        image_size=image_size, latent_dim=latent_dim, active=active
    )
