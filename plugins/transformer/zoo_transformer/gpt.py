"""GPT-2, all of it in this file but for the attention, which is in attention.py.

Radford, Wu, Child, Luan, Amodei, Sutskever: "Language models are unsupervised multitask
learners", 2019. One thing differs: there is no dropout on the attention weights,
because the fast kernels of the CPU have none. It is applied to the output instead.
"""

import torch
from torch import Tensor, nn

from zoo_transformer.attention import KVCache, MultiHeadAttention, init_weights

__all__ = ["GPT", "gpt", "renamed"]

# Names in the published file, which the transformers library also uses, and here.
BLOCK_NAMES = {
    "ln_1": "norm1",
    "attn.c_attn": "attn.qkv",
    "attn.c_proj": "attn.out_proj",
    "ln_2": "norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
TOP_NAMES = {"wte": "token_embedding", "wpe": "position_embedding", "ln_f": "norm"}
MASK_BUFFERS = (".attn.bias", ".attn.masked_bias")


class MLP(nn.Module):
    """The feed-forward network of a block: two linear layers with a GELU between."""

    def __init__(self, *, embed_dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(embed_dim, 4 * embed_dim)
        self.act = nn.GELU(approximate="tanh")
        self.fc2 = nn.Linear(4 * embed_dim, embed_dim)

    def forward(self, hidden: Tensor) -> Tensor:
        output: Tensor = self.fc2(self.act(self.fc1(hidden)))
        return output


class Block(nn.Module):
    """A pre-norm transformer block: attention, then an MLP, each with a residual."""

    def __init__(self, *, embed_dim: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dim)
        self.attn = MultiHeadAttention(
            embed_dim=embed_dim, num_heads=num_heads, causal=True
        )
        self.norm2 = nn.LayerNorm(embed_dim)
        self.mlp = MLP(embed_dim=embed_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, cache: KVCache | None = None) -> Tensor:
        attended = self.attn(self.norm1(hidden), cache=cache)
        hidden = hidden + self.dropout(attended)
        hidden = hidden + self.dropout(self.mlp(self.norm2(hidden)))
        return hidden


class GPT(nn.Module):
    """Token ids to logits of the next token at every position."""

    def __init__(
        self,
        *,
        vocab_size: int,
        context_length: int,
        embed_dim: int,
        num_layers: int,
        num_heads: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.context_length = context_length
        self.token_embedding = nn.Embedding(vocab_size, embed_dim)  # also the LM head
        self.position_embedding = nn.Embedding(context_length, embed_dim)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(embed_dim=embed_dim, num_heads=num_heads, dropout=dropout)
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(embed_dim)
        self.apply(init_weights)
        # Section 2.3: layers that write to the residual stream start at 1 / sqrt(N),
        # where N counts the residual layers: two in each block.
        for name, weight in self.named_parameters():
            if name.endswith(("attn.out_proj.weight", "mlp.fc2.weight")):
                nn.init.normal_(weight, std=0.02 * (2 * num_layers) ** -0.5)

    def forward(self, token: Tensor) -> Tensor:
        """Return logits of the token after each, (B, length, vocab_size)."""
        return self.lm_head(self.hidden_states(token))

    def next_logits(
        self, token: Tensor, cache: list[KVCache] | None = None
    ) -> tuple[Tensor, list[KVCache]]:
        """Return logits of the token after the last, (B, vocab_size), and a cache.

        With the cache of an earlier call, `token` continues the tokens of that call.
        """
        cache = cache or [KVCache(self.context_length) for _ in self.blocks]
        return self.lm_head(self.hidden_states(token, cache)[:, -1]), cache

    def hidden_states(
        self, token: Tensor, cache: list[KVCache] | None = None
    ) -> Tensor:
        """Return the hidden states after the last block, (B, length, embed_dim)."""
        start = cache[0].length if cache else 0
        position = torch.arange(start, start + token.shape[1], device=token.device)
        hidden = self.token_embedding(token) + self.position_embedding(position)
        hidden = self.dropout(hidden)
        for number, block in enumerate(self.blocks):
            hidden = block(hidden, cache[number] if cache else None)
        normalized: Tensor = self.norm(hidden)
        return normalized

    def lm_head(self, hidden: Tensor) -> Tensor:
        """Return logits of the next token; the weight is that of the embedding."""
        return hidden @ self.token_embedding.weight.T


def gpt(
    *,
    vocab_size: int = 50_257,
    context_length: int = 1_024,
    embed_dim: int = 768,
    num_layers: int = 12,
    num_heads: int = 12,
    dropout: float = 0.0,
) -> GPT:
    """A GPT of any size; by default the smallest of the paper, 124 million parameters.

    The others have 24 layers of width 1024 with 16 heads, 36 of 1280 with 20, and 48
    of 1600 with 25.
    """
    return GPT(
        vocab_size=vocab_size,
        context_length=context_length,
        embed_dim=embed_dim,
        num_layers=num_layers,
        num_heads=num_heads,
        dropout=dropout,
    )


def renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a published GPT-2 under the names of this file.

    The published file stores the weights of linear layers transposed, has a causal mask
    for every layer, and may have the embedding twice. Copies that carry no information
    are left out. Tensors that have the names of this file already are returned as they
    are.
    """
    published = {name.removeprefix("transformer."): t for name, t in tensors.items()}
    if "wte.weight" not in published or len(published) < len(tensors):
        return tensors
    result = {}
    for name, tensor in published.items():
        if not _is_redundant(name, tensor, published["wte.weight"]):
            in_block = name.startswith("h.") and "ln_" not in name
            transposed = in_block and tensor.ndim == 2
            result[_new_name(name)] = tensor.T.contiguous() if transposed else tensor
    return result


def _new_name(name: str) -> str:
    """Return the name here of the published tensor `name`; an unknown one as it is."""
    module, _, parameter = name.rpartition(".")
    if module in TOP_NAMES:
        return f"{TOP_NAMES[module]}.{parameter}"
    _, _, layer = module.partition("h.")
    number, _, inner = layer.partition(".")
    if module.startswith("h.") and number.isdigit() and inner in BLOCK_NAMES:
        return f"blocks.{number}.{BLOCK_NAMES[inner]}.{parameter}"
    return name


def _is_redundant(name: str, tensor: Tensor, embedding: Tensor) -> bool:
    """Return whether a tensor is a tied weight or a causal mask."""
    if name == "lm_head.weight":
        return torch.equal(tensor, embedding)
    if not name.endswith(MASK_BUFFERS):
        return False
    if tensor.numel() == 1:  # the score of a masked position
        return tensor.item() <= -1e4
    square = tensor.reshape(tensor.shape[-2:])
    return torch.equal(square.bool(), torch.ones_like(square).tril().bool())
