"""The smallest autoencoder: one layer in, one layer out, all of it in this file.

784-64-784 with a ReLU on the code, 101,200 parameters. The output is logits: the
sigmoid that brings pixels to 0..1 belongs to the loss, and to `zoo.predict`.
"""

from torch import Tensor, nn

__all__ = ["Autoencoder", "autoencoder"]


class Autoencoder(nn.Module):
    """A layer that keeps a few numbers of a picture, a layer that draws it again."""

    def __init__(self, *, side: int, code: int) -> None:
        super().__init__()
        self.side = side
        self.keep = nn.Sequential(nn.Flatten(), nn.Linear(side * side, code), nn.ReLU())
        self.draw = nn.Linear(code, side * side)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in 0..1, (B, 1, 28, 28), into logits of the same shape."""
        return self.decode(self.encode(image))

    def encode(self, image: Tensor) -> Tensor:
        """Return the code of each picture, (B, code), no number below zero."""
        code: Tensor = self.keep(image)
        return code

    def decode(self, code: Tensor) -> Tensor:
        """Return logits of pixels for codes, (B, 1, 28, 28)."""
        logits: Tensor = self.draw(code)
        return logits.view(-1, 1, self.side, self.side)


def autoencoder(*, side: int = 28, code: int = 64) -> Autoencoder:
    """The course's network: pictures of 28 by 28, a code of 64 numbers."""
    return Autoencoder(side=side, code=code)
