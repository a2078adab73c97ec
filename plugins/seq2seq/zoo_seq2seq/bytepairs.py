"""Byte pairs: the pieces that two languages are read and written in.

Sennrich, Haddow, Birch: "Neural machine translation of rare words with subword units",
2016. Letters are taken as the bytes of UTF-8, so there is none that can't be read; what
was seen often together, in either language, is one token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIAL", "tokenizer"]

SPECIAL = ("<pad>", "<s>", "</s>")  # tokens 0, 1 and 2
# An elided word is one with its apostrophe (qu'), digits stand alone, and a space goes
# with what follows it.
PARTS = r" ?\p{L}+'?| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s"
CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"


def tokenizer(texts: Sequence[str], *, size: int) -> Tokenizer:
    """Return a tokenizer of at most `size` tokens, the same for the same texts.

    It puts the end after every text, and reads either apostrophe as the straight one.
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

    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace(CURLY, "'"),
            normalizers.Prepend(" "),  # so that a first word is like others
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PARTS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.Sequence(
        [decoders.ByteLevel(), decoders.Strip(" ", 1, 0)]  # the space put before
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", SPECIAL.index("</s>"))]
    )
    return made
