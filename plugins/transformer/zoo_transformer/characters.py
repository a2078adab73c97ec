"""A vocabulary of single characters, as a tokenizer that travels with the weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["PADDING", "tokenizer"]

PADDING = "[PAD]"  # token 0


def tokenizer(texts: Iterable[str]) -> Tokenizer:
    """Return a tokenizer of the characters of `texts`, in the order of Unicode.

    It has no token for any other character, and refuses a text that holds one.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    listed = [PADDING, *sorted({letter for text in texts for letter in text})]
    made = Tokenizer(models.WordLevel({one: n for n, one in enumerate(listed)}, ""))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    made.decoder = decoders.Fuse()
    return made
