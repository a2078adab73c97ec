"""The smallest autoencoder: one layer in, one layer out, all of it in this file.

784-64-784 with a ReLU on the code, 101,200 parameters. The output is logits: the
sigmoid that brings pixels to 0..1 belongs to the loss, and to `zoo.predict`.
"""

from torch import Tensor, nn

__all__ = ["Autoencoder", "autoencoder"]


class Autoencoder(nn.Module):
    """An encoder of one linear layer and ReLU, and a linear decoder."""

    def __init__(self, *, image_size: int, latent_dim: int) -> None:
        super().__init__()
        self.image_size = image_size
        pixels = image_size * image_size
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(pixels, latent_dim), nn.ReLU()
        )
        self.decoder = nn.Linear(latent_dim, pixels)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in 0..1, (B, 1, 28, 28), into logits of the same shape."""
        return self.decode(self.encode(image))

    def encode(self, image: Tensor) -> Tensor:
        """Return the code of each image, (B, latent_dim), no number below zero."""
        code: Tensor = self.encoder(image)
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Return logits of pixels for codes, (B, 1, 28, 28)."""
        logits: Tensor = self.decoder(code)
        return logits.view(-1, 1, self.image_size, self.image_size)


def autoencoder(*, image_size: int = 28, latent_dim: int = 64) -> Autoencoder:
    """The course's network: images of 28 by 28, codes of 64 numbers."""
    return Autoencoder(image_size=image_size, latent_dim=latent_dim)
