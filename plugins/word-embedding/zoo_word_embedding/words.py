"""A vocabulary of whole words, as a tokenizer that travels with the weights."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIAL", "numbered", "tokenizer"]

SPECIAL = ("[PAD]", "[UNK]")  # 0 and 1: filling, and a word that is not listed
WORD = r"\p{L}+(?:'\p{L}+)*"  # letters, and apostrophes inside: "don't" is one word
SAME = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")  # in Python's words


def tokenizer(texts: Iterable[str], *, size: int, least: int) -> Tokenizer:
    """Return a tokenizer of the commonest words of `texts`, in small letters.

    Words that occur less than `least` times are left out: there is too little to learn
    them from. Of equally common words the first of the alphabet are kept, until there
    are `size` tokens with the special ones. The commonest words have the least numbers.
    """
    counts = Counter(word for text in texts for word in _split(text))
    kept = [word for word, count in counts.items() if count >= least]
    kept.sort(key=lambda word: (-counts[word], word))
    return _reader((*SPECIAL, *kept[: size - len(SPECIAL)]))


def numbered(reader: Tokenizer, texts: Iterable[str]) -> list[list[int]]:
    """Return the numbers of the known words of each text, however long it is.

    They are those that the tokenizer gives, in much less time.
    """
    known = reader.get_vocab()
    return [[known[word] for word in _split(text) if word in known] for text in texts]


def _split(text: str) -> list[str]:
    return SAME.findall(text.lower().replace("\u2019", "'"))


def _reader(listed: Sequence[str]) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    known = {word: number for number, word in enumerate(listed)}
    made = Tokenizer(models.WordLevel(known, unk_token=SPECIAL[1]))
    made.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace("\u2019", "'")]
    )
    made.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    return made
