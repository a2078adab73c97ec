"""SRResNet: an image enlarged to twice its size by a residual network.

Ledig et al.: "Photo-realistic single image super-resolution using a generative
adversarial network", 2017. It is the generator there, and it can be trained alone. All
but two convolutions see the small image; the last layers make four pixels of each by
PixelShuffle (Shi et al., 2016). With 64 channels, three blocks, batch normalization
and no `add_enlarged` it is the course's generator, with 438,280 parameters.

Two changes are options, and the shipped model has both. It has no batch normalization,
as Lim et al. propose ("Enhanced deep residual networks for single image
super-resolution", 2017). And the network adds its output to the input enlarged by
bicubic interpolation, so that it learns only what that lacks (Kim, Lee, Lee: "Accurate
image super-resolution using very deep convolutional networks", 2016).
"""

from torch import Tensor, nn
from torch.nn.functional import interpolate

__all__ = ["SCALE", "ResidualBlock", "SRResNet", "srresnet"]

SCALE = 2  # how many times wider and higher the output is


class ResidualBlock(nn.Module):
    """Features plus what two convolutions make of them: x + F(x)."""

    def __init__(self, width: int, *, batch_norm: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv(width, width, 3, batch_norm=batch_norm),
            nn.PReLU(),
            conv(width, width, 3, batch_norm=batch_norm),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Turn features, (B, width, H, W), into features of the same shape."""
        changed: Tensor = self.layers(features)
        return features + changed


class SRResNet(nn.Module):
    """A small image in, one of twice its size out; both are in -1..1.

    >>> srresnet()(torch.zeros(1, 3, 20, 30)).shape
    torch.Size([1, 3, 40, 60])
    """

    def __init__(
        self, *, width: int, blocks: int, batch_norm: bool, add_enlarged: bool
    ) -> None:
        super().__init__()
        self.add_enlarged = add_enlarged
        self.first = nn.Sequential(conv(3, width, 9), nn.PReLU())
        self.body = nn.Sequential(
            *(ResidualBlock(width, batch_norm=batch_norm) for _ in range(blocks)),
            conv(width, width, 3, batch_norm=batch_norm),
        )
        self.enlarge = nn.Sequential(
            conv(width, width * SCALE**2, 3),
            nn.PixelShuffle(SCALE),  # (B, 4 width, H, W) to (B, width, 2 H, 2 W)
            nn.PReLU(),
        )
        self.last = conv(width, 3, 9)
        if add_enlarged:  # training starts from the enlarged input
            for parameter in self.last.parameters():
                nn.init.zeros_(parameter)

    def forward(self, image: Tensor) -> Tensor:
        """Turn images, (B, 3, H, W), into images, (B, 3, 2 H, 2 W).

        y = last(enlarge(f + body(f))) + bicubic(x),  with f = first(x)
        """
        features = self.first(image)  # (B, width, H, W)
        features = features + self.body(features)
        enlarged: Tensor = self.last(self.enlarge(features))  # (B, 3, 2 H, 2 W)
        if self.add_enlarged:
            enlarged = enlarged + interpolate(
                image, scale_factor=float(SCALE), mode="bicubic"
            )
        return enlarged


def conv(
    in_channels: int, out_channels: int, size: int, *, batch_norm: bool = False
) -> nn.Module:
    """Return a convolution that keeps height and width."""
    layer = nn.Conv2d(in_channels, out_channels, size, padding=size // 2)
    return nn.Sequential(layer, nn.BatchNorm2d(out_channels)) if batch_norm else layer


def srresnet(
    *,
    width: int = 32,
    blocks: int = 3,
    batch_norm: bool = False,
    add_enlarged: bool = True,
) -> SRResNet:
    """The course's network at half of its width, which is 64."""
    return SRResNet(
        width=width, blocks=blocks, batch_norm=batch_norm, add_enlarged=add_enlarged
    )
