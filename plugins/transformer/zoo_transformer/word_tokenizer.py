"""A tokenizer of lower-case words that keeps the end of a text.

A writer of a review often sums up at its end. `lstm-imdb` of zoo-rnn reads the same
words of a review.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["UNK_TOKEN_ID", "last_words", "train_word_tokenizer"]

SPECIAL_TOKENS = ("[PAD]", "[UNK]")  # ids 0 and 1
UNK_TOKEN_ID = 1
WORD = r"[a-z0-9]+(?:'[a-z]+)?|[!?]"  # "don't" is one; marks of emphasis count
LINE_BREAK = "<br />"  # as the reviews have it


def train_word_tokenizer(
    texts: Sequence[str], *, vocab_size: int, max_length: int
) -> Tokenizer:
    """Return a tokenizer of the most frequent words of `texts`.

    Of a longer text it keeps the last `max_length` words. Equally frequent words are
    taken in alphabetical order.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    counts = Counter(word for text in texts for word in _words(text))
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
    """Return the last words of a text, as the tokenizer splits it, joined by spaces.

    >>> last_words("It was GOOD!<br />Really good", 3)
    '! really good'
    """
    return " ".join(_words(text)[-count:])


def _words(text: str) -> list[str]:
    return re.findall(WORD, text.lower().replace(LINE_BREAK, " "))
