"""Pairs of texts for BERT's second task: did the second follow the first?

Each text is divided in the middle. Of half of the rows the second part is kept, of the
others it is that of another row.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["SentencePairs", "sentence_pairs"]


@dataclass(frozen=True, kw_only=True)
class SentencePairs:
    """Rows "[CLS] A [SEP] B [SEP]", (B, length), and whether B followed A, (B,)."""

    token: Tensor
    segment: Tensor  # 1 in B and at its [SEP], else 0
    is_next: Tensor  # of int64: 1 where B followed A


def sentence_pairs(
    token: Tensor, random: torch.Generator, *, pad_token_id: int = 0
) -> SentencePairs:
    """Return pairs made of rows "[CLS] text [SEP]", padded at the end, (B, length).

    A text of an odd number of tokens loses its last one, and one more where a pair
    would not fit: no row becomes longer than `length`. The second part of a pair that
    does not belong together is that of the row before it in the batch.

    >>> rows = torch.tensor([[2, 7, 8, 9, 3], [2, 5, 6, 3, 0]])
    >>> pairs = sentence_pairs(rows, torch.Generator().manual_seed(0))
    >>> pairs.token.tolist(), pairs.is_next.tolist()
    ([[2, 7, 3, 8, 3], [2, 5, 3, 8, 3]], [1, 0])
    """
    device, width = token.device, token.shape[1]
    rows = [row[row != pad_token_id].tolist() for row in token.cpu()]
    texts = [row[1:-1][: width - 3] for row in rows]
    halves = [
        (text[: len(text) // 2], text[len(text) // 2 : len(text) // 2 * 2])
        for text in texts
    ]
    is_next = torch.rand(len(rows), generator=random) < 0.5
    made = torch.full((len(rows), width), pad_token_id)
    segment = torch.zeros(len(rows), width, dtype=torch.int64)
    for n, row in enumerate(rows):
        cls, sep = row[0], row[-1]
        first, second = halves[n][0], halves[n if is_next[n] else n - 1][1]
        start = len(first) + 2
        second = second[: width - start - 1]
        end = start + len(second) + 1
        made[n, :end] = torch.tensor([cls, *first, sep, *second, sep])
        segment[n, start:end] = 1
    used = int((made != pad_token_id).sum(dim=1).max())
    return SentencePairs(
        token=made[:, :used].to(device),
        segment=segment[:, :used].to(device),
        is_next=is_next.long().to(device),
    )
