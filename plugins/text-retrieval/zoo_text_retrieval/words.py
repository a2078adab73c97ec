"""A vocabulary of whole words, as a tokenizer that travels with the weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIAL", "tokenizer"]

SPECIAL = ("[PAD]", "[UNK]")  # 0 and 1: filling, and a word that is not listed
WORD = r"\b\w\w+\b"  # two letters or digits at least, as in scikit-learn


def tokenizer(texts: Sequence[str], *, size: int, most: float) -> Tokenizer:
    """Return a tokenizer of the commonest words of `texts`, in small letters.

    Words in more than the share `most` of the texts say nothing about any of them, and
    are left out. Of equally common words the first of the alphabet are kept, until
    there are `size` tokens with the special ones.
    """
    splitter = _splitter()
    counts: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for text in texts:
        words = [word for word, _ in _split(splitter, text)]
        counts.update(words)
        within.update(set(words))
    kept = [word for word in counts if within[word] <= most * len(texts)]
    kept.sort(key=lambda word: (-counts[word], word))
    listed = (*SPECIAL, *kept[: size - len(SPECIAL)])
    return _splitter({word: number for number, word in enumerate(listed)})


def _splitter(vocabulary: dict[str, int] | None = None) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    known = vocabulary or {word: number for number, word in enumerate(SPECIAL)}
    made = Tokenizer(models.WordLevel(known, unk_token=SPECIAL[1]))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    return made


def _split(splitter: Tokenizer, text: str) -> list[tuple[str, tuple[int, int]]]:
    normal = splitter.normalizer.normalize_str(text)
    found: list[tuple[str, tuple[int, int]]] = splitter.pre_tokenizer.pre_tokenize_str(
        normal
    )
    return found
