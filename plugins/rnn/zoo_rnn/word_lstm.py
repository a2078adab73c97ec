"""A language model of words: one LSTM, and one matrix for the words read and written.

Press, Wolf: "Using the output embedding to improve language models", 2017; Inan,
Khosravi, Socher: "Tying word vectors and word classifiers", 2017. Zaremba, Sutskever,
Vinyals: "Recurrent neural network regularization", 2014, has the dropout: none from
h_(t-1) to h_t.

With a vector e_w of d numbers for each word w:

    h_t = LSTM(sqrt(d) e_(w_t), h_(t-1))
    P(w_(t+1) = v | w_1, ..., w_t) = softmax over v of (e_v . (A h_t + c) + b_v)

The course's network reads two words and has a matrix of vocabulary by vocabulary; here
the vectors are shared, and all words before are read.
"""

import torch
from torch import Tensor, nn

__all__ = ["State", "WordLSTM", "word_lstm"]

State = tuple[Tensor, Tensor]  # h and c, each (1, B, hidden_size)


class WordLSTM(nn.Module):
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
        self.scale = embed_dim**0.5
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        nn.init.normal_(self.embedding.weight, std=1 / self.scale)
        self.embed_dropout = nn.Dropout(embed_dropout)
        self.lstm = nn.LSTM(embed_dim, hidden_size, batch_first=True)
        # Jozefowicz et al., 2015: a forget gate that begins open; torch's order of the
        # gates is i, f, g, o.
        bias = dict(self.lstm.named_parameters())["bias_ih_l0"]
        nn.init.ones_(bias.data[hidden_size : 2 * hidden_size])
        self.projection = nn.Linear(hidden_size, embed_dim)
        self.dropout = nn.Dropout(dropout)
        self.output_bias = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, token: Tensor) -> Tensor:
        """Return logits of the token after each, (B, length, vocab_size)."""
        return self.read(token)[0]

    def read(self, token: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the logits of `forward`, and the state after the last token.

        With the state of an earlier call, `token` continues the tokens of that call;
        without one, h and c begin as zeros.
        """
        hidden, state = self._hidden(token, state)
        return self._logits(hidden), state

    def next_logits(
        self, token: Tensor, state: State | None = None
    ) -> tuple[Tensor, State]:
        """Return logits of the token after the last, (B, vocab_size), and the state."""
        hidden, state = self._hidden(token, state)
        return self._logits(hidden[:, -1]), state

    def _hidden(self, token: Tensor, state: State | None) -> tuple[Tensor, State]:
        vector = self.embed_dropout(self.embedding(token) * self.scale)
        hidden, state = self.lstm(vector, state)
        return hidden, state

    def _logits(self, hidden: Tensor) -> Tensor:
        vector = self.dropout(self.projection(self.dropout(hidden)))
        return nn.functional.linear(vector, self.embedding.weight, self.output_bias)


def word_lstm(
    *,
    vocab_size: int,
    embed_dim: int = 128,
    hidden_size: int = 256,
    embed_dropout: float = 0.0,
    dropout: float = 0.0,
) -> WordLSTM:
    """A language model of words with one LSTM.

    >>> model = word_lstm(vocab_size=50)
    >>> model(torch.tensor([[2, 7, 5]])).shape
    torch.Size([1, 3, 50])
    """
    return WordLSTM(
        vocab_size=vocab_size,
        embed_dim=embed_dim,
        hidden_size=hidden_size,
        embed_dropout=embed_dropout,
        dropout=dropout,
    )
