"""A small convolutional denoising autoencoder, all of it in this file.

Vincent, Larochelle, Bengio, Manzagol: "Extracting and composing robust features with
denoising autoencoders", 2008: the input is an image with noise, the target the image
without. With images of 28 by 28, by 3x3 convolutions,

    1x28x28 -> 16x14x14 -> 8x7x7 -> 8x14x14 -> 16x28x28 -> 1x28x28

with ReLU after all but the last: 3,217 parameters. The output is logits: the sigmoid
that brings pixels to 0..1 belongs to the loss, and to `zoo.predict`.

    model = conv_dae()
    pixels = model(torch.rand(2, 1, 28, 28)).sigmoid()  # (2, 1, 28, 28)
    wide = conv_dae(width=4)  # 64 and 32 channels, 49,153 parameters
"""

from torch import Tensor, nn

__all__ = ["ConvDenoiser", "conv_dae"]


class ConvDenoiser(nn.Module):
    """Two convolutions of stride 2, and two transposed ones back to the first size."""

    def __init__(self, *, channels: tuple[int, int]) -> None:
        super().__init__()
        outer, inner = channels
        self.encoder = nn.Sequential(
            nn.Conv2d(1, outer, 3, stride=2, padding=1),  # half the height and width
            nn.ReLU(),
            nn.Conv2d(outer, inner, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        self.decoder = nn.Sequential(
            # without output_padding the size would be 2 * 7 - 1: stride 2 rounds up
            nn.ConvTranspose2d(inner, inner, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(inner, outer, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.Conv2d(outer, 1, 3, padding=1),
        )
        self.code_shape = (inner, 7, 7)

    def forward(self, image: Tensor) -> Tensor:
        """Turn noisy pixels in 0..1, (B, 1, 28, 28), into logits of clean ones."""
        return self.decode(self.encode(image))

    def encode(self, image: Tensor) -> Tensor:
        """Return the code of each image, (B, 392): 8 channels of 7 by 7."""
        code: Tensor = self.encoder(image)
        return code.flatten(start_dim=1)

    def decode(self, code: Tensor) -> Tensor:
        """Return logits of pixels for codes, (B, 1, 28, 28)."""
        logits: Tensor = self.decoder(code.view(-1, *self.code_shape))
        return logits


def conv_dae(*, width: int = 1) -> ConvDenoiser:
    """The course's network; `width` multiplies the channels of each layer."""
    return ConvDenoiser(channels=(16 * width, 8 * width))
