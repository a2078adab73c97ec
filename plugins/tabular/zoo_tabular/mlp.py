"""A multilayer perceptron over a table row, all of it in this file.

Rumelhart, Hinton, Williams: "Learning representations by back-propagating errors",
1986. The mean and standard deviation of the training rows are part of the model, as
buffers: it takes and gives numbers in their own units, and there is no separate scaler.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

__all__ = ["StandardScaler", "TabularMLP", "tabular_mlp"]


class StandardScaler(nn.Module):
    """Standardize columns to mean 0 and standard deviation 1, and undo it.

    The columns at `log_columns` are taken as log(1 + x): where a few values
    are far above the others, these would otherwise set the scale for all. Values below
    zero count as zero there.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, columns: int, log_columns: Sequence[int] = ()) -> None:
        super().__init__()
        self.log_columns = frozenset(log_columns)
        self.register_buffer("mean", torch.zeros(columns))
        self.register_buffer("std", torch.ones(columns))

    def forward(self, value: Tensor) -> Tensor:
        """Scale values, (rows, columns)."""
        return (self._with_logs(value) - self.mean) / self.std

    def inverse(self, scaled: Tensor) -> Tensor:
        """Undo `forward`, (rows, columns)."""
        value = scaled * self.std + self.mean
        return self._on_log_columns(value, torch.expm1)

    def fit(self, value: Tensor) -> None:
        """Take mean and standard deviation of training values, (rows, columns)."""
        value = self._with_logs(value.double())
        std, mean = torch.std_mean(value, dim=0, correction=0)
        self.mean.copy_(mean)
        # A constant column has no information: it is centered and not scaled.
        self.std.copy_(std.masked_fill(std == 0, 1.0))

    def _with_logs(self, value: Tensor) -> Tensor:
        return self._on_log_columns(value, lambda column: column.clamp_min(0).log1p())

    def _on_log_columns(
        self, value: Tensor, function: Callable[[Tensor], Tensor]
    ) -> Tensor:
        if not self.log_columns:
            return value
        columns = enumerate(value.unbind(dim=1))
        return torch.stack(
            [function(one) if n in self.log_columns else one for n, one in columns],
            dim=1,
        )


class TabularMLP(nn.Module):
    """Standardized inputs, hidden layers, and an output in the unit of the target."""

    def __init__(
        self,
        *,
        inputs: int,
        hidden: Sequence[int],
        activation: Literal["relu", "sigmoid"],
        sigmoid_output: bool,
        dropout: float,
        classes: int,
        log_columns: Sequence[int],
    ) -> None:
        super().__init__()
        widths = (inputs, *hidden)
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(widths):
            nonlinearity = nn.Sigmoid() if activation == "sigmoid" else nn.ReLU()
            layers += [nn.Linear(fan_in, fan_out), nonlinearity, nn.Dropout(dropout)]
        self.input_scaler = StandardScaler(inputs, log_columns)
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], classes)
        self.output_activation = nn.Sigmoid() if sigmoid_output else nn.Identity()
        self.target_scaler = StandardScaler(1)

    def forward(self, row: Tensor) -> Tensor:
        """Turn numbers, (B, inputs), into a number or logits, (B, classes)."""
        output = self.head(self.layers(self.input_scaler(row)))
        return self.target_scaler.inverse(self.output_activation(output))


def tabular_mlp(
    *,
    inputs: int,
    hidden: Sequence[int] = (64, 64),
    activation: Literal["relu", "sigmoid"] = "relu",
    sigmoid_output: bool = False,
    dropout: float = 0.0,
    classes: int = 1,
    log_columns: Sequence[int] = (),
) -> TabularMLP:
    """An MLP with hidden layers of these widths; `sigmoid_output` keeps it in 0..1.

    It gives one number, which for two classes is a logit. A new head for other classes
    has a logit for each. Input columns at `log_columns` are taken as logarithms.
    """
    return TabularMLP(
        inputs=inputs,
        hidden=hidden,
        activation=activation,
        sigmoid_output=sigmoid_output,
        dropout=dropout,
        classes=classes,
        log_columns=log_columns,
    )
