"""A small StyleGAN for gray 32x32 images, both networks in this file.

Karras, Laine, Aila: "A style-based generator architecture for generative adversarial
networks", 2019; Karras et al.: "Analyzing and improving the image quality of StyleGAN",
2020. The generator starts from a learned constant. What it draws is decided by styles,
one for each convolution, that a mapping network makes of noise:

    w = f(z / rms(z))                                   the mapping network
    w <- mean + psi (w - mean)                          truncation
    s = A w + 1                                         the style of a convolution
    k'_oi = s_i k_oi                                    modulation, 2020, equation 1
    k''_oi = k'_oi / sqrt(sum of k'_oi^2 + epsilon)     demodulation, 2020, equation 3

where k_oi is the kernel from input channel i to output channel o, and the sum is over
input channels and positions of the kernel. Modulating a kernel is the same as scaling
the channels of what it is applied to, and demodulating as scaling those of its output,
so that a batch needs one convolution. Images of all sizes are added up, as in the
second paper. Smaller than there: few channels, a mapping network of four layers,
transposed convolutions without a filter behind them, no path length regularization, and
a discriminator of four layers.
"""

import math
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    conv2d,
    conv_transpose2d,
    interpolate,
    leaky_relu,
    linear,
)

from zoo_gan.finetune_defaults import ADVERSARIAL

__all__ = [
    "Discriminator",
    "EqualConv2d",
    "EqualLinear",
    "Generator",
    "ModulatedConv2d",
    "stylegan",
]

PICTURE_LEARNING = "zoo_gan.gan_learning:StyleGANLearning"  # of zoo.finetune
FINETUNE_DEFAULTS = {**ADVERSARIAL, "lr": 1e-3}
NEGATIVE_SLOPE = 0.2  # of the leaky ReLU
GAIN = math.sqrt(2 / (1 + NEGATIVE_SLOPE**2))  # of its inputs, to keep their variance
EPSILON = 1e-8
MAPPING_LR = 0.01  # factor of the learning rate of the mapping network
MEAN_STEP = 0.005  # of the moving average of w
START = 4  # height and width of the learned constant


class EqualLinear(nn.Module):
    """A linear layer whose weights have a standard deviation of one before training.

    They are divided by the root of the number of inputs as they are used, so that an
    optimizer such as Adam changes all layers as fast: the equalized learning rate of
    Karras et al., "Progressive growing of GANs", 2018.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        bias: float = 0.0,
        gain: float = 1.0,
        lr_factor: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / lr_factor)
        self.bias = nn.Parameter(torch.full((outputs,), bias / lr_factor))
        self.scale, self.lr_factor = gain * lr_factor / math.sqrt(inputs), lr_factor

    def forward(self, given: Tensor) -> Tensor:
        """Turn (B, inputs) into (B, outputs)."""
        return linear(given, self.weight * self.scale, self.bias * self.lr_factor)


class EqualConv2d(nn.Module):
    """A convolution of 4x4 that halves the size, with the equalized learning rate."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 4, 4))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = GAIN / math.sqrt(inputs * 4 * 4)

    def forward(self, features: Tensor) -> Tensor:
        """Turn (B, inputs, H, W) into (B, outputs, H / 2, W / 2)."""
        return conv2d(features, self.weight * self.scale, self.bias, 2, 1)


class ModulatedConv2d(nn.Module):
    """A convolution whose kernels are scaled by a style, with a normed output.

    `up` doubles height and width by a transposed convolution of 4x4, where each output
    sees a quarter of the kernel.
    """

    def __init__(
        self, inputs: int, outputs: int, *, style_dim: int, up: bool = False
    ) -> None:
        super().__init__()
        shape = (inputs, outputs, 4, 4) if up else (outputs, inputs, 3, 3)
        self.weight = nn.Parameter(torch.randn(shape))
        self.affine = EqualLinear(style_dim, inputs, bias=1.0)
        self.up = up

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        """Turn (B, inputs, H, W) into (B, outputs, ...) by styles, (B, style_dim)."""
        scale = self.affine(style)
        features = features * scale[:, :, None, None].to(features.dtype)
        squares = self.weight.square().sum(dim=(2, 3))
        if self.up:
            features = conv_transpose2d(features, self.weight, stride=2, padding=1)
            squares = squares.T / 4
        else:
            features = conv2d(features, self.weight, padding=1)
        sums = linear(scale.float().square(), squares)  # (B, outputs)
        norm = GAIN * (sums + EPSILON).rsqrt()
        return features * norm[:, :, None, None].to(features.dtype)


class StyledConv(nn.Module):
    """A modulated convolution, noise, bias and leaky ReLU."""

    def __init__(
        self, inputs: int, outputs: int, side: int, *, style_dim: int, up: bool
    ) -> None:
        super().__init__()
        self.conv = ModulatedConv2d(inputs, outputs, style_dim=style_dim, up=up)
        self.bias = nn.Parameter(torch.zeros(outputs, 1, 1))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("fixed_noise", torch.randn(1, 1, side, side))
        self.fixed_noise: Tensor

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        """Turn (B, inputs, H, W) and styles into (B, outputs, side, side).

        The noise is drawn afresh in training, and is the same for all images else.
        """
        features = self.conv(features, style)
        noise = self.fixed_noise
        if self.training:
            noise = torch.randn_like(noise.expand(len(features), -1, -1, -1))
        features = features + (self.noise_strength * noise).to(features.dtype)
        return leaky_relu(features + self.bias.to(features.dtype), NEGATIVE_SLOPE)


class ToImage(nn.Module):
    """A gray image as a sum of features, each scaled by a style."""

    def __init__(self, inputs: int, *, style_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs))
        self.bias = nn.Parameter(torch.zeros(()))
        self.affine = EqualLinear(style_dim, inputs, bias=1.0)
        self.scale = 1 / math.sqrt(inputs)

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        """Turn (B, inputs, H, W) and styles into (B, 1, H, W)."""
        weight = self.affine(style) * self.weight * self.scale
        image = torch.einsum("bchw,bc->bhw", features, weight.to(features.dtype))
        return image.unsqueeze(1).float() + self.bias


class Generator(nn.Module):
    """Noise in, an image in about -1..1 out.

    `truncation` is psi: below 1 styles are nearer to their mean, and images are more
    usual ones and vary less. In training it does not count.
    """

    sample_options: ClassVar = {"truncation": (0.0, 1.5)}

    def __init__(
        self,
        *,
        latent_dim: int,
        channels: tuple[int, ...],
        mapping_layers: int,
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.mapping = nn.ModuleList(
            EqualLinear(latent_dim, latent_dim, gain=GAIN, lr_factor=MAPPING_LR)
            for _ in range(mapping_layers)
        )
        self.register_buffer("mean_style", torch.zeros(latent_dim))
        self.mean_style: Tensor
        self.constant = nn.Parameter(torch.randn(1, channels[0], START, START))
        sizes = [(channels[0], channels[0], START, False)]
        for number, (inputs, outputs) in enumerate(pairwise(channels), start=1):
            side = START * 2**number
            sizes += [(inputs, outputs, side, True), (outputs, outputs, side, False)]
        self.convs = nn.ModuleList(
            StyledConv(inputs, outputs, side, style_dim=latent_dim, up=up)
            for inputs, outputs, side, up in sizes
        )
        self.to_image = nn.ModuleList(
            ToImage(width, style_dim=latent_dim) for width in channels
        )

    def forward(
        self,
        noise: Tensor,
        other: Tensor | None = None,
        first: int = 0,
        truncation: float = 1.0,
    ) -> Tensor:
        """Turn noise, (B, latent_dim), into images in about -1..1, (B, 1, 32, 32).

        With `other`, noise as well, the styles from layer `first` on are of that.
        """
        styles = self.styles(noise, truncation)
        if other is not None:
            styles = [*styles[:first], *self.styles(other, truncation)[first:]]
        return self.synthesize(styles)

    def styles(self, noise: Tensor, truncation: float = 1.0) -> list[Tensor]:
        """Turn noise into a style for each convolution, (B, latent_dim) each."""
        style = noise * (noise.square().mean(dim=1, keepdim=True) + EPSILON).rsqrt()
        for layer in self.mapping:
            style = leaky_relu(layer(style), NEGATIVE_SLOPE)
        if self.training:
            self.mean_style.lerp_(style.detach().float().mean(dim=0), MEAN_STEP)
        elif truncation != 1:
            style = torch.lerp(self.mean_style, style, truncation)
        return [style] * len(self.convs)

    def synthesize(self, styles: list[Tensor]) -> Tensor:
        """Turn a style for each convolution into images, (B, 1, 32, 32)."""
        features = self.constant.expand(len(styles[0]), -1, -1, -1)
        image: Tensor | None = None
        for number, (conv, style) in enumerate(zip(self.convs, styles, strict=True)):
            features = conv(features, style)
            if number % 2 == 0:  # the last one of its size
                drawn = self.to_image[number // 2](features, style)
                image = drawn if image is None else _doubled(image) + drawn
        assert image is not None
        return image

    def mix(
        self, coarse: Tensor, fine: Tensor, first: int, *, truncation: float = 1.0
    ) -> Tensor:
        """Return images with the styles of two rows of noise: of `coarse` below layer
        `first`, which decide shapes, and of `fine` from there on, which decide tones.
        """
        image: Tensor = self(coarse, fine, first, truncation)
        return image

    def decode(self, code: Tensor) -> Tensor:
        """Return images for codes: the code of an image is its noise."""
        image: Tensor = self(code)
        return image

    def sample(
        self,
        count: int,
        generator: torch.Generator,
        *,
        truncation: float = 1.0,
    ) -> Tensor:
        """Return images of `count` rows of normal noise."""
        noise = torch.randn(count, self.latent_dim, generator=generator)
        noise = noise.to(next(self.parameters()))
        image: Tensor = self(noise, truncation=truncation)
        return image


class Discriminator(nn.Module):
    """An image in, the logit of its being real out."""

    def __init__(self, *, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            EqualConv2d(inputs, outputs) for inputs, outputs in pairwise((1, *channels))
        )
        features = channels[-1] * START * START
        self.hidden = EqualLinear(features, channels[-1], gain=GAIN)
        self.classifier = EqualLinear(channels[-1], 1)

    def forward(self, image: Tensor) -> Tensor:
        """Turn images, (B, 1, 32, 32), into logits, (B,)."""
        features = image
        for conv in self.convs:
            features = leaky_relu(conv(features), NEGATIVE_SLOPE)
        features = self.hidden(features.flatten(start_dim=1))
        logit: Tensor = self.classifier(leaky_relu(features, NEGATIVE_SLOPE))
        return logit.squeeze(1)


def stylegan(
    *,
    latent_dim: int = 64,
    channels: tuple[int, ...] = (128, 64, 32, 16),
    mapping_layers: int = 4,
) -> Generator:
    """A generator of 32x32 images, whose features have `channels` from 4x4 on."""
    return Generator(
        latent_dim=latent_dim,
        channels=channels,
        mapping_layers=mapping_layers,
    )


def _doubled(image: Tensor) -> Tensor:
    return interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)
