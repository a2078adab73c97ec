"""A recurrent network that reads a text from both ends.

Cho et al.: "Learning phrase representations using RNN encoder-decoder for statistical
machine translation", 2014, brought the gated recurrent unit. Here two of them read the
tokens of a text, one from each end, and what they held at every token is pooled: the
largest value and the mean of each number. Filling at the end of a text is neither read
nor pooled, so a text gets the same answer in any company.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

__all__ = ["GRUReader", "gru_reader"]


class GRUReader(nn.Module):
    """Tokens to vectors, vectors to what both readers held, and what that decides."""

    def __init__(
        self,
        *,
        vocabulary: int,
        width: int,
        hidden: int,
        classes: int,
        padding: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.padding = padding
        self.embed = nn.Embedding(vocabulary, width, padding_idx=padding)
        self.forget = nn.Dropout(dropout)
        self.read = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.decide = nn.Linear(4 * hidden, classes)
        nn.init.normal_(self.embed.weight, std=0.1)
        with torch.no_grad():
            self.embed.weight[padding] = 0

    def forward(self, token: Tensor) -> Tensor:
        logits: Tensor = self.decide(self.forget(self.pooled(token)))  # (B, classes)
        return logits

    def pooled(self, token: Tensor) -> Tensor:
        """Return the largest and the mean of what was held: (B, 4 * hidden)."""
        length = self.length(token)
        seen = self.forget(self.embed(token))  # (B, length) -> (B, length, width)
        # Lengths live on the CPU: packing asks for them there.
        packed = pack_padded_sequence(
            seen, length.cpu(), batch_first=True, enforce_sorted=False
        )
        held, _ = pad_packed_sequence(self.read(packed)[0], batch_first=True)
        beyond = self._beyond(held, length)  # (B, longest, 1)
        most = held.masked_fill(beyond, -torch.inf).amax(dim=1)  # (B, 2 * hidden)
        mean = held.masked_fill(beyond, 0).sum(dim=1) / length[:, None]
        return torch.cat([most, mean], dim=1)

    def length(self, token: Tensor) -> Tensor:
        """Return where the last token that is no filling ends, (B,), at least 1."""
        place = torch.arange(1, token.shape[1] + 1, device=token.device)
        return (place * (token != self.padding)).amax(dim=1).clamp(min=1)

    @staticmethod
    def _beyond(held: Tensor, length: Tensor) -> Tensor:
        place = torch.arange(held.shape[1], device=held.device)
        return (place >= length[:, None]).unsqueeze(2)


def gru_reader(
    *,
    vocabulary: int,
    width: int = 128,
    hidden: int = 128,
    classes: int = 2,
    padding: int = 0,
    dropout: float = 0.3,
) -> GRUReader:
    """A reader in both directions, with `hidden` numbers to hold in each."""
    return GRUReader(
        vocabulary=vocabulary,
        width=width,
        hidden=hidden,
        classes=classes,
        padding=padding,
        dropout=dropout,
    )
