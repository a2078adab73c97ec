"""Parts of words, as a tokenizer that is learned from texts and travels with weights.

Korean writers of reviews leave spaces out as they like, so a space tells little: parts
are the same wherever in a word they stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIAL", "tokenizer"]

SPECIAL = ("[PAD]", "[UNK]")  # 0 and 1: filling, and a character that is not listed
SEEN = 10  # how often a character must stand in the texts to be listed


def tokenizer(texts: Sequence[str], *, size: int) -> Tokenizer:
    """Return a tokenizer of `size` tokens at most: characters, and what often follows
    upon what (byte pair encoding, of characters).
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    made = Tokenizer(models.BPE(unk_token=SPECIAL[1]))
    made.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("isolated")]
    )
    listed = _alphabet([made.normalizer.normalize_str(text) for text in texts])
    # Given as it is: the trainer's own choice among equally rare ones is not fixed.
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=listed,
        limit_alphabet=len(listed),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    return made


def _alphabet(texts: Sequence[str]) -> list[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    return sorted(c for c, n in counts.items() if n >= SEEN and not c.isspace())
