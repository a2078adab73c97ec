"""Parts of words, as a tokenizer that is learned from texts and travels with weights.

Korean writers of reviews leave spaces out as they like, so a space tells little: parts
are the same wherever in a word they stand.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIAL", "broken", "halves", "tokenizer"]

SPECIAL = ("[PAD]", "[UNK]")  # 0 and 1: filling, and a character that is not listed
ROUNDS = 2  # how often a part may be broken again
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


def halves(tokenizer: Tokenizer) -> Tensor:
    """Return the two tokens that each token was merged of, (tokens, 2).

    Of one that was not merged, itself and filling.
    """
    found = torch.arange(tokenizer.get_vocab_size()).repeat(2, 1).T.contiguous()
    found[:, 1] = 0
    for pair in json.loads(tokenizer.to_str())["model"]["merges"]:
        left, right = pair.split(" ") if isinstance(pair, str) else pair
        numbers = [tokenizer.token_to_id(part) for part in (left, right)]
        found[tokenizer.token_to_id(left + right)] = torch.tensor(numbers)
    return found


def broken(halves: Tensor, share: float) -> Callable[[Tensor, torch.Generator], Tensor]:
    """Return what breaks a share of the tokens of a batch (B, length) into their two.

    A network then sees the parts of a word too, and rare words are less of a riddle to
    it. Provilkov et al. leave merges out at random ("BPE-dropout", 2020); here merges
    are undone, which needs no tokenizer and follows the generator that is given.
    """

    def once(token: Tensor, random: torch.Generator) -> Tensor:
        whole = torch.rand(token.shape, generator=random) >= share
        left, right = halves[token.long()].unbind(dim=2)
        pair = [token.where(whole, left), torch.zeros_like(left).where(whole, right)]
        wide = torch.stack(pair, dim=2).flatten(start_dim=1)  # (B, 2 * length)
        filling = (wide == 0).int()
        return wide.gather(1, filling.argsort(dim=1, stable=True))

    def several(token: Tensor, random: torch.Generator) -> Tensor:
        for _ in range(ROUNDS):
            token = once(token, random)
            token = token[:, : max(1, int((token != 0).sum(dim=1).max()))]
        return token

    return several
