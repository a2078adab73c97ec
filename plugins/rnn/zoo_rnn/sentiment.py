"""A recurrent network that classifies a text by its pooled hidden states.

One layer reads the embeddings x_t of the words from the first to the last. The cell is
one of three.

Elman: "Finding structure in time", 1990, the plain recurrent network:

    h_t = tanh(W x_t + U h_(t-1) + b)

Hochreiter and Schmidhuber: "Long short-term memory", 1997, with the forget gate f of
Gers et al., 2000:

    i, f, o = sigmoid(W x_t + U h_(t-1) + b), each with its own W, U and b
    g = tanh(W x_t + U h_(t-1) + b)
    c_t = f * c_(t-1) + i * g
    h_t = o * tanh(c_t)

Cho et al.: "Learning phrase representations using RNN encoder-decoder for statistical
machine translation", 2014, the gated recurrent unit:

    r, z = sigmoid(W x_t + U h_(t-1) + b), each with its own W, U and b
    n = tanh(W x_t + r * (U h_(t-1) + b))
    h_t = (1 - z) * n + z * h_(t-1)

The classifier takes the maximum and the mean of h_t over the words of a text. Padding
is at the end, where a network that reads forward can't see it, and is not pooled.
"""

import torch
from torch import Tensor, nn

from zoo_rnn.rnn_states import rnn_states

__all__ = ["CELLS", "RecurrentClassifier", "recurrent_classifier"]

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class RecurrentClassifier(nn.Module):
    """Embedding, dropout, one recurrent layer, pooling, and a linear classifier."""

    def __init__(
        self,
        *,
        cell: str,
        vocab_size: int,
        embed_dim: int,
        hidden_size: int,
        classes: int,
        pad_token_id: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.pad_token_id = pad_token_id
        self.embedding = nn.Embedding(vocab_size, embed_dim, padding_idx=pad_token_id)
        self.dropout = nn.Dropout(dropout)
        self.recurrent = CELLS[cell](embed_dim, hidden_size, batch_first=True)
        self.classifier = nn.Linear(2 * hidden_size, classes)
        nn.init.normal_(self.embedding.weight, std=0.1)
        with torch.no_grad():
            self.embedding.weight[pad_token_id] = 0

    def forward(self, token: Tensor) -> Tensor:
        """Return the logits, (B, classes), of token ids, (B, length)."""
        logits: Tensor = self.classifier(self.dropout(self.pooled(token)))
        return logits

    def pooled(self, token: Tensor) -> Tensor:
        """Return the maximum and the mean of h_t: (B, 2 * hidden_size)."""
        length = self.length(token)
        hidden = self.states(self.dropout(self.embedding(token)))
        beyond = torch.arange(token.shape[1], device=token.device) >= length[:, None]
        beyond = beyond.unsqueeze(2)  # (B, length, 1)
        maximum = hidden.masked_fill(beyond, -torch.inf).amax(dim=1)
        mean = hidden.masked_fill(beyond, 0).sum(dim=1) / length[:, None]
        return torch.cat([maximum, mean], dim=1)

    def states(self, inputs: Tensor) -> Tensor:
        """Return h_t of inputs (B, length, embed_dim): (B, length, hidden_size)."""
        if isinstance(self.recurrent, nn.RNN):
            return rnn_states(self.recurrent, inputs)
        hidden: Tensor = self.recurrent(inputs)[0]
        return hidden

    def length(self, token: Tensor) -> Tensor:
        """Return the length of each text without its padding, (B,), at least 1."""
        position = torch.arange(1, token.shape[1] + 1, device=token.device)
        return (position * (token != self.pad_token_id)).amax(dim=1).clamp(min=1)


def recurrent_classifier(
    *,
    cell: str,
    vocab_size: int,
    embed_dim: int = 64,
    hidden_size: int = 64,
    classes: int = 2,
    pad_token_id: int = 0,
    dropout: float = 0.4,
) -> RecurrentClassifier:
    """A classifier with one layer of the cell "rnn", "lstm" or "gru".

    >>> model = recurrent_classifier(cell="lstm", vocab_size=100)
    >>> model(torch.tensor([[5, 7, 2]])).shape
    torch.Size([1, 2])
    """
    return RecurrentClassifier(
        cell=cell,
        vocab_size=vocab_size,
        embed_dim=embed_dim,
        hidden_size=hidden_size,
        classes=classes,
        pad_token_id=pad_token_id,
        dropout=dropout,
    )
