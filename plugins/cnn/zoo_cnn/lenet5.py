"""LeNet-5, all of it in this file.

LeCun, Bottou, Bengio, Haffner: "Gradient-based learning applied to document
recognition", 1998, figure 2. It differs from the paper in three common ways: ReLU
instead of tanh, max pooling instead of trained subsampling, and every map of the second
convolution sees every map before it (table I of the paper leaves some out). That gives
61,706 parameters.
"""

from torch import Tensor, nn

__all__ = ["LeNet5", "lenet5"]


class LeNet5(nn.Module):
    """Two convolutions with pooling, then three linear layers."""

    def __init__(self, *, classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=5, padding=2),  # -> (B, 6, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2),  # -> (B, 6, 14, 14)
            nn.Conv2d(6, 16, kernel_size=5),  # -> (B, 16, 10, 10)
            nn.ReLU(),
            nn.MaxPool2d(2),  # -> (B, 16, 5, 5)
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, classes),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in 0..1, (B, 1, 28, 28), into logits, (B, classes)."""
        logits: Tensor = self.classifier(self.features(image))
        return logits


def lenet5(*, classes: int = 10) -> LeNet5:
    """The network of the paper's figure 2, for `classes` classes."""
    return LeNet5(classes=classes)
