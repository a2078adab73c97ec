"""A convolutional autoencoder that removes strong noise, all of it in this file.

Masci, Meier, Ciresan, Schmidhuber: "Stacked convolutional auto-encoders for
hierarchical feature extraction", 2011, trained as Vincent and others propose: the input
is an image with noise, the target the image without. With images of 28 by 28,

    1x28x28 -> 16x28x28 -> 16x14x14 -> 8x14x14 -> 8x7x7                       encoder
            -> 8x7x7 -> 8x14x14 -> 16x14x14 -> 16x28x28 -> 1x28x28            decoder

by blocks of two 3x3 convolutions, where the channels change, by the average of 2x2
pixels on the way down, and by transposed convolutions of 2x2 on the way up. `cae()` is
the course's network, of 12,065 parameters. More channels in the middle and batch
normalisation (Ioffe and Szegedy: "Batch normalization", 2015) are options. The output
is logits: the sigmoid that brings pixels to 0..1 belongs to the loss, and to
`zoo.predict`.

    model = cae()
    pixels = model(torch.rand(2, 1, 28, 28)).sigmoid()  # (2, 1, 28, 28)
    wide = cae(inner=32, batch_norm=True)  # 40,369 parameters
"""

from torch import Tensor, nn

__all__ = ["ConvAutoencoder", "cae"]


class ConvAutoencoder(nn.Module):
    """Blocks of convolutions with pooling between, and blocks back to the first size.

    `outer` are the channels of maps of the image's size, `inner` those of the code.
    """

    def __init__(self, *, outer: int, inner: int, batch_norm: bool) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            *_block(1, outer, outer, batch_norm),
            nn.AvgPool2d(2),  # half the height and width
            *_block(outer, outer, inner, batch_norm),
            nn.AvgPool2d(2),
        )
        self.decoder = nn.Sequential(
            *_block(inner, inner, inner, batch_norm),
            nn.ConvTranspose2d(inner, inner, 2, stride=2),  # each pixel becomes 2x2
            *_block(inner, outer, outer, batch_norm),
            nn.ConvTranspose2d(outer, outer, 2, stride=2),
            nn.Conv2d(outer, 1, 3, padding=1),
        )
        self.code_shape = (inner, 7, 7)

    def forward(self, image: Tensor) -> Tensor:
        """Turn noisy pixels in 0..1, (B, 1, 28, 28), into logits of clean ones."""
        return self.decode(self.encode(image))

    def encode(self, image: Tensor) -> Tensor:
        """Return the code of each image, (B, inner * 49): maps of 7 by 7."""
        code: Tensor = self.encoder(image)
        return code.flatten(start_dim=1)

    def decode(self, code: Tensor) -> Tensor:
        """Return logits of pixels for codes, (B, 1, 28, 28)."""
        logits: Tensor = self.decoder(code.view(-1, *self.code_shape))
        return logits


def _block(given: int, hidden: int, made: int, batch_norm: bool) -> list[nn.Module]:
    """Return two convolutions, each with a ReLU behind it: relu(norm(b + w * x))."""
    layers: list[nn.Module] = []
    for before, after in ((given, hidden), (hidden, made)):
        # the shift of the normalisation is a bias already
        layers.append(nn.Conv2d(before, after, 3, padding=1, bias=not batch_norm))
        if batch_norm:
            layers.append(nn.BatchNorm2d(after))
        layers.append(nn.ReLU())
    return layers


def cae(
    *, outer: int = 16, inner: int = 8, batch_norm: bool = False
) -> ConvAutoencoder:
    """The course's network, with more channels if asked."""
    return ConvAutoencoder(outer=outer, inner=inner, batch_norm=batch_norm)
