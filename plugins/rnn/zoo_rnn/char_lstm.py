"""A language model of characters: one LSTM whose state goes on from part to part.

Mikolov, Karafiat, Burget, Cernocky, Khudanpur: "Recurrent neural network based language
model", 2010. Zaremba, Sutskever, Vinyals: "Recurrent neural network regularization",
2014, which has dropout between the layers alone, and none from h_(t-1) to h_t.

With the embedding x_t of the token at place t, and the LSTM of Hochreiter and
Schmidhuber, 1997, with the forget gate f of Gers et al., 2000:

    i, f, o = sigmoid(W x_t + U h_(t-1) + b), each with its own W, U and b
    g = tanh(W x_t + U h_(t-1) + b)
    c_t = f * c_(t-1) + i * g
    h_t = o * tanh(c_t)

    P(s_(t+1) | s_1, ..., s_t) = softmax(V h_t + a)
"""

from torch import Tensor, nn

__all__ = ["CharLSTM", "State", "char_lstm"]

State = tuple[Tensor, Tensor]  # h and c, each (1, B, hidden_size)


class CharLSTM(nn.Module):
    """Token ids to logits of the next token at every place."""

    def __init__(
        self,
        *,
        vocab_size: int,
        embed_dim: int,
        hidden_size: int,
        embed_dropout: float,
        dropout: float,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.embed_dropout = nn.Dropout(embed_dropout)
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(embed_dim, hidden_size, batch_first=True)
        self.lm_head = nn.Linear(hidden_size, vocab_size)
        weights = dict(self.lstm.named_parameters())
        for weight in weights["weight_hh_l0"].chunk(4):
            nn.init.orthogonal_(weight)
        # Jozefowicz et al., 2015: a forget gate that begins open. torch has two biases,
        # which are added, and the gates in the order i, f, g, o.
        forget = slice(hidden_size, 2 * hidden_size)
        nn.init.ones_(weights["bias_ih_l0"].data[forget])
        nn.init.zeros_(weights["bias_hh_l0"].data[forget])

    def forward(self, token: Tensor) -> Tensor:
        """Return logits of the token after each, (B, length, vocab_size)."""
        return self.read(token)[0]

    def read(self, token: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the logits of `forward`, and the state after the last token.

        With the state of an earlier call, `token` continues the tokens of that call;
        without one, h and c begin as zeros.
        """
        hidden, state = self.lstm(self.embed_dropout(self.embedding(token)), state)
        return self.lm_head(self.dropout(hidden)), state

    def next_logits(
        self, token: Tensor, state: State | None = None
    ) -> tuple[Tensor, State]:
        """Return logits of the token after the last, (B, vocab_size), and the state."""
        logits, state = self.read(token, state)
        return logits[:, -1], state


def char_lstm(
    *,
    vocab_size: int,
    embed_dim: int = 64,
    hidden_size: int = 384,
    embed_dropout: float = 0.0,
    dropout: float = 0.0,
) -> CharLSTM:
    """A language model with one LSTM.

    >>> import torch
    >>> model = char_lstm(vocab_size=58)
    >>> model(torch.tensor([[5, 7, 2]])).shape
    torch.Size([1, 3, 58])
    """
    return CharLSTM(
        vocab_size=vocab_size,
        embed_dim=embed_dim,
        hidden_size=hidden_size,
        embed_dropout=embed_dropout,
        dropout=dropout,
    )
