"""A recurrent network that reads thirty days of prices and says the next close.

The network is the course's: five layers of eight tanh units over three columns, and two
linear layers on all that the last of them held. Three things differ. It says the *next*
day's close, where the course's gave the close of a day whose open, high and low it was
shown. Prices are scaled by the last close of their own window, not by the largest of
all years, so that nothing of the future is in them. And what the last layer gives is a
change from that close: with zero there, the forecast is that nothing changes.
"""

import torch
from torch import Tensor, nn

__all__ = ["PriceRNN", "price_rnn"]


class PriceRNN(nn.Module):
    """Prices to changes from the last close, and those to the change that is next."""

    spread: Tensor

    def __init__(
        self, *, columns: int, length: int, hidden: int, layers: int, close: int
    ) -> None:
        super().__init__()
        self.close = close  # the place of the column that is forecast
        self.register_buffer("spread", torch.tensor(0.02))  # of a day's change
        self.read = nn.RNN(columns, hidden, layers, batch_first=True)
        self.decide = nn.Sequential(
            nn.Linear(length * hidden, 64),
            nn.ReLU(),
            nn.Linear(64, 1),
        )

    def forward(self, price: Tensor) -> Tensor:
        last = price[:, -1, self.close, None]  # (B, length, columns) -> (B, 1)
        forecast: Tensor = last * (1 + self.spread * self.change(price))
        return forecast

    def change(self, price: Tensor) -> Tensor:
        """Return the next day's change, in shares of the last close and in spreads."""
        last = price[:, -1:, self.close, None]  # (B, 1, 1)
        held, _ = self.read((price / last - 1) / self.spread)  # (B, length, hidden)
        said: Tensor = self.decide(held.flatten(start_dim=1))  # -> (B, 1)
        return said

    @torch.no_grad()
    def learn(self, price: Tensor) -> None:
        """Take how far a close lies from the one before, in windows of training."""
        close = price[:, :, self.close]
        self.spread.copy_((close[:, 1:] / close[:, :-1] - 1).std())


def price_rnn(
    *,
    columns: int = 3,
    length: int = 30,
    hidden: int = 8,
    layers: int = 5,
    close: int = 0,
) -> PriceRNN:
    """The course's network: `layers` recurrent layers of `hidden` units."""
    return PriceRNN(
        columns=columns, length=length, hidden=hidden, layers=layers, close=close
    )
