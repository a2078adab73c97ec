"""From texts to pairs of words that stand near each other."""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["joined", "kept", "pairs"]


def joined(rows: Sequence[Sequence[int]]) -> Tensor:
    """Return texts as (2, words): the number of each word, and that of its text."""
    token = torch.tensor([number for row in rows for number in row], dtype=torch.int32)
    length = torch.tensor([len(row) for row in rows])
    text = torch.repeat_interleave(torch.arange(len(rows), dtype=torch.int32), length)
    return torch.stack([token, text])


def kept(count: Tensor, sample: float) -> Tensor:
    """Return with which chance an occurrence of each word is kept, (words,).

    That of a word with the share f of all is sqrt(s / f) + s / f, at most one, as in
    the authors' program; the paper has the first term alone.
    """
    share = sample * count.sum() / count.clamp(min=1)
    return (share.sqrt() + share).clamp(max=1)


def pairs(
    words: Tensor, chance: Tensor, window: int, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return words and their contexts, (pairs,) each, drawn afresh.

    Frequent words are left out by chance before the windows are laid, so that windows
    reach farther. Each word looks 1 to `window` places to both sides, a number drawn
    for it, and never into another text.
    """
    staying = torch.rand(words.shape[1], generator=random) < chance[words[0]]
    token, text = words[:, staying]
    reach = torch.randint(1, window + 1, token.shape, generator=random)
    found = []
    for step in range(1, window + 1):
        left, right = token[:-step], token[step:]
        together = text[:-step] == text[step:]
        seen = together & (reach[:-step] >= step)
        found.append(torch.stack([left[seen], right[seen]]))
        seen = together & (reach[step:] >= step)
        found.append(torch.stack([right[seen], left[seen]]))
    word, context = torch.cat(found, dim=1)
    return word, context
