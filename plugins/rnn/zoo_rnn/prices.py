"""A recurrent network that forecasts the next close from thirty days of prices.

The network is the course's: five layers of eight tanh units over three columns, and two
linear layers on all hidden states of the last layer. Three things differ. It forecasts
the *next* day's close, where the course's gave the close of a day whose open, high and
low were its input. Prices are scaled by the last close of their own window, not by the
largest of all years, so that nothing of the future is in them. And the output is a
change from that close: with zero there, the forecast is persistence.
"""

import torch
from torch import Tensor, nn

from zoo_rnn.rnn_states import rnn_states

__all__ = ["PriceRNN", "price_rnn"]


class PriceRNN(nn.Module):
    """Prices to changes from the last close, and those to the next change."""

    return_std: Tensor

    def __init__(
        self,
        *,
        num_columns: int,
        sequence_length: int,
        hidden_size: int,
        num_layers: int,
        target_column: int,
    ) -> None:
        super().__init__()
        self.target_column = target_column  # the index of the column to forecast
        # The standard deviation of daily returns, close_t / close_{t-1} - 1
        self.register_buffer("return_std", torch.tensor(0.02))
        # Elman's network: h_t = tanh(W x_t + U h_{t-1} + b)
        self.rnn = nn.RNN(num_columns, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Sequential(
            nn.Linear(sequence_length * hidden_size, 64),
            nn.ReLU(),
            nn.Linear(64, 1),
        )

    def forward(self, price: Tensor) -> Tensor:
        last = price[:, -1, self.target_column, None]  # (B, length, columns) -> (B, 1)
        forecast: Tensor = last * (1 + self.return_std * self.scaled_return(price))
        return forecast

    def scaled_return(self, price: Tensor) -> Tensor:
        """Return the forecast of the next day's return over `return_std`, (B, 1)."""
        last = price[:, -1:, self.target_column, None]  # (B, 1, 1)
        returns = (price / last - 1) / self.return_std
        hidden = rnn_states(self.rnn, returns)  # (B, length, hidden_size)
        output: Tensor = self.fc(hidden.flatten(start_dim=1))  # -> (B, 1)
        return output

    @torch.no_grad()
    def fit_scale(self, price: Tensor) -> None:
        """Set `return_std` to that of the training windows."""
        close = price[:, :, self.target_column]
        self.return_std.copy_((close[:, 1:] / close[:, :-1] - 1).std())


def price_rnn(
    *,
    num_columns: int = 3,
    sequence_length: int = 30,
    hidden_size: int = 8,
    num_layers: int = 5,
    target_column: int = 0,
) -> PriceRNN:
    """The course's network: `num_layers` recurrent layers of `hidden_size` units."""
    return PriceRNN(
        num_columns=num_columns,
        sequence_length=sequence_length,
        hidden_size=hidden_size,
        num_layers=num_layers,
        target_column=target_column,
    )
