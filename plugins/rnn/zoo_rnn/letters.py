"""Characters, as a tokenizer that is learned from texts and travels with weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIAL", "tokenizer", "unlisted"]

SPECIAL = ("[PAD]", "[UNK]")  # 0 and 1: filling, and a character that is not listed
SEEN = 10  # how often a character must stand in the texts to be listed


def tokenizer(texts: Sequence[str], *, size: int) -> Tokenizer:
    """Return a tokenizer of `size` tokens at most: the most usual characters.

    Letters come composed and small, and what is between words is one space.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    clean = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(clean.normalize_str(text))
    usual = sorted((-n, character) for character, n in counts.items() if n >= SEEN)
    listed = [*SPECIAL, *(character for _, character in usual)][:size]
    numbers = {token: number for number, token in enumerate(listed)}
    made = Tokenizer(models.WordLevel(numbers, unk_token=SPECIAL[1]))
    made.normalizer = clean
    made.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    return made


def unlisted(share: float) -> Callable[[Tensor, torch.Generator], Tensor]:
    """Return what makes a share of the characters of a batch unlisted ones.

    Each hides the grams that it is part of, so that none is relied upon alone.
    """

    def some(token: Tensor, random: torch.Generator) -> Tensor:
        there = torch.rand(token.shape, generator=random) >= share
        return token.where(there | (token == 0), 1)

    return some
