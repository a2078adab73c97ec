"""A restricted Boltzmann machine with binary units, all of it in this file.

Hinton: "Training products of experts by minimizing contrastive divergence", 2002, and
"A practical guide to training restricted Boltzmann machines", 2012, whose equations
are meant below. Visible units v are pixels, hidden units h are features:

    E(v, h) = -b v - c h - h W v,  p(v, h) = exp(-E(v, h)) / Z  (equations 1 and 2)

Given one layer, the units of the other are independent, so that they can be sampled at
once; the sum Z over all states is intractable.

Gray values are taken as the probability that a pixel is white.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, softplus

__all__ = ["RBM", "rbm", "sample_bernoulli"]

CHAIN_STEPS = 1000  # of Gibbs sampling: after fewer, too many samples are eights
INIT_STD = 0.01  # of weights before training


class RBM(nn.Module):
    """Two layers of binary units with symmetric weights between them."""

    base_visible_bias: Tensor

    def __init__(self, *, image_size: int, hidden_units: int) -> None:
        super().__init__()
        self.image_size = image_size
        pixels = image_size * image_size
        self.W = nn.Parameter(torch.empty(hidden_units, pixels))
        self.visible_bias = nn.Parameter(torch.zeros(pixels))  # b
        self.hidden_bias = nn.Parameter(torch.zeros(hidden_units))  # c
        # of the base-rate model, independent pixels: chains start from it
        self.register_buffer("base_visible_bias", torch.zeros(pixels))
        nn.init.normal_(self.W, 0, INIT_STD)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pixels in 0..1, (B, 1, 28, 28), into logits of the same shape: the
        reconstruction from the probabilities of the hidden units."""
        return self.decode(self.encode(image))

    def encode(self, image: Tensor) -> Tensor:
        """Return the probabilities of the hidden units given images, (B, hidden)."""
        return self.hidden_logits(image.flatten(start_dim=1)).sigmoid()

    def decode(self, code: Tensor) -> Tensor:
        """Return logits of pixels for hidden units, (B, 1, 28, 28)."""
        return self.visible_logits(code).view(-1, 1, self.image_size, self.image_size)

    def hidden_logits(self, visible: Tensor) -> Tensor:
        """Return the logits of p(h = 1 | v), (B, hidden): W v + c, equation 7."""
        return linear(visible, self.W, self.hidden_bias)

    def visible_logits(self, hidden: Tensor) -> Tensor:
        """Return the logits of p(v = 1 | h), (B, pixels): W^T h + b, equation 8."""
        return linear(hidden, self.W.T, self.visible_bias)

    def free_energy(self, visible: Tensor) -> Tensor:
        """Return F(v) = -log sum over h of exp(-E(v, h)), (B,): section 16.1,

        F(v) = -b v - sum over hidden units of log(1 + exp(W v + c)).
        """
        hidden_term = softplus(self.hidden_logits(visible)).sum(dim=1)
        return -visible @ self.visible_bias - hidden_term

    def float64_parameters(self) -> list[Tensor]:
        """Return W, both biases and the base-rate bias, in float64."""
        biases = (self.visible_bias, self.hidden_bias, self.base_visible_bias)
        return [one.detach().double().cpu() for one in (self.W, *biases)]

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Return logits of pixels at the ends of `count` chains of Gibbs sampling.

        A chain starts from the base-rate model and takes a fixed number of steps. It is
        computed in float64: rounding, which differs between machines, would flip a unit
        in a long chain, and with it the digit.
        """
        W, visible_bias, hidden_bias, base_bias = self.float64_parameters()
        visible = sample_bernoulli(base_bias.expand(count, -1), generator)
        hidden = visible.new_zeros(count, len(hidden_bias))
        for _ in range(CHAIN_STEPS):
            hidden = sample_bernoulli(linear(visible, W, hidden_bias), generator)
            visible = sample_bernoulli(hidden @ W + visible_bias, generator)
        return self.decode(hidden.to(self.W))


def sample_bernoulli(
    logits: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """Return zeros and ones drawn with the probabilities of logits."""
    uniform = torch.rand(
        logits.shape, generator=generator, dtype=logits.dtype, device=logits.device
    )
    return (uniform < logits.sigmoid()).to(logits.dtype)


def rbm(*, image_size: int = 28, hidden_units: int = 500) -> RBM:
    """The machine of the literature for images of 28 by 28, with 500 hidden units."""
    return RBM(image_size=image_size, hidden_units=hidden_units)
