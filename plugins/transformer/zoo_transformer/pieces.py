"""A vocabulary of word pieces in small letters, as BERT reads, made of texts.

Schuster, Nakajima: "Japanese and Korean voice search", 2012. A word that is not listed
is read as the longest piece it begins with, and then as pieces that begin with ##.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["MASK", "SPECIAL", "tokenizer"]

SPECIAL = ("[PAD]", "[UNK]", "[MASK]")  # tokens 0, 1 and 2
MASK = 2
INSIDE = "##"  # what a piece begins with that begins no word
APART = 0xF0000  # where Unicode has room for letters of one's own
LAST = "\uffff"  # a character beyond this one finds no place there


def tokenizer(texts: Sequence[str], *, size: int) -> Tokenizer:
    """Return a tokenizer of at most `size` tokens, the same for the same texts.

    The library's own training of word pieces breaks ties by chance. That of byte pairs
    does not, so it is given letters inside of words as other letters than the first.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    splitter = _reader({one: number for number, one in enumerate(SPECIAL)})
    pairs = Tokenizer(models.BPE())
    pairs.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(SPECIAL), show_progress=False
    )
    pairs.train_from_iterator((_marked(splitter, text) for text in texts), trainer)
    listed = sorted(pairs.get_vocab().items(), key=lambda item: item[1])
    return _reader({_piece(made): number for made, number in listed})


def _reader(vocabulary: dict[str, int]) -> Tokenizer:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    made = Tokenizer(models.WordPiece(vocabulary, unk_token=SPECIAL[1]))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece(prefix=INSIDE)
    made.add_special_tokens(list(SPECIAL))
    return made


def _marked(splitter: Tokenizer, text: str) -> str:
    """Return the words of a text, with spaces between, their inner letters moved."""
    normal = splitter.normalizer.normalize_str(text)
    words = [word for word, _ in splitter.pre_tokenizer.pre_tokenize_str(normal)]
    return " ".join(
        word[0] + "".join(chr(ord(letter) + APART) for letter in word[1:])
        for word in words
        if max(word) <= LAST
    )


def _piece(made: str) -> str:
    """Return a piece with its letters moved back, and marked where it is inside."""
    if made in SPECIAL:
        return made
    plain = "".join(chr(ord(one) - APART * (ord(one) >= APART)) for one in made)
    return INSIDE + plain if ord(made[0]) >= APART else plain
