"""Multi-head attention, shared by every model in this package.

Vaswani et al.: "Attention is all you need", 2017. With or without a causal mask, with a
padding mask, and with a cache of keys and values for generation token by token.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

__all__ = ["KVCache", "MultiHeadAttention", "attention_mask", "init_weights"]


@dataclass
class KVCache:
    """The keys and values of the tokens that one attention layer has seen.

    Memory for `max_length` tokens is allocated once, so that a step copies only the
    keys and values of its own tokens.
    """

    max_length: int
    length: int = 0
    key: Tensor | None = None  # (B, heads, max_length, head_dim)
    value: Tensor | None = None

    def update(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Append the keys and values of new tokens; return those of all tokens."""
        if self.key is None or self.value is None:
            batch_size, heads, _, head_dim = key.shape
            self.key = key.new_empty(batch_size, heads, self.max_length, head_dim)
            self.value = torch.empty_like(self.key)
        start, self.length = self.length, self.length + key.shape[2]
        self.key[:, :, start : self.length] = key
        self.value[:, :, start : self.length] = value
        return self.key[:, :, : self.length], self.value[:, :, : self.length]


class MultiHeadAttention(nn.Module):
    """Multi-head self-attention: every token attends to all, or to those before it."""

    def __init__(
        self, *, embed_dim: int, num_heads: int, causal: bool, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.num_heads, self.causal, self.dropout = num_heads, causal, dropout
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)  # queries, keys, values at once
        self.out_proj = nn.Linear(embed_dim, embed_dim)

    def forward(
        self,
        hidden: Tensor,
        *,
        padding: Tensor | None = None,
        cache: KVCache | None = None,
    ) -> Tensor:
        """Return MultiHead(Q, K, V) of (B, length, embed_dim), section 3.2.2.

        `padding`, (B, length) of booleans, marks tokens that no token attends to. With
        a `cache`, `hidden` continues the tokens of earlier calls with it.
        """
        batch_size, length, embed_dim = hidden.shape
        query, key, value = self._qkv(hidden)
        if cache is not None:
            key, value = cache.update(key, value)
        mask = attention_mask(length, key.shape[2], causal=self.causal, padding=padding)
        # Equation (1): Attention(Q, K, V) = softmax(Q K^T / sqrt(d_k)) V
        if not hidden.is_cuda:  # the CPU kernel's backward pass is slow in bfloat16
            query, key, value = query.float(), key.float(), value.float()
        with torch.autocast(hidden.device.type, enabled=hidden.is_cuda):
            heads = scaled_dot_product_attention(
                query,
                key,
                value,
                attn_mask=mask,
                dropout_p=self.dropout if self.training else 0.0,
                is_causal=self.causal and length > 1 and mask is None,
            ).to(hidden.dtype)
        concatenated = heads.transpose(1, 2).reshape(batch_size, length, embed_dim)
        output: Tensor = self.out_proj(concatenated)  # Concat(head_1, ..., head_h) W^O
        return output

    def maps(self, hidden: Tensor, *, padding: Tensor | None = None) -> Tensor:
        """Return softmax(Q K^T / sqrt(d_k)), (B, heads, length, length).

        Row i says how much of each token's value goes into token i; it sums to one.
        """
        query, key, _ = self._qkv(hidden)
        length = hidden.shape[1]
        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
        if self.causal:
            later = torch.ones(length, length, dtype=torch.bool).triu(1)
            scores = scores.masked_fill(later.to(scores.device), -torch.inf)
        if padding is not None:
            scores = scores.masked_fill(padding[:, None, None, :], -torch.inf)
        weights: Tensor = scores.softmax(dim=-1)
        return weights

    def _qkv(self, hidden: Tensor) -> tuple[Tensor, ...]:
        """Return queries, keys and values, (B, heads, length, head_dim) each."""
        batch_size, length, _ = hidden.shape
        qkv = self.qkv(hidden).view(batch_size, length, 3, self.num_heads, -1)
        return tuple(qkv.permute(2, 0, 3, 1, 4).unbind(0))


def attention_mask(
    length: int, total: int, *, causal: bool, padding: Tensor | None
) -> Tensor | None:
    """Return which token may attend to which, (B or 1, 1, length, total).

    The last of the `length` queries is the last of the `total` keys. None stands for
    what the kernel does without a mask: attend to all, or, where attention is causal
    and the cache is empty, to the tokens up to oneself.
    """
    mask = None
    if causal and length > 1 and (length < total or padding is not None):
        full = torch.ones(length, total, dtype=torch.bool)
        mask = full.tril(total - length)[None, None]
    if padding is None:
        return mask
    not_padding = ~padding[:, None, None, :]
    return not_padding if mask is None else not_padding & mask.to(padding.device)


def init_weights(module: nn.Module) -> None:
    """Initialize linear layers and embeddings from N(0, 0.02), biases with zero.

    Both papers' code does so; BERT's truncates the normal distribution, which is not
    done here.
    """
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
