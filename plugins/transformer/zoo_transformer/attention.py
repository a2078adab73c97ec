"""Multi-head attention, the one core of every model in this package.

Vaswani et al.: "Attention is all you need", 2017. Causal or not, with a mask for
padding, and with a memory of keys and values for texts that grow token by token.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

__all__ = ["Attention", "Memory", "mask", "started"]


@dataclass
class Memory:
    """Keys and values of the tokens that one attention has seen.

    Room for `limit` of them is made at once, so that a step copies only its own.
    """

    limit: int
    count: int = 0
    key: Tensor | None = None  # (B, heads, limit, width of a head)
    value: Tensor | None = None

    def add(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Take the keys and values of new tokens; return those of all."""
        if self.key is None or self.value is None:
            rows, heads, _, width = key.shape
            self.key = key.new_empty(rows, heads, self.limit, width)
            self.value = torch.empty_like(self.key)
        before, self.count = self.count, self.count + key.shape[2]
        self.key[:, :, before : self.count] = key
        self.value[:, :, before : self.count] = value
        return self.key[:, :, : self.count], self.value[:, :, : self.count]


class Attention(nn.Module):
    """Each token looks at the others, or at those before it, through several heads."""

    def __init__(
        self, *, width: int, heads: int, causal: bool, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.heads, self.causal, self.dropout = heads, causal, dropout
        self.ask = nn.Linear(width, 3 * width)  # queries, keys and values at once
        self.answer = nn.Linear(width, width)

    def forward(
        self,
        given: Tensor,
        *,
        padding: Tensor | None = None,
        memory: Memory | None = None,
    ) -> Tensor:
        """Return what each token learns from those that it may look at.

        `padding`, (B, length) of booleans, marks tokens that nobody looks at. With a
        `memory`, `given` goes on where the last call with it ended.
        """
        rows, length, width = given.shape
        parts = self.ask(given).view(rows, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # (B, heads, length, head)
        if memory is not None:
            key, value = memory.add(key, value)
        allowed = mask(length, key.shape[2], causal=self.causal, padding=padding)
        simple = self.causal and length > 1 and allowed is None
        if not given.is_cuda:  # whose kernel is slow on its way back in bfloat16
            query, key, value = query.float(), key.float(), value.float()
        with torch.autocast(given.device.type, enabled=given.is_cuda):
            seen = scaled_dot_product_attention(
                query,
                key,
                value,
                attn_mask=allowed,
                dropout_p=self.dropout if self.training else 0.0,
                is_causal=simple,
            ).to(given.dtype)
        joined = seen.transpose(1, 2).reshape(rows, length, width)
        learned: Tensor = self.answer(joined)
        return learned


def mask(
    length: int, seen: int, *, causal: bool, padding: Tensor | None
) -> Tensor | None:
    """Return who may look at whom, (B or 1, 1, length, seen), or None for the kernel's
    own rule: all, or where it is causal and nothing was seen before, those before.

    The last of `length` tokens is the last of the `seen`.
    """
    allowed = None
    if causal and length > 1 and (length < seen or padding is not None):
        everything = torch.ones(length, seen, dtype=torch.bool)
        allowed = everything.tril(seen - length)[None, None]
    if padding is None:
        return allowed
    open_to = ~padding[:, None, None, :]
    return open_to if allowed is None else open_to & allowed.to(padding.device)


def started(module: nn.Module) -> None:
    """Fill linear layers and embeddings as both papers' code does; BERT's paper cuts
    the normal distribution off, which is not done here."""
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
