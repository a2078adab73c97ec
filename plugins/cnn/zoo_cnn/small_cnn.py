"""The course's network for CIFAR-10, all of it in this file.

Three 3x3 convolutions and two linear layers, after LeCun, Bottou, Bengio, Haffner:
"Gradient-based learning applied to document recognition", 1998, with ReLU and max
pooling. The convolutions are not padded, so each makes a map two smaller. As the course
has it, the network has 122,570 parameters. Batch normalisation (Ioffe and Szegedy:
"Batch normalization", 2015) and dropout (Srivastava et al.: "Dropout", 2014) are
options, which the course's network is without.
"""

from torch import Tensor, nn

__all__ = ["SmallCNN", "small_cnn"]


class SmallCNN(nn.Module):
    """Conv32-pool-Conv64-pool-Conv64-Dense64-classes.

    With `batch_norm`, each convolution is followed by batch normalisation. `dropout` is
    the probability with which an input of either linear layer is set to zero.

        logits = small_cnn()(torch.rand(2, 3, 32, 32))  # (2, 10)
    """

    def __init__(
        self, *, classes: int = 10, batch_norm: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()

        def convolution(given: int, made: int, *then: nn.Module) -> nn.Sequential:
            # y[o] = b[o] + sum over c of w[o, c] * x[c]
            # norm(y) = scale * (y - mean) / sqrt(variance + 1e-5) + shift, by channel
            norm = nn.BatchNorm2d(made) if batch_norm else nn.Identity()
            return nn.Sequential(nn.Conv2d(given, made, 3), norm, *then, nn.ReLU())

        # max(relu(a), relu(b)) = relu(max(a, b)): pooling first leaves ReLU a quarter
        # of the work.
        self.features = nn.Sequential(
            convolution(3, 32, nn.MaxPool2d(2)),  # -> (B, 32, 30, 30), (B, 32, 15, 15)
            convolution(32, 64, nn.MaxPool2d(2)),  # -> (B, 64, 13, 13), (B, 64, 6, 6)
            convolution(64, 64),  # -> (B, 64, 4, 4)
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(64 * 4 * 4, 64),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(64, classes),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Turn normalised pixels, (B, 3, 32, 32), into logits, (B, classes)."""
        logits: Tensor = self.classifier(self.features(image))
        return logits


def small_cnn(
    *, classes: int = 10, batch_norm: bool = False, dropout: float = 0.0
) -> SmallCNN:
    """The course's network, for `classes` classes."""
    return SmallCNN(classes=classes, batch_norm=batch_norm, dropout=dropout)
