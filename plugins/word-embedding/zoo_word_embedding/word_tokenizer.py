"""A word-level tokenizer, made of the words of the training texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIAL_TOKENS", "encode_known_words", "train_tokenizer"]

SPECIAL_TOKENS = ("[PAD]", "[UNK]")  # ids 0 and 1
WORD = r"\p{L}+(?:'\p{L}+)*"  # letters, and apostrophes inside: "don't" is one word
PYTHON_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")  # the same in Python's syntax


def train_tokenizer(
    texts: Iterable[str], *, vocab_size: int, min_count: int
) -> Tokenizer:
    """Return a lower-case tokenizer of the most frequent words of `texts`.

    Words that occur less than `min_count` times are left out: there is too little to
    learn them from. Equally frequent words are taken in alphabetical order, until there
    are `vocab_size` tokens with the special ones. Frequent words have small ids.
    """
    counts = Counter(word for text in texts for word in _split(text))
    kept = [word for word, count in counts.items() if count >= min_count]
    kept.sort(key=lambda word: (-counts[word], word))
    return _tokenizer((*SPECIAL_TOKENS, *kept[: vocab_size - len(SPECIAL_TOKENS)]))


def encode_known_words(tokenizer: Tokenizer, texts: Iterable[str]) -> list[list[int]]:
    """Return the ids of the known words of each text, however long it is.

    They are those that the tokenizer gives, in much less time.
    """
    vocabulary = tokenizer.get_vocab()
    return [
        [vocabulary[word] for word in _split(text) if word in vocabulary]
        for text in texts
    ]


def _split(text: str) -> list[str]:
    return PYTHON_WORD.findall(text.lower().replace("\u2019", "'"))


def _tokenizer(tokens: Sequence[str]) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=SPECIAL_TOKENS[1]))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace("\u2019", "'")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    return tokenizer
