"""A word-level tokenizer, made of the words of the training texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIAL_TOKENS", "train_tokenizer"]

SPECIAL_TOKENS = ("[PAD]", "[UNK]")  # ids 0 and 1
WORD = r"\b\w\w+\b"  # two letters or digits at least, as in scikit-learn


def train_tokenizer(
    texts: Sequence[str], *, vocab_size: int, max_df: float
) -> Tokenizer:
    """Return a lower-case tokenizer of the most frequent words of `texts`.

    Words in more than the fraction `max_df` of the texts are left out, as they do not
    distinguish texts. Equally frequent words are taken in alphabetical order, until
    there are `vocab_size` tokens with the special ones.
    """
    splitter = _tokenizer()
    counts: Counter[str] = Counter()
    document_counts: Counter[str] = Counter()
    for text in texts:
        words = _split(splitter, text)
        counts.update(words)
        document_counts.update(set(words))
    limit = max_df * len(texts)
    kept = [word for word in counts if document_counts[word] <= limit]
    kept.sort(key=lambda word: (-counts[word], word))
    tokens = (*SPECIAL_TOKENS, *kept[: vocab_size - len(SPECIAL_TOKENS)])
    return _tokenizer({token: number for number, token in enumerate(tokens)})


def _tokenizer(vocabulary: dict[str, int] | None = None) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    if vocabulary is None:
        vocabulary = {token: number for number, token in enumerate(SPECIAL_TOKENS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=SPECIAL_TOKENS[1]))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    return tokenizer


def _split(splitter: Tokenizer, text: str) -> list[str]:
    normalized = splitter.normalizer.normalize_str(text)
    return [word for word, _ in splitter.pre_tokenizer.pre_tokenize_str(normalized)]
