"""A word-level tokenizer that keeps the end of a text, and the words of a text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zoo_rnn.char_tokenizer import SPECIAL_TOKENS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["last_words", "train_word_tokenizer"]

WORD = r"[a-z0-9]+(?:'[a-z]+)?|[!?]"  # "don't" is one; marks of emphasis count
LINE_BREAK = "<br />"  # as the reviews have it


def train_word_tokenizer(
    texts: Sequence[str], *, vocab_size: int, max_length: int
) -> Tokenizer:
    """Return a lower-case tokenizer of the most frequent words of `texts`.

    Of a longer text it keeps the last `max_length` words. Equally frequent words are
    taken in alphabetical order.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_words(text))
    frequent = sorted(counts, key=lambda word: (-counts[word], word))
    tokens = [*SPECIAL_TOKENS, *frequent][:vocab_size]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=SPECIAL_TOKENS[1]))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace(LINE_BREAK, " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    tokenizer.enable_truncation(max_length, direction="left")
    return tokenizer


def last_words(text: str, count: int) -> str:
    """Return the last words of a text, as the tokenizer splits it, joined by spaces."""
    return " ".join(_words(text)[-count:])


def _words(text: str) -> list[str]:
    return re.findall(WORD, text.lower().replace(LINE_BREAK, " "))
