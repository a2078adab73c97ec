"""The encoder-decoder Transformer, all of it in this file.

Vaswani et al.: "Attention is all you need", 2017. Two things differ. A layer normalizes
its input instead of its output, and the stack its result (Xiong et al.: "On layer
normalization in the Transformer architecture", 2020): no long warm-up is needed. The
dropout of the embeddings is the same at every position. As in the paper, one matrix
embeds both languages and is the output layer.

    >>> import torch
    >>> from zoo_seq2seq.transformer import transformer
    >>> model = transformer(vocab_size=50, width=8, heads=2, layers=1, feedforward=16)
    >>> model(torch.tensor([[7, 8, 2]]), torch.tensor([[1, 9]])).shape
    torch.Size([1, 2, 50])
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from zoo_seq2seq.attention import BOS, PAD

__all__ = [
    "DecoderLayer",
    "EncoderLayer",
    "MultiHeadAttention",
    "Transformer",
    "sinusoids",
    "transformer",
]

State = dict[str, Tensor]


def sinusoids(positions: Tensor, width: int) -> Tensor:
    """Return the encoding of positions, (length,), as (length, width): section 3.5.

    PE(pos, 2i) = sin(pos / 10000^(2i / width)), PE(pos, 2i + 1) = cos of the same.
    """
    even = torch.arange(0, width, 2, device=positions.device)
    angles = positions[:, None] * torch.exp(even * (-math.log(10_000) / width))
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width]


class MultiHeadAttention(nn.Module):
    """Attention with several heads: section 3.2.2."""

    def __init__(self, *, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query_proj = nn.Linear(width, width)
        self.key_proj = nn.Linear(width, width)
        self.value_proj = nn.Linear(width, width)
        self.output_proj = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        for part in (self.query_proj, self.key_proj, self.value_proj, self.output_proj):
            nn.init.xavier_uniform_(part.weight)
            nn.init.zeros_(part.bias)

    def forward(
        self, inputs: Tensor, keys: Tensor, values: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the attended values, (B, Lq, width), and weights, (B, heads, Lq, Lk).

        `inputs` are (B, Lq, width); `keys` and `values` are what `project` returns;
        `mask`, that broadcasts to (B, heads, Lq, Lk), is True where one may look.
        """
        queries = self.split(self.query_proj(inputs))
        # Equation (1): softmax(Q K^T / sqrt(d_k)) V
        scores = queries @ keys.transpose(-1, -2) / math.sqrt(queries.shape[-1])
        weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=-1)
        heads = self.dropout(weights) @ values
        # MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W^O
        return self.output_proj(heads.transpose(1, 2).flatten(2)), weights

    def project(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the keys and values of (B, L, width), (B, heads, L, width / heads)."""
        return self.split(self.key_proj(inputs)), self.split(self.value_proj(inputs))

    def split(self, inputs: Tensor) -> Tensor:
        """Return (B, L, width) as (B, heads, L, width / heads)."""
        heads: Tensor = inputs.unflatten(-1, (self.heads, -1))
        return heads.transpose(1, 2)


class FeedForward(nn.Module):
    """FFN(x) = max(0, x W_1 + b_1) W_2 + b_2: equation (2)."""

    def __init__(self, *, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.up_proj = nn.Linear(width, hidden)
        self.down_proj = nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)
        for part in (self.up_proj, self.down_proj):
            nn.init.xavier_uniform_(part.weight)
            nn.init.zeros_(part.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.dropout(torch.relu(self.up_proj(inputs)))
        result: Tensor = self.down_proj(hidden)
        return result


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward network, each with a residual connection."""

    def __init__(
        self, *, width: int, heads: int, feedforward: int, dropout: float
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width=width, heads=heads, dropout=dropout)
        self.feedforward_norm = nn.LayerNorm(width)
        self.feedforward = FeedForward(width=width, hidden=feedforward, dropout=dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """Return (B, L, width); `mask` is (B, 1, 1, L), False at padding."""
        normed = self.attention_norm(inputs)
        attended, _ = self.attention(normed, *self.attention.project(normed), mask)
        inputs = inputs + self.dropout(attended)
        changed: Tensor = self.feedforward(self.feedforward_norm(inputs))
        output: Tensor = inputs + self.dropout(changed)
        return output


class DecoderLayer(nn.Module):
    """Self-attention to earlier places, attention to the source, and a feed-forward
    network, each with a residual connection."""

    def __init__(
        self, *, width: int, heads: int, feedforward: int, dropout: float
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width=width, heads=heads, dropout=dropout)
        self.source_norm = nn.LayerNorm(width)
        self.source = MultiHeadAttention(width=width, heads=heads, dropout=dropout)
        self.feedforward_norm = nn.LayerNorm(width)
        self.feedforward = FeedForward(width=width, hidden=feedforward, dropout=dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        inputs: Tensor,
        mask: Tensor,
        source: tuple[Tensor, Tensor],
        source_mask: Tensor,
        past: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        """Return (B, L, width), the weights of the source, (B, heads, L, source), and
        the keys and values of self-attention, those of the `past` among them.

        `source` are the keys and values of the encoded source for this layer.
        """
        normed = self.attention_norm(inputs)
        known = self.attention.project(normed)
        if past is not None:
            old, new = past, known
            known = torch.cat([old[0], new[0]], 2), torch.cat([old[1], new[1]], 2)
        attended, _ = self.attention(normed, *known, mask)
        inputs = inputs + self.dropout(attended)
        attended, weights = self.source(self.source_norm(inputs), *source, source_mask)
        inputs = inputs + self.dropout(attended)
        changed: Tensor = self.feedforward(self.feedforward_norm(inputs))
        return inputs + self.dropout(changed), weights, known


class Transformer(nn.Module):
    """A stack of encoder layers, and one of decoder layers that attend to its result.

    As two GRUs with attention it is called in training, and step by step in a search,
    where the keys and values of earlier places are kept.
    """

    def __init__(
        self,
        *,
        vocab_size: int,
        width: int,
        heads: int,
        layers: int,
        feedforward: int,
        dropout: float,
    ) -> None:
        super().__init__()
        sizes = {"width": width, "heads": heads, "feedforward": feedforward}
        self.embedding = nn.Embedding(vocab_size, width)
        self.encoder = nn.ModuleList(
            EncoderLayer(**sizes, dropout=dropout) for _ in range(layers)
        )
        self.encoder_norm = nn.LayerNorm(width)
        self.decoder = nn.ModuleList(
            DecoderLayer(**sizes, dropout=dropout) for _ in range(layers)
        )
        self.decoder_norm = nn.LayerNorm(width)
        self.output_bias = nn.Parameter(torch.zeros(vocab_size))
        self.feature_dropout = nn.Dropout1d(dropout)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)

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
        source_mask = (source != PAD)[:, None, None]
        encoded = self.encode(source, source_mask)
        length = target.shape[1]
        # A place looks at itself and at those before: section 3.2.3
        mask = torch.ones(length, length, dtype=torch.bool, device=target.device).tril()
        hidden = self.embed(target, torch.arange(length, device=target.device))
        layer: Any  # a decoder layer
        for layer in self.decoder:
            keys_values = layer.source.project(encoded)
            hidden, _, _ = layer(hidden, mask, keys_values, source_mask)
        return self.logits(hidden if selected is None else hidden[selected])

    def encode(self, source: Tensor, mask: Tensor) -> Tensor:
        """Return the states of the source's tokens, (B, length, width)."""
        places = torch.arange(source.shape[1], device=source.device)
        hidden = self.embed(source, places)
        for layer in self.encoder:
            hidden = layer(hidden, mask)
        states: Tensor = self.encoder_norm(hidden)
        return states

    def encode_source(self, source: Tensor) -> State:
        """Encode source tokens, (B, length); return the state before the first step."""
        mask = source != PAD
        encoded = self.encode(source, mask[:, None, None])
        state = {"mask": mask, "step": mask.new_zeros(len(source), dtype=torch.int64)}
        layer: Any  # a decoder layer
        for number, layer in enumerate(self.decoder):
            keys, values = layer.source.project(encoded)
            state |= {f"source_keys_{number}": keys, f"source_values_{number}": values}
            empty = keys[:, :, :0]
            state |= {f"keys_{number}": empty, f"values_{number}": empty}
        return state

    def decode_step(self, token: Tensor, state: State) -> tuple[Tensor, Tensor, State]:
        """Return logits of the token after `token`, (B,), the mean attention weights of
        the last layer's heads, (B, length of the source), and the next state."""
        after, mask = dict(state), state["mask"][:, None, None]
        every = torch.ones(1, dtype=torch.bool, device=token.device)
        hidden = self.embed(token[:, None], state["step"][:1])
        for number, layer in enumerate(self.decoder):
            source, past = (
                (state[f"{kind}keys_{number}"], state[f"{kind}values_{number}"])
                for kind in ("source_", "")
            )
            hidden, weights, known = layer(hidden, every, source, mask, past)
            after |= {f"keys_{number}": known[0], f"values_{number}": known[1]}
        after["step"] = state["step"] + 1
        return self.logits(hidden[:, 0]), weights[:, :, 0].mean(dim=1), after

    def embed(self, token: Tensor, places: Tensor) -> Tensor:
        """Return embeddings times sqrt(width), with the encoding of their places, and
        with dropout, (B, length, width): sections 3.4 and 3.5."""
        width: int = self.embedding.embedding_dim
        embedded: Tensor = self.embedding(token)
        encoded: Tensor = embedded * width**0.5 + sinusoids(places, width)
        if not self.training:
            return encoded
        dropped: Tensor = self.feature_dropout(encoded.transpose(1, 2))
        return dropped.transpose(1, 2)

    def logits(self, hidden: Tensor) -> Tensor:
        """Return logits of the next token, by the matrix of the embeddings."""
        normed = self.decoder_norm(hidden)
        return linear(normed, self.embedding.weight, self.output_bias)


def transformer(
    *,
    vocab_size: int = 4_000,
    width: int = 256,
    heads: int = 4,
    layers: int = 2,
    feedforward: int = 512,
    dropout: float = 0.0,
) -> Transformer:
    """A Transformer of any size; encoder and decoder have as many layers."""
    return Transformer(
        vocab_size=vocab_size,
        width=width,
        heads=heads,
        layers=layers,
        feedforward=feedforward,
        dropout=dropout,
    )
