"""An encoder-decoder of two GRUs without attention; the cell is that of attention.py.

Sutskever, Vinyals, Le: "Sequence to sequence learning with neural networks", 2014, and
Cho et al.: "Learning phrase representations using RNN encoder-decoder for statistical
machine translation", 2014. The encoder reads the source backwards and hands over its
last state, as in the first; the decoder is given that state at every step, as in the
second. One embedding serves both languages and the output layer.

    >>> import torch
    >>> from zoo_seq2seq.encoder_decoder import encoder_decoder
    >>> model = encoder_decoder(vocab_size=50, embed_dim=8, hidden_size=6)
    >>> model(torch.tensor([[7, 8, 2]]), torch.tensor([[1, 9]])).shape
    torch.Size([1, 2, 50])
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from zoo_seq2seq.attention import BOS, PAD, GRUCell

__all__ = ["EncoderDecoder", "encoder_decoder"]

State = dict[str, Tensor]


class EncoderDecoder(nn.Module):
    """An encoder that makes one vector of a text, and a decoder that unfolds it."""

    def __init__(
        self, *, vocab_size: int, embed_dim: int, hidden_size: int, dropout: float
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.encoder = GRUCell(input_size=embed_dim, hidden_size=hidden_size)
        self.decoder = GRUCell(input_size=embed_dim, hidden_size=hidden_size)
        self.context_proj = nn.Linear(hidden_size, 3 * hidden_size, bias=False)
        self.readout = nn.Linear(2 * hidden_size + embed_dim, embed_dim)
        self.output_bias = nn.Parameter(torch.zeros(vocab_size))
        self.dropout = nn.Dropout(dropout)
        self.feature_dropout = nn.Dropout1d(dropout)
        nn.init.normal_(self.embedding.weight, std=embed_dim**-0.5)

    def forward(
        self,
        source: Tensor,
        target: Tensor | None = None,
        selected: Tensor | None = None,
    ) -> Tensor:
        """Return logits of the token after each of the target, (B, length, vocab_size).

        `target` begins with BOS. Without one the source is its own target. With
        `selected`, (B, length) of booleans, only those positions are computed.
        """
        if target is None:
            target = torch.cat(
                [source.new_full((len(source), 1), BOS), source[:, :-1]], dim=1
            )
        state = self.encode_source(source)
        hidden, context = state["hidden"], state["context"]
        embedded = self.embed(target)
        projected = self.decoder.input_proj(embedded) + state["context_gates"][:, None]
        steps = self.decoder.states(projected, hidden)
        repeated = context[:, None].expand(-1, target.shape[1], -1)
        features = torch.cat([steps, repeated, embedded], dim=-1)
        return self.logits(features if selected is None else features[selected])

    def encode_source(self, source: Tensor) -> State:
        """Encode source tokens, (B, length); return the state before the first step.

        It is read from the last token to the first, so that the beginnings of the two
        texts are near each other: section 3.3 of Sutskever et al.
        """
        mask = source != PAD
        states = self.encoder.unroll(self.embed(source), mask, reverse=True)
        context = self.variational_dropout(states[:, :1]).squeeze(1)
        first = torch.zeros_like(mask, dtype=context.dtype)
        first[:, 0] = 1
        return {
            "hidden": context,  # h_0 = c, as in Sutskever et al.
            "context": context,
            "context_gates": self.context_proj(context),  # C c: the same at each step
            "weights": first,
        }

    def decode_step(self, token: Tensor, state: State) -> tuple[Tensor, Tensor, State]:
        """Return logits of the token after `token`, (B,), weights of the source's
        tokens, (B, length), and the next state.

        There is no attention: the weight is all at the token whose state is handed
        over, which is the first, for it is read last.
        """
        embedded = self.embed(token)
        # h_t = f(h_{t-1}, y_{t-1}, c): equation (2) of Cho et al.
        projected = self.decoder.input_proj(embedded) + state["context_gates"]
        hidden = self.decoder(projected, state["hidden"])
        logits = self.logits(torch.cat([hidden, state["context"], embedded], dim=-1))
        return logits, state["weights"], {**state, "hidden": hidden}

    def embed(self, token: Tensor) -> Tensor:
        """Return embeddings scaled to a variance of about one, with dropout."""
        size: int = self.embedding.embedding_dim
        return self.variational_dropout(self.embedding(token) * size**0.5)

    def variational_dropout(self, inputs: Tensor) -> Tensor:
        """Drop the same features at every position of a text, in training.

        `inputs` are (B, length, features). Gal, Ghahramani: "A theoretically grounded
        application of dropout in recurrent neural networks", 2016.
        """
        if not self.training:
            return inputs
        dropped: Tensor = self.feature_dropout(inputs.transpose(1, 2))
        return dropped.transpose(1, 2)

    def logits(self, features: Tensor) -> Tensor:
        """Return logits of the next token: equation (3) of Cho et al.,
        p(y_t | ...) = g(h_t, y_{t-1}, c)."""
        output = self.dropout(torch.tanh(self.readout(features)))
        return linear(output, self.embedding.weight, self.output_bias)


def encoder_decoder(
    *,
    vocab_size: int = 4_000,
    embed_dim: int = 256,
    hidden_size: int = 400,
    dropout: float = 0.0,
) -> EncoderDecoder:
    """An encoder-decoder of any size; both networks have the same width."""
    return EncoderDecoder(
        vocab_size=vocab_size,
        embed_dim=embed_dim,
        hidden_size=hidden_size,
        dropout=dropout,
    )
