"""A recurrent cell written out, and a forecast by its last hidden state.

Elman: "Finding structure in time", 1990. The cell is the course's, in NumPy there:

    h_t = sigmoid(h_(t-1) W_h + x_t W_x + b)

torch's `nn.RNN` has no sigmoid, but is the same network: see `as_torch_rnn`.
"""

import torch
from torch import Tensor, nn

__all__ = ["CellForecaster", "RNNCell", "as_torch_rnn", "rnn_cell"]


class RNNCell(nn.Module):
    """One step in time: an input and the last hidden state to the next."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_weight = nn.Parameter(torch.empty(input_size, hidden_size))
        self.hidden_weight = nn.Parameter(torch.empty(hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.zeros(hidden_size))
        # The slope of a sigmoid is at most a quarter: larger weights than those of a
        # tanh let the signal through.
        nn.init.normal_(self.input_weight, std=2.0)
        nn.init.normal_(self.hidden_weight, std=2.0 / hidden_size**0.5)

    def forward(self, value: Tensor, hidden: Tensor) -> Tensor:
        """Return h_t of x_t, (B, input_size), and h_(t-1), (B, hidden_size)."""
        # h_t = sigmoid(h_(t-1) W_h + x_t W_x + b)
        return torch.sigmoid(
            hidden @ self.hidden_weight + value @ self.input_weight + self.bias
        )


class CellForecaster(nn.Module):
    """A series through the cell step by step, and the next value from the last state.

    >>> model = CellForecaster(input_size=1, hidden_size=16)
    >>> model(torch.zeros(2, 8, 1)).shape
    torch.Size([2, 1])
    """

    def __init__(self, *, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.cell = RNNCell(input_size, hidden_size)
        self.fc = nn.Linear(hidden_size, 1)

    def forward(self, series: Tensor) -> Tensor:
        """Return the next value, (B, length, input_size) -> (B, 1)."""
        forecast: Tensor = self.fc(self.states(series)[:, -1])
        return forecast

    def states(self, series: Tensor) -> Tensor:
        """Return the hidden states, (B, length, hidden_size), from h_0 = 0 on."""
        hidden = series.new_zeros(len(series), len(self.cell.bias))
        states = []
        for value in series.unbind(dim=1):
            hidden = self.cell(value, hidden)
            states.append(hidden)
        return torch.stack(states, dim=1)


@torch.no_grad()
def as_torch_rnn(cell: RNNCell) -> tuple[nn.RNN, float]:
    """Return an `nn.RNN` with tanh that is the same network, and the h_0 it needs.

    With h = (1 + g) / 2 and sigmoid(z) = (1 + tanh(z / 2)) / 2:

        g_t = tanh(g_(t-1) W_h / 4 + x_t W_x / 2 + b / 2 + 1 W_h / 4)

    where 1 is a row of ones. h_0 = 0 is g_0 = -1.
    """
    input_size, hidden_size = cell.input_weight.shape
    network = nn.RNN(input_size, hidden_size, batch_first=True)
    held = {
        "weight_ih_l0": cell.input_weight.T / 2,
        "weight_hh_l0": cell.hidden_weight.T / 4,
        "bias_ih_l0": cell.bias / 2 + cell.hidden_weight.sum(dim=0) / 4,
        "bias_hh_l0": torch.zeros_like(cell.bias),
    }
    network.load_state_dict(held)
    return network.to(cell.bias.device), -1.0


def rnn_cell(*, input_size: int = 1, hidden_size: int = 16) -> CellForecaster:
    """The cell with `hidden_size` units, and a linear forecast on them."""
    return CellForecaster(input_size=input_size, hidden_size=hidden_size)
