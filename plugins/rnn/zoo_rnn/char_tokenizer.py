"""Character-level tokenizers, and an augmentation that hides characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = [
    "PAD_TOKEN",
    "SPECIAL_TOKENS",
    "random_unk",
    "train_lower_case_tokenizer",
    "train_tokenizer",
]

PAD_TOKEN = "[PAD]"  # id 0
SPECIAL_TOKENS = (PAD_TOKEN, "[UNK]")  # ids 0 and 1
MIN_COUNT = 10  # occurrences of a character that gets a token


def train_tokenizer(texts: Sequence[str], *, vocab_size: int) -> Tokenizer:
    """Return a tokenizer of the most frequent characters, `vocab_size` tokens at most.

    Text is composed (NFC) and lower-cased, and white space becomes one space.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(normalizer.normalize_str(text))
    frequent = sorted((-n, c) for c, n in counts.items() if n >= MIN_COUNT)
    tokens = [*SPECIAL_TOKENS, *(character for _, character in frequent)][:vocab_size]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=SPECIAL_TOKENS[1]))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    return tokenizer


def train_lower_case_tokenizer(texts: Iterable[str]) -> Tokenizer:
    """Return a tokenizer of the lower-cased characters of `texts`, as Unicode has them.

    White space is kept, so that a text can be written as it was. There is no unknown
    token, and a text that holds any other character is refused.
    """
    from tokenizers import (
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
    )

    normalizer = normalizers.Lowercase()
    characters = {c for text in texts for c in normalizer.normalize_str(text)}
    vocabulary = {token: n for n, token in enumerate([PAD_TOKEN, *sorted(characters)])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, ""))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def random_unk(probability: float) -> Callable[[Tensor, torch.Generator], Tensor]:
    """Return an augmentation that replaces characters of a batch by [UNK].

    Each replacement also hides the n-grams that the character is part of, so that the
    model does not rely on any of them alone.
    """

    def augment(token: Tensor, random: torch.Generator) -> Tensor:
        kept = torch.rand(token.shape, generator=random) >= probability
        return token.where(kept | (token == 0), 1)

    return augment
