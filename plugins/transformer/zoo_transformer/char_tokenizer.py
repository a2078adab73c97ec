"""A character-level tokenizer, made of the characters of the training texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["PAD_TOKEN", "train_tokenizer"]

PAD_TOKEN = "[PAD]"  # id 0


def train_tokenizer(texts: Iterable[str], *, lower_case: bool = False) -> Tokenizer:
    """Return a tokenizer of the characters of `texts`, in the order of Unicode.

    It has no unknown token, and refuses a text that holds any other character. With
    `lower_case` it lower-cases all that it reads.
    """
    from tokenizers import (
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
    )

    lowered = normalizers.Lowercase()
    texts = map(lowered.normalize_str, texts) if lower_case else texts
    characters = sorted({character for text in texts for character in text})
    vocabulary = {token: n for n, token in enumerate([PAD_TOKEN, *characters])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, ""))
    if lower_case:
        tokenizer.normalizer = lowered
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return tokenizer
