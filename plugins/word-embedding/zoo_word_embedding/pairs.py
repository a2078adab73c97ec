"""From texts to pairs of a word and a word of its context."""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["flatten_texts", "keep_probability", "sample_pairs", "word_counts"]


def flatten_texts(rows: Sequence[Sequence[int]]) -> Tensor:
    """Return texts as (2, words): the id of each word, and the number of its text."""
    token = torch.tensor([number for row in rows for number in row], dtype=torch.int32)
    length = torch.tensor([len(row) for row in rows])
    text = torch.repeat_interleave(torch.arange(len(rows), dtype=torch.int32), length)
    return torch.stack([token, text])


def word_counts(tokens: Tensor, vocab_size: int) -> Tensor:
    """Return how often each word of the vocabulary occurs, (words,)."""
    return torch.bincount(tokens[0], minlength=vocab_size)


def keep_probability(count: Tensor, sample: float) -> Tensor:
    """Return the probability that an occurrence of each word is kept, (words,).

    Equation (5) of the second 2013 paper keeps a word of frequency f with sqrt(s / f).
    The authors' program, and this function, keep it with sqrt(s / f) + s / f.
    """
    ratio = sample * count.sum() / count.clamp(min=1)
    return (ratio.sqrt() + ratio).clamp(max=1)


def sample_pairs(
    tokens: Tensor, keep: Tensor, window: int, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return words and their contexts, (pairs,) each, sampled anew at every call.

    Frequent words are dropped with 1 - `keep` before windows are formed, so that
    windows reach farther. The window of each word is drawn from 1 to `window`, and
    never reaches into another text.
    """
    kept = torch.rand(tokens.shape[1], generator=random) < keep[tokens[0]]
    token, text = tokens[:, kept]
    reach = torch.randint(1, window + 1, token.shape, generator=random)
    pairs = []
    for distance in range(1, window + 1):
        left, right = token[:-distance], token[distance:]
        same_text = text[:-distance] == text[distance:]
        in_window = same_text & (reach[:-distance] >= distance)
        pairs.append(torch.stack([left[in_window], right[in_window]]))
        in_window = same_text & (reach[distance:] >= distance)
        pairs.append(torch.stack([right[in_window], left[in_window]]))
    word, context = torch.cat(pairs, dim=1)
    return word, context
