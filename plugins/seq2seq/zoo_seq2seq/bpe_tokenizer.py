"""A byte-level BPE tokenizer that two languages share.

Sennrich, Haddow, Birch: "Neural machine translation of rare words with subword units",
2016. Characters are taken as their UTF-8 bytes, so that none is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIAL_TOKENS", "train_tokenizer"]

SPECIAL_TOKENS = ("<pad>", "<s>", "</s>")  # ids 0, 1 and 2
# An elided word goes with its apostrophe (qu'), digits stand alone, and a space goes
# with what follows it.
PRE_TOKENS = r" ?\p{L}+'?| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s"
CURLY_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"


def train_tokenizer(texts: Sequence[str], *, vocab_size: int) -> Tokenizer:
    """Return a tokenizer of at most `vocab_size` tokens, the same for the same texts.

    It appends </s> to every text, and reads a curly apostrophe as the straight one.
    """
    from tokenizers import (
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace(CURLY_APOSTROPHE, "'"),
            normalizers.Prepend(" "),  # so that a first word is like any other
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRE_TOKENS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.ByteLevel(), decoders.Strip(" ", 1, 0)]  # the space put before
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", SPECIAL_TOKENS.index("</s>"))]
    )
    return tokenizer
