"""BERT, all of it in this file but for the attention, which is in attention.py.

Devlin, Chang, Lee, Toutanova: "BERT: pre-training of deep bidirectional transformers
for language understanding", 2018. It predicts masked tokens; the paper's second task,
next sentence prediction, is in bert_classifier.py. One thing differs: there is no
dropout on the attention weights, because the fast kernels of the CPU have none.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from zoo_transformer.attention import MultiHeadAttention, init_weights

__all__ = ["BERT", "Encoder", "bert", "renamed"]

NORM_EPS = 1e-12
# Names in the published file, which the transformers library also uses, and here.
BLOCK_NAMES = {
    "attention.output.dense": "attn.out_proj",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
    "output.LayerNorm": "norm2",
}
TOP_NAMES = {
    "embeddings.word_embeddings": "token_embedding",
    "embeddings.position_embeddings": "position_embedding",
    "embeddings.token_type_embeddings": "segment_embedding",
    "embeddings.LayerNorm": "embedding_norm",
    "cls.predictions.transform.dense": "lm_head.dense",
    "cls.predictions.transform.LayerNorm": "lm_head.norm",
    "cls.predictions": "lm_head.decoder",
}
QKV = ("query", "key", "value")
OLD_NORM_NAMES = {"gamma": "weight", "beta": "bias"}  # in files from before 2019
UNUSED = ("pooler.dense", "cls.seq_relationship")  # of next sentence prediction


class MLP(nn.Module):
    """The feed-forward network of a block: two linear layers with a GELU between."""

    def __init__(self, *, embed_dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(embed_dim, 4 * embed_dim)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(4 * embed_dim, embed_dim)

    def forward(self, hidden: Tensor) -> Tensor:
        output: Tensor = self.fc2(self.act(self.fc1(hidden)))
        return output


class Block(nn.Module):
    """A post-norm transformer block: attention, then an MLP, each with a residual."""

    def __init__(self, *, embed_dim: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.attn = MultiHeadAttention(
            embed_dim=embed_dim, num_heads=num_heads, causal=False
        )
        self.norm1 = nn.LayerNorm(embed_dim, eps=NORM_EPS)
        self.mlp = MLP(embed_dim=embed_dim)
        self.norm2 = nn.LayerNorm(embed_dim, eps=NORM_EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, padding: Tensor) -> Tensor:
        attended = self.attn(hidden, padding=padding)
        hidden = self.norm1(hidden + self.dropout(attended))
        output: Tensor = self.norm2(hidden + self.dropout(self.mlp(hidden)))
        return output


class TiedDecoder(nn.Module):
    """A linear layer to the vocabulary whose weight is that of the embedding."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, hidden: Tensor, embedding: Tensor) -> Tensor:
        return hidden @ embedding.T + self.bias


class MaskedLMHead(nn.Module):
    """Hidden states to logits of the token at each position."""

    def __init__(self, *, vocab_size: int, embed_dim: int) -> None:
        super().__init__()
        self.dense = nn.Linear(embed_dim, embed_dim)
        self.norm = nn.LayerNorm(embed_dim, eps=NORM_EPS)
        self.decoder = TiedDecoder(vocab_size)

    def forward(self, hidden: Tensor, embedding: Tensor) -> Tensor:
        logits: Tensor = self.decoder(self.norm(gelu(self.dense(hidden))), embedding)
        return logits


class Encoder(nn.Module):
    """Token ids to hidden states: all of BERT but its head.

    A class that inherits from it applies `init_weights` once it is complete.
    """

    def __init__(
        self,
        *,
        vocab_size: int,
        context_length: int,
        embed_dim: int,
        num_layers: int,
        num_heads: int,
        pad_token_id: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.pad_token_id = pad_token_id
        self.token_embedding = nn.Embedding(vocab_size, embed_dim)
        self.position_embedding = nn.Embedding(context_length, embed_dim)
        self.segment_embedding = nn.Embedding(2, embed_dim)
        self.embedding_norm = nn.LayerNorm(embed_dim, eps=NORM_EPS)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(embed_dim=embed_dim, num_heads=num_heads, dropout=dropout)
            for _ in range(num_layers)
        )

    def hidden_states(self, token: Tensor, segment: Tensor | None = None) -> Tensor:
        """Return the hidden states after the last block, (B, length, embed_dim).

        `segment` says which of two texts a token belongs to, 0 or 1; by default 0.
        """
        position = torch.arange(token.shape[1], device=token.device)
        segment = torch.zeros_like(token) if segment is None else segment
        # Figure 2: the sum of the token, segment and position embeddings
        hidden = (
            self.token_embedding(token)
            + self.position_embedding(position)
            + self.segment_embedding(segment)
        )
        hidden = self.dropout(self.embedding_norm(hidden))
        for block in self.blocks:
            hidden = block(hidden, token == self.pad_token_id)
        output: Tensor = hidden
        return output

    def mean_hidden(self, hidden: Tensor, token: Tensor) -> Tensor:
        """Return the mean of the hidden states of each text, (B, embed_dim), over the
        tokens that are no padding."""
        there = (token != self.pad_token_id).unsqueeze(2).to(hidden.dtype)
        return (hidden * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)


class BERT(Encoder):
    """Token ids to logits of the token at each position, from both sides' context."""

    def __init__(
        self,
        *,
        vocab_size: int,
        context_length: int,
        embed_dim: int,
        num_layers: int,
        num_heads: int,
        pad_token_id: int,
        dropout: float,
    ) -> None:
        super().__init__(
            vocab_size=vocab_size,
            context_length=context_length,
            embed_dim=embed_dim,
            num_layers=num_layers,
            num_heads=num_heads,
            pad_token_id=pad_token_id,
            dropout=dropout,
        )
        self.lm_head = MaskedLMHead(vocab_size=vocab_size, embed_dim=embed_dim)
        self.apply(init_weights)

    def forward(self, token: Tensor, selected: Tensor | None = None) -> Tensor:
        """Return logits of the token at each position, (B, length, vocab_size).

        With `selected`, (B, length) of booleans, only of those positions, (selected,
        vocab_size): the head costs more than the blocks before it.
        """
        hidden = self.hidden_states(token)
        hidden = hidden if selected is None else hidden[selected]
        logits: Tensor = self.lm_head(hidden, self.token_embedding.weight)
        return logits


def bert(
    *,
    vocab_size: int = 30_522,
    context_length: int = 512,
    embed_dim: int = 768,
    num_layers: int = 12,
    num_heads: int = 12,
    pad_token_id: int = 0,
    dropout: float = 0.0,
) -> BERT:
    """A BERT of any size; by default the base one of the paper."""
    return BERT(
        vocab_size=vocab_size,
        context_length=context_length,
        embed_dim=embed_dim,
        num_layers=num_layers,
        num_heads=num_heads,
        pad_token_id=pad_token_id,
        dropout=dropout,
    )


def renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a published BERT under the names of this file.

    The published file has queries, keys and values as three layers, which are one here.
    The head of next sentence prediction is left out, and so are copies that carry no
    information. Tensors that have the names of this file already are returned as they
    are.
    """
    published = {name.removeprefix("bert."): t for name, t in tensors.items()}
    embedding = published.get("embeddings.word_embeddings.weight")
    if embedding is None or len(published) < len(tensors):
        return tensors
    result: dict[str, Tensor] = {}
    for name, tensor in published.items():
        if not _is_left_out(name, tensor, published, embedding):
            result[_new_name(name)] = tensor
    return _fuse_qkv(result)


def _new_name(name: str) -> str:
    """Return the name here of the published tensor `name`; an unknown one as it is."""
    module, _, parameter = name.rpartition(".")
    if module.endswith("LayerNorm"):
        parameter = OLD_NORM_NAMES.get(parameter, parameter)
    if module in TOP_NAMES:
        return f"{TOP_NAMES[module]}.{parameter}"
    _, separator, layer = module.partition("encoder.layer.")
    number, _, inner = layer.partition(".")
    if not separator or not number.isdigit():
        return name
    projection = inner.removeprefix("attention.self.")
    if projection in QKV:
        return f"blocks.{number}.attn.{projection}.{parameter}"
    if inner in BLOCK_NAMES:
        return f"blocks.{number}.{BLOCK_NAMES[inner]}.{parameter}"
    return name


def _fuse_qkv(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Concatenate query, key and value of each layer, where all three are there."""
    for name in [n for n in tensors if n.split(".")[-2:-1] == ["query"]]:
        names = [name.replace(".query.", f".{part}.") for part in QKV]
        if all(part in tensors for part in names):
            parts = [tensors.pop(part) for part in names]
            tensors[name.replace(".query.", ".qkv.")] = torch.cat(parts)
    return tensors


def _is_left_out(
    name: str, tensor: Tensor, published: dict[str, Tensor], embedding: Tensor
) -> bool:
    """Return whether a tensor is no part of this model, or a copy of another."""
    if name.rpartition(".")[0] in UNUSED:
        return True
    if name == "embeddings.position_ids":
        return torch.equal(tensor.flatten(), torch.arange(tensor.numel()))
    if name == "cls.predictions.decoder.weight":
        return torch.equal(tensor, embedding)
    if name == "cls.predictions.decoder.bias":
        return torch.equal(tensor, published.get("cls.predictions.bias", tensor[:0]))
    return False
