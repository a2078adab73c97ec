"""A multilayer perceptron over the pixels of an image, all of it in this file.

Rumelhart, Hinton, Williams: "Learning representations by back-propagating errors",
1986, with ReLU for the sigmoid unless another activation is asked for, and dropout
after every hidden layer (Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov:
"Dropout: a simple way to prevent neural networks from overfitting", 2014).
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

__all__ = ["MLP", "mlp"]

ACTIVATIONS = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "prelu": nn.PReLU,
}


class MLP(nn.Module):
    """Hidden layers of linear, activation and dropout, then one linear layer."""

    def __init__(
        self,
        *,
        inputs: int,
        hidden: Sequence[int],
        classes: int,
        dropout: float,
        activation: str,
    ) -> None:
        super().__init__()
        widths = (inputs, *hidden)
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(widths):
            layers += [nn.Linear(fan_in, fan_out), ACTIVATIONS[activation]()]
            layers += [nn.Dropout(dropout)]
        self.layers = nn.Sequential(nn.Flatten(), *layers)
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in 0..1, (B, 1, H, W), into logits, (B, classes)."""
        logits: Tensor = self.head(self.layers(image))
        return logits


def mlp(
    *,
    inputs: int = 784,
    hidden: Sequence[int] = (128,),
    classes: int = 10,
    dropout: float = 0.2,
    activation: str = "relu",
) -> MLP:
    """An MLP with hidden layers of the given widths; () gives softmax regression.

    `activation` is sigmoid, tanh, relu, leaky-relu or prelu.
    """
    if activation not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(f"activation={activation!r} should be one of {known}")
    return MLP(
        inputs=inputs,
        hidden=hidden,
        classes=classes,
        dropout=dropout,
        activation=activation,
    )
