"""A lower-case WordPiece tokenizer as BERT has, trained on texts.

Schuster, Nakajima: "Japanese and Korean voice search", 2012. A word that is not in the
vocabulary is split into the longest piece it begins with, and then into pieces that
begin with ##.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["MASK_TOKEN_ID", "SPECIAL_TOKENS", "train_tokenizer"]

UNK_TOKEN = "[UNK]"
SPECIAL_TOKENS = ("[PAD]", UNK_TOKEN, "[MASK]")  # ids 0, 1 and 2
MASK_TOKEN_ID = 2
CONTINUATION = "##"  # the prefix of a piece that does not begin a word
PRIVATE_USE = 0xF0000  # Unicode's private use area, to which inner letters are moved
LAST_MOVABLE = "\uffff"  # a character beyond this one has no place in that area


def train_tokenizer(
    texts: Sequence[str],
    *,
    vocab_size: int,
    special_tokens: Sequence[str] = SPECIAL_TOKENS,
) -> Tokenizer:
    """Return a tokenizer of at most `vocab_size` tokens, the same for the same texts.

    The first of them are `special_tokens`, which include [PAD], [UNK] and [MASK].
    The library's own WordPiece trainer breaks ties at random. Its BPE trainer does not,
    so that one is used, with the inner letters of a word as other letters than the
    first.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    special = list(special_tokens)
    splitter = _wordpiece({token: n for n, token in enumerate(special)}, special)
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=special, show_progress=False
    )
    bpe.train_from_iterator((_move_inner(splitter, text) for text in texts), trainer)
    vocabulary = sorted(bpe.get_vocab().items(), key=lambda item: item[1])
    pieces = {_to_piece(token, special): number for token, number in vocabulary}
    return _wordpiece(pieces, special)


def _wordpiece(vocabulary: dict[str, int], special: list[str]) -> Tokenizer:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=UNK_TOKEN))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix=CONTINUATION)
    tokenizer.add_special_tokens(special)
    return tokenizer


def _move_inner(splitter: Tokenizer, text: str) -> str:
    """Return the words of a text, with their inner letters in the private use area."""
    normalized = splitter.normalizer.normalize_str(text)
    words = [word for word, _ in splitter.pre_tokenizer.pre_tokenize_str(normalized)]
    return " ".join(
        word[0] + "".join(chr(ord(letter) + PRIVATE_USE) for letter in word[1:])
        for word in words
        if max(word) <= LAST_MOVABLE
    )


def _to_piece(token: str, special: Sequence[str]) -> str:
    """Return a token with its letters moved back, and ## before an inner one."""
    if token in special:
        return token
    letters = (chr(ord(c) - PRIVATE_USE * (ord(c) >= PRIVATE_USE)) for c in token)
    prefix = CONTINUATION if ord(token[0]) >= PRIVATE_USE else ""
    return prefix + "".join(letters)
