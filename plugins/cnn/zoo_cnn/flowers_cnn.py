"""The course's network for photographs of flowers, all of it in this file.

Three 3x3 convolutions, each with ReLU and max pooling behind it, and two linear layers,
after LeCun, Bottou, Bengio, Haffner: "Gradient-based learning applied to document
recognition", 1998. The convolutions are padded, so that only the pooling makes the maps
smaller. As the course has it, for images of 180x180 pixels, the network has 3,989,285
parameters, nearly all of them in the first linear layer. Smaller images, batch
normalisation (Ioffe and Szegedy: "Batch normalization", 2015) and dropout (Srivastava
et al.: "Dropout", 2014) are options, which the course's network is without.
"""

from torch import Tensor, nn

__all__ = ["FlowersCNN", "flowers_cnn"]


class FlowersCNN(nn.Module):
    """Conv16-pool-Conv32-pool-Conv64-pool-Dense128-classes.

    `side` is the height and the width of the images. With `batch_norm`, each
    convolution is followed by batch normalisation. `dropout` is the probability with
    which an input of either linear layer is set to zero.

        logits = flowers_cnn(side=64)(torch.rand(2, 3, 64, 64))  # (2, 5)
    """

    def __init__(
        self,
        *,
        classes: int = 5,
        side: int = 180,
        batch_norm: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()

        def convolution(given: int, made: int) -> nn.Sequential:
            # y[o] = b[o] + sum over c of w[o, c] * x[c], on a frame of zeros
            # norm(y) = scale * (y - mean) / sqrt(variance + 1e-5) + shift, by channel
            norm = nn.BatchNorm2d(made) if batch_norm else nn.Identity()
            # max(relu(a), relu(b)) = relu(max(a, b)): pooling first leaves ReLU a
            # quarter of the work.
            return nn.Sequential(
                nn.Conv2d(given, made, 3, padding=1), norm, nn.MaxPool2d(2), nn.ReLU()
            )

        self.features = nn.Sequential(
            convolution(3, 16),  # -> (B, 16, side / 2, side / 2), rounded down
            convolution(16, 32),  # -> (B, 32, side / 4, side / 4)
            convolution(32, 64),  # -> (B, 64, side / 8, side / 8)
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(64 * (side // 8) ** 2, 128),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(128, classes),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Turn normalised pixels, (B, 3, side, side), into logits, (B, classes)."""
        logits: Tensor = self.classifier(self.features(image))
        return logits


def flowers_cnn(
    *,
    classes: int = 5,
    side: int = 180,
    batch_norm: bool = False,
    dropout: float = 0.0,
) -> FlowersCNN:
    """The course's network, for `classes` classes and images of `side` pixels."""
    return FlowersCNN(
        classes=classes, side=side, batch_norm=batch_norm, dropout=dropout
    )
