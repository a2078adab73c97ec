"""A deep belief network, and the classifier that starts from it, all in this file.

Hinton, Osindero, Teh: "A fast learning algorithm for deep belief nets", 2006. Each
layer is a restricted Boltzmann machine, whose visible units are the hidden units of the
layer below; one is trained after the other. With weights W, visible bias b and hidden
bias c,

    p(h = 1 | v) = sigmoid(W v + c)      up
    p(v = 1 | h) = sigmoid(W^T h + b)    down

Hinton, Salakhutdinov: "Reducing the dimensionality of data with neural networks", 2006,
start a network for backpropagation from such weights: here a multilayer perceptron with
the same hidden layers and a linear layer of ten classes on them. It has weights of its
own, so that the belief network, which completes images, stays as it was learnt.

    model = dbn()
    logits = model(torch.rand(2, 1, 28, 28))  # (2, 10)
    known = torch.zeros(28, 28, dtype=torch.bool)
    known[:14] = True  # the upper half
    whole = model.complete(torch.rand(2, 1, 28, 28), known, torch.Generator())
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

__all__ = ["BinaryLayer", "DeepBeliefNetwork", "dbn"]

INIT_STD = 0.01  # of the weights before training
SWEEPS = 40  # of sampling to complete an image; the mean of the later half is taken


class BinaryLayer(nn.Module):
    """A restricted Boltzmann machine as a layer: weights that are used both ways."""

    def __init__(self, visible: int, hidden: int) -> None:
        super().__init__()
        self.W = nn.Parameter(torch.empty(hidden, visible))
        self.visible_bias = nn.Parameter(torch.zeros(visible))  # b
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))  # c
        nn.init.normal_(self.W, 0, INIT_STD)

    def forward(self, visible: Tensor) -> Tensor:
        """Return p(h = 1 | v), (B, hidden)."""
        return linear(visible, self.W, self.hidden_bias).sigmoid()

    def down(self, hidden: Tensor) -> Tensor:
        """Return p(v = 1 | h), (B, visible)."""
        return linear(hidden, self.W.T, self.visible_bias).sigmoid()


class DeepBeliefNetwork(nn.Module):
    """Layers of a belief network, and a perceptron of the same widths."""

    def __init__(
        self, *, pixels: int, hidden: Sequence[int], classes: int, dropout: float
    ) -> None:
        super().__init__()
        widths = list(pairwise((pixels, *hidden)))
        self.belief = nn.ModuleList(BinaryLayer(low, high) for low, high in widths)
        self.belief.requires_grad_(False)  # contrastive divergence, not backpropagation
        layers: list[nn.Module] = [nn.Flatten()]
        for low, high in widths:
            layers += [nn.Linear(low, high), nn.Sigmoid(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(hidden[-1], classes)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in 0..1, (B, 1, H, W), into logits, (B, classes)."""
        logits: Tensor = self.head(self.layers(image))
        return logits

    @torch.no_grad()
    def start_from_belief(self) -> None:
        """Set the hidden layers of the perceptron to those of the belief network."""
        perceptron = [one for one in self.layers if isinstance(one, nn.Linear)]
        for layer, belief in zip(perceptron, self.belief, strict=True):
            layer.weight.copy_(belief.get_parameter("W"))
            layer.bias.copy_(belief.get_parameter("hidden_bias"))

    @torch.no_grad()
    def complete(
        self, image: Tensor, known: Tensor, generator: torch.Generator
    ) -> Tensor:
        """Return images, (B, 1, H, W), with new pixels where `known`, (H, W), is false.

        Units are sampled up through all layers and down again; known pixels are put
        back after each sweep. The others are the mean of their probabilities in the
        later half of the sweeps.
        """
        given, mask = image.flatten(start_dim=1), known.flatten()
        layers = [one for one in self.belief if isinstance(one, BinaryLayer)]
        state = given.where(mask, layers[0].visible_bias.sigmoid())
        total = torch.zeros_like(given)
        for sweep in range(SWEEPS):
            for layer in layers:
                state = torch.bernoulli(layer(state), generator=generator)
            for layer in reversed(layers[1:]):
                state = torch.bernoulli(layer.down(state), generator=generator)
            probability = layers[0].down(state)
            state = given.where(mask, probability)
            if sweep >= SWEEPS // 2:
                total += state
        return (total / (SWEEPS - SWEEPS // 2)).view_as(image)


def dbn(
    *,
    pixels: int = 784,
    hidden: Sequence[int] = (500, 500),
    classes: int = 10,
    dropout: float = 0.0,
) -> DeepBeliefNetwork:
    """A network for images of 28 by 28; `hidden=(500, 500, 2000)` is the paper's."""
    return DeepBeliefNetwork(
        pixels=pixels, hidden=tuple(hidden), classes=classes, dropout=dropout
    )
