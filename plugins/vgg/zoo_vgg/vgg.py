"""VGG, all of it in this file: stacks of 3x3 convolutions, and linear layers.

Simonyan, Zisserman: "Very deep convolutional networks for large-scale image
recognition", 2014. Two 3x3 convolutions, one behind the other, see 5x5 pixels and three
of them 7x7, with fewer weights than one larger kernel and a nonlinearity between. Max
pooling halves the maps behind each stack, and the next has more channels.

`vgg16` is the paper's configuration D; its tensors have torchvision's names and shapes.
`vgg16_cifar` has the same convolutions for images of 32x32 pixels, of which five times
max pooling leaves one, and one linear layer. `vgg_small` is the course's network for
such images. Batch normalisation
(Ioffe and Szegedy: "Batch normalization", 2015) came after the paper, and is an option.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["CONFIGURATION_D", "VGG", "vgg16", "vgg16_cifar", "vgg_small"]

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
        features: list[nn.Module] = []
        given = 3
        for stack in stacks:
            for made in stack:
                # y[o] = relu(norm(b[o] + sum over c of w[o, c] * x[c]))
                # norm(y) = scale * (y - mean) / sqrt(variance + 1e-5) + shift
                features.append(nn.Conv2d(given, made, 3, padding=1))
                if batch_norm:
                    features.append(nn.BatchNorm2d(made))
                features.append(nn.ReLU())
                given = made
            features.append(nn.MaxPool2d(2))  # (B, C, H, W) -> (B, C, H / 2, W / 2)
        self.features = nn.Sequential(*features)
        self.avgpool = nn.AdaptiveAvgPool2d(pooled)
        layers: list[nn.Module] = []
        given *= pooled**2
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


def _initialize(layer: nn.Module) -> None:
    """Set the weights of a layer to He's normal draw, or nothing would reach the last
    layers of a deep network without normalisation."""
    if isinstance(layer, nn.Conv2d) and layer.bias is not None:
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(layer.bias)
