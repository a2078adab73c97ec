"""A WordPiece tokenizer of reviews that keeps the end of a text, as BERT reads it.

A text becomes "[CLS] its pieces [SEP]". A writer of a review often sums up at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zoo_transformer.wordpiece_tokenizer import train_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = [
    "CLS_TOKEN_ID",
    "MASK_TOKEN_ID",
    "SEP_TOKEN_ID",
    "SPECIAL_TOKENS",
    "train_review_tokenizer",
]

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # ids 0 to 4
CLS_TOKEN_ID, SEP_TOKEN_ID, MASK_TOKEN_ID = 2, 3, 4
LINE_BREAK = "<br />"  # as the reviews have it


def train_review_tokenizer(
    texts: Sequence[str], *, vocab_size: int, max_length: int
) -> Tokenizer:
    """Return a tokenizer of at most `vocab_size` pieces of the words of `texts`.

    Of a longer text it keeps the end: `max_length` tokens with the two around it.

    >>> reader = train_review_tokenizer(["so bad"], vocab_size=20, max_length=4)
    >>> reader.encode("bad, so<br />bad").tokens
    ['[CLS]', 'so', 'bad', '[SEP]']
    """
    from tokenizers import normalizers, processors

    cleaned = [text.replace(LINE_BREAK, " ") for text in texts]
    tokenizer = train_tokenizer(
        cleaned, vocab_size=vocab_size, special_tokens=SPECIAL_TOKENS
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace(LINE_BREAK, " "), normalizers.BertNormalizer()]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", CLS_TOKEN_ID), ("[SEP]", SEP_TOKEN_ID)],
    )
    tokenizer.enable_truncation(max_length, direction="left")
    return tokenizer
