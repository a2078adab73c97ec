"""VGG, all of it in this file: stacks of 3x3 convolutions, and linear layers.

Simonyan, Zisserman: "Very deep convolutional networks for large-scale image
recognition", 2014. Two 3x3 convolutions, one behind the other, see 5x5 pixels and three
of them 7x7, with fewer weights than one larger kernel and a nonlinearity between. Max
pooling halves the maps behind each stack, and the next has more channels.

`vgg16` is the paper's configuration D; its tensors have torchvision's names and shapes.
`vgg16_dense` is the same network with its linear layers written as convolutions, as in
section 3.2 of the paper; its tensors have timm's names and shapes. `vgg16_cifar` has
the same convolutions for images of 32x32 pixels, of which five times max pooling leaves
one, and one linear layer. `vgg_small` is the course's network for such images. Batch
normalisation (Ioffe and Szegedy: "Batch normalization", 2015) came after the paper, and
is an option.
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

__all__ = [
    "CONFIGURATION_D",
    "VGG",
    "DenseVGG",
    "vgg16",
    "vgg16_cifar",
    "vgg16_dense",
    "vgg_small",
]

# The channels of each convolution of VGG-16, stack by stack: table 1 of the paper.
CONFIGURATION_D = (
    (64, 64),
    (128, 128),
    (256, 256, 256),
    (512, 512, 512),
    (512, 512, 512),
)


class VGG(nn.Module):
    """Stacks of convolutions, average pooling to one size, and linear layers.

    `stacks` are the channels of each convolution, stack by stack. The last maps are
    averaged to `pooled` by `pooled` numbers, which changes nothing where they have that
    size already. `hidden` are the widths of the linear layers before the last, and
    `dropout` is the probability with which an output of theirs is set to zero.

        model = VGG(((8, 8), (16, 16)), pooled=8, hidden=(32,), classes=10)
        logits = model(torch.rand(2, 3, 32, 32))  # (2, 10)
    """

    def __init__(
        self,
        stacks: Sequence[Sequence[int]],
        *,
        pooled: int,
        hidden: Sequence[int],
        classes: int,
        batch_norm: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.features = _convolutions(stacks, batch_norm)
        self.avgpool = nn.AdaptiveAvgPool2d(pooled)
        layers: list[nn.Module] = []
        given = stacks[-1][-1] * pooled**2
        for made in hidden:
            layers += [nn.Linear(given, made), nn.ReLU(), nn.Dropout(dropout)]
            given = made
        self.classifier = nn.Sequential(*layers, nn.Linear(given, classes))
        self.apply(_initialize)

    def forward(self, image: Tensor) -> Tensor:
        """Turn normalised pixels, (B, 3, H, W), into logits, (B, classes)."""
        maps = self.avgpool(self.features(image))
        logits: Tensor = self.classifier(torch.flatten(maps, start_dim=1))
        return logits


class DenseVGG(nn.Module):
    """Stacks of convolutions, and the linear layers as convolutions over the last maps.

    Section 3.2 of the paper: the first linear layer, of `pooled` by `pooled` maps, is a
    convolution with a kernel of that size, and the second one of 1x1. So it answers at
    every place of a larger image, and the mean over the places is the answer. At the
    size where one place is left it computes what `VGG` computes. Maps that are smaller
    than the kernel are stretched to it. `hidden` is the width of both layers.

        model = DenseVGG(((8,), (16,)), pooled=8, hidden=32, classes=10)
        logits = model(torch.rand(2, 3, 32, 48))  # (2, 10)
    """

    def __init__(
        self,
        stacks: Sequence[Sequence[int]],
        *,
        pooled: int,
        hidden: int,
        classes: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.pooled = pooled
        self.features = _convolutions(stacks, batch_norm=False)
        self.pre_logits = nn.Sequential(
            OrderedDict(
                fc1=nn.Conv2d(stacks[-1][-1], hidden, pooled),
                act1=nn.ReLU(),
                drop=nn.Dropout(dropout),
                fc2=nn.Conv2d(hidden, hidden, 1),
                act2=nn.ReLU(),
            )
        )
        self.head = nn.Sequential(
            OrderedDict(
                pool=nn.AdaptiveAvgPool2d(1),  # the mean over all places
                flatten=nn.Flatten(),
                drop=nn.Dropout(dropout),
                fc=nn.Linear(hidden, classes),
            )
        )
        self.apply(_initialize)

    def forward(self, image: Tensor) -> Tensor:
        """Turn normalised pixels, (B, 3, H, W), into logits, (B, classes)."""
        maps = self.features(image)
        height, width = (max(self.pooled, side) for side in maps.shape[-2:])
        maps = adaptive_avg_pool2d(maps, (height, width))
        logits: Tensor = self.head(self.pre_logits(maps))
        return logits


def vgg16(
    *, classes: int = 1000, batch_norm: bool = False, dropout: float = 0.5
) -> VGG:
    """Return the paper's configuration D: thirteen convolutions, three linear layers.

    It takes images of 224x224 pixels, and larger ones as well.
    """
    return VGG(
        CONFIGURATION_D,
        pooled=7,
        hidden=(4096, 4096),
        classes=classes,
        batch_norm=batch_norm,
        dropout=dropout,
    )


def vgg16_dense(*, classes: int = 1000, dropout: float = 0.5) -> DenseVGG:
    """Return configuration D with its linear layers as convolutions.

    It takes images of 224x224 pixels. In larger ones it answers at places that are 32
    pixels apart, and the mean is returned; of smaller ones it stretches the last maps.
    """
    return DenseVGG(
        CONFIGURATION_D, pooled=7, hidden=4096, classes=classes, dropout=dropout
    )


def vgg16_cifar(*, width: int = 64, classes: int = 10, batch_norm: bool = True) -> VGG:
    """Return the convolutions of configuration D and one linear layer.

    It takes images of 32x32 pixels, and larger ones as well. `width` is the channels of
    the first two convolutions, 64 in the paper; the others have 2, 4, 8 and 8 times as
    many.
    """
    stacks = [[channels * width // 64 for channels in s] for s in CONFIGURATION_D]
    return VGG(stacks, pooled=1, hidden=(), classes=classes, batch_norm=batch_norm)


def vgg_small(
    *,
    width: int = 16,
    hidden: Sequence[int] = (2048, 256),
    classes: int = 10,
    batch_norm: bool = False,
    dropout: float = 0.0,
) -> VGG:
    """Return the course's network, of three stacks, for images of 32x32 pixels.

    `width` is the channels of the first convolution; the others have 2, 4, 8, 8 and 16
    times as many. With 16, and without options, it is the course's.
    """
    return VGG(
        ((width, 2 * width), (4 * width, 8 * width), (8 * width, 16 * width)),
        pooled=4,
        hidden=tuple(hidden),
        classes=classes,
        batch_norm=batch_norm,
        dropout=dropout,
    )


def _convolutions(stacks: Sequence[Sequence[int]], batch_norm: bool) -> nn.Sequential:
    """Return the stacks of convolutions, max pooling behind each."""
    layers: list[nn.Module] = []
    given = 3
    for stack in stacks:
        for made in stack:
            # y[o] = relu(norm(b[o] + sum over c of w[o, c] * x[c]))
            # norm(y) = scale * (y - mean) / sqrt(variance + 1e-5) + shift
            layers.append(nn.Conv2d(given, made, 3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(made))
            layers.append(nn.ReLU())
            given = made
        layers.append(nn.MaxPool2d(2))  # (B, C, H, W) -> (B, C, H / 2, W / 2)
    return nn.Sequential(*layers)


def _initialize(layer: nn.Module) -> None:
    """Set the weights of a layer to He's normal draw, or nothing would reach the last
    layers of a deep network without normalisation."""
    if isinstance(layer, nn.Conv2d) and layer.bias is not None:
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(layer.bias)
