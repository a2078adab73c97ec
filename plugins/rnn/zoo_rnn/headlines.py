"""A tokenizer of the words of headlines, each of which begins with a mark."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zoo_rnn.char_tokenizer import SPECIAL_TOKENS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["MARK", "MARK_ID", "train_headline_tokenizer", "words_of"]

MARK, MARK_ID = "[EOS]", 2  # before a headline, and so after the one before
WORD = r"[^\W_]+(?:'[^\W_]+)*"  # letters and digits, as in "don't"; no other mark
CURLY = "\u2019"  # an apostrophe as it is printed


def words_of(headline: str) -> list[str]:
    """Return the words of a headline, lower-cased.

    >>> words_of("Trump\u2019s Gifts: $5 to China")
    ["trump's", 'gifts', '5', 'to', 'china']
    """
    return re.findall(WORD, headline.lower().replace(CURLY, "'"))


def train_headline_tokenizer(texts: Sequence[str], *, vocab_size: int) -> Tokenizer:
    """Return a tokenizer of the most frequent words of `texts`.

    Equally frequent words are taken in alphabetical order, until there are `vocab_size`
    tokens with the special ones.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
    from tokenizers.processors import TemplateProcessing

    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(words_of(text))
    frequent = sorted(counts, key=lambda word: (-counts[word], word))
    tokens = [*SPECIAL_TOKENS, MARK, *frequent][:vocab_size]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=SPECIAL_TOKENS[1]))
    tokenizer.add_special_tokens([*SPECIAL_TOKENS, MARK])
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace(CURLY, "'")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    tokenizer.post_processor = TemplateProcessing(
        single=f"{MARK} $A", special_tokens=[(MARK, MARK_ID)]
    )
    return tokenizer
