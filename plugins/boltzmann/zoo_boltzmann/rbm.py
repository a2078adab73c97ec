"""A restricted Boltzmann machine with binary units, all of it in this file.

Hinton: "Training products of experts by minimizing contrastive divergence", 2002, and
"A practical guide to training restricted Boltzmann machines", 2012. Visible units v are
pixels, hidden units h see them through weights W, and each pair of layers has the
probability exp(h W v + b v + c h) / Z. Given one layer, the units of the other are
independent, so that they can be drawn at once; Z is a sum that nobody can carry out.

Greys are taken as the probability that a pixel is white.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, softplus

__all__ = ["RBM", "drawn", "rbm"]

STEPS = 1000  # of a chain: after fewer, too many samples are eights
DEVIATION = 0.01  # of weights before training


class RBM(nn.Module):
    """Two layers of binary units, and weights between them in both directions."""

    start: Tensor

    def __init__(self, *, side: int, hidden: int) -> None:
        super().__init__()
        self.side = side
        self.weight = nn.Parameter(torch.empty(hidden, side * side))
        self.visible = nn.Parameter(torch.zeros(side * side))  # b
        self.hidden = nn.Parameter(torch.zeros(hidden))  # c
        self.register_buffer("start", torch.zeros(side * side))  # where chains begin
        nn.init.normal_(self.weight, 0, DEVIATION)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in 0..1, (B, 1, 28, 28), into logits of the same shape: what the
        pixels are likely to be, given the probabilities of the hidden units."""
        return self.decode(self.encode(image))

    def encode(self, image: Tensor) -> Tensor:
        """Return the probabilities of the hidden units given pictures, (B, hidden)."""
        return self.up(image.flatten(start_dim=1)).sigmoid()

    def decode(self, code: Tensor) -> Tensor:
        """Return logits of pixels for hidden units, (B, 1, 28, 28)."""
        return self.down(code).view(-1, 1, self.side, self.side)

    def up(self, visible: Tensor) -> Tensor:
        """Return the logits of hidden units given visible ones, (B, hidden)."""
        return linear(visible, self.weight, self.hidden)

    def down(self, hidden: Tensor) -> Tensor:
        """Return the logits of visible units given hidden ones, (B, pixels)."""
        return linear(hidden, self.weight.T, self.visible)

    def free_energy(self, visible: Tensor) -> Tensor:
        """Return -log of the sum of exp(h W v + b v + c h) over all h, (B,)."""
        return -visible @ self.visible - softplus(self.up(visible)).sum(dim=1)

    def precise(self) -> list[Tensor]:
        """Return weights, both biases and the beginning of chains, in float64."""
        held = (self.weight, self.visible, self.hidden, self.start)
        return [one.detach().double().cpu() for one in held]

    @torch.no_grad()
    def sample(self, count: int, random: torch.Generator) -> Tensor:
        """Return logits of pixels at the ends of `count` chains.

        A chain begins with independent pixels and goes on for a fixed number of steps.
        All is counted in float64: rounding, which differs between machines, would turn
        a unit in a long chain, and with it the digit.
        """
        weight, visible, hidden, begin = self.precise()
        pixels = drawn(begin.expand(count, -1), random)
        units = pixels.new_zeros(count, len(hidden))
        for _ in range(STEPS):
            units = drawn(linear(pixels, weight, hidden), random)
            pixels = drawn(units @ weight + visible, random)
        return self.decode(units.to(self.weight))


def drawn(logit: Tensor, random: torch.Generator | None = None) -> Tensor:
    """Return zeros and ones drawn with the probabilities of logits."""
    chance = torch.rand(
        logit.shape, generator=random, dtype=logit.dtype, device=logit.device
    )
    return (chance < logit.sigmoid()).to(logit.dtype)


def rbm(*, side: int = 28, hidden: int = 500) -> RBM:
    """The machine of the literature for pictures of 28 by 28, with 500 hidden units."""
    return RBM(side=side, hidden=hidden)
