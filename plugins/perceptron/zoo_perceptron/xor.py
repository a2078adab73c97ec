"""The smallest network that computes XOR, 2-2-1, all of it in this file.

McCulloch and Pitts: "A logical calculus of the ideas immanent in nervous activity",
1943, for the step units; Rumelhart, Hinton, Williams: "Learning representations by
back-propagating errors", 1986, for the sigmoid ones.
"""

from typing import Literal

from torch import Tensor, nn

__all__ = ["Step", "XorMLP", "xor_mlp"]


class Step(nn.Module):
    """F(z) = 1 if z >= 0, else 0: no gradient, so nothing before it can be trained."""

    def forward(self, potential: Tensor) -> Tensor:
        return (potential >= 0).to(potential.dtype)


class XorMLP(nn.Module):
    """Two hidden units and one output unit."""

    def __init__(self, *, activation: Literal["sigmoid", "step"]) -> None:
        super().__init__()
        step = activation == "step"
        self.hidden = nn.Linear(2, 2)
        self.activation = Step() if step else nn.Sigmoid()
        self.output = nn.Linear(2, 1)
        self.output_activation = Step() if step else nn.Identity()

    def forward(self, row: Tensor) -> Tensor:
        """Turn two bits, (B, 2), into a logit or, with step units, a bit, (B, 1)."""
        hidden = self.activation(self.hidden(row))
        output: Tensor = self.output_activation(self.output(hidden))
        return output


def xor_mlp(*, activation: Literal["sigmoid", "step"] = "sigmoid") -> XorMLP:
    """The network with sigmoid units, which can be trained, or with step units."""
    return XorMLP(activation=activation)
