"""Sentences and their translations: parted, so that none is on both sides, and read."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from zoo import Run, TextInput
from zoo.datasets.in_memory import TensorRows
from zoo.preprocessing import tokenizer as tokens
from zoo.specs import Input
from zoo.training import train_tokenizer as tokenising
from zoo_seq2seq.attention import END, PADDING, START

__all__ = ["Pairs", "apart", "folded", "numbered", "pairs", "parted", "trimmed"]

HELD = 50  # one sentence in so many is held back, with all its translations
MOMENT = 200  # pairs that a smoke run reads


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Sentences, the translation of each, and where they are from.

    A sentence with several translations is there several times. `token` has the
    sentences as numbers, as a model takes them.
    """

    given: list[str]
    wanted: list[str]
    source: str
    token: Tensor
    fingerprint: str = ""

    def __len__(self) -> int:
        return len(self.given)

    def __getitem__(self, rows: slice) -> "Pairs":
        return replace(
            self,
            given=self.given[rows],
            wanted=self.wanted[rows],
            token=self.token[rows],
        )

    def pick(self, rows: Sequence[int], source: str) -> "Pairs":
        """Return some of the pairs, under a name of their own."""
        given, wanted = ([part[n] for n in rows] for part in (self.given, self.wanted))
        return replace(
            self, given=given, wanted=wanted, source=source, token=self.token[rows]
        )

    def read(self, expected: Input) -> "Pairs":
        """Return the pairs with their sentences as a model takes them."""
        assert isinstance(expected, TextInput), "the input of a translator"
        rows = tokens.padded(tokens.numbers(self.given, expected), expected)
        return replace(self, token=rows)

    def in_order(self) -> Iterator[Tensor]:
        """Yield the sentences as numbers, all at once."""
        yield self.token


def pairs(run: Run, split: str) -> Pairs:
    """Return all pairs of a split; of which a smoke run takes the first."""
    name = run.spec.trained_on[0]
    most = MOMENT if run.smoke else None
    given, wanted = (
        tokenising.training_texts(run, name, split, column=column)[:most]
        for column in ("en", "fr")
    )
    text = "\0".join([*given, *wanted])
    seal = hashlib.sha256(text.encode()).hexdigest()
    source = f"{name}/{split}"
    run.data[source] = {"rows": len(given), "fingerprint": seal}
    return Pairs(
        given=given,
        wanted=wanted,
        source=source,
        token=torch.zeros(len(given), 0, dtype=torch.int32),
        fingerprint=seal,
    )


def parted(run: Run) -> tuple[Pairs, Pairs]:
    """Return the pairs to fit and those held back, of the training split.

    No sentence of either language, small letters and signs aside, is in more than one
    of these two and the test split; where one would be, the pair to fit is left out.
    """
    known, test = pairs(run, "train"), pairs(run, "test")
    held = [n for n, text in enumerate(known.given) if _drawn(text)]
    holding = known.pick(held, f"{known.source}-held-back")
    left = apart(known, [test, holding])
    return known.pick(left, known.source), holding


def apart(known: Pairs, others: Sequence[Pairs]) -> list[int]:
    """Return the pairs of which neither sentence is in any of the others, folded."""
    given = {folded(text) for other in others for text in other.given}
    wanted = {folded(text) for other in others for text in other.wanted}
    both = zip(known.given, known.wanted, strict=True)
    return [
        number
        for number, (one, other) in enumerate(both)
        if folded(one) not in given and folded(other) not in wanted
    ]


def folded(text: str) -> str:
    """Return the letters and numbers of a text in small, the words parted by spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", plain))


def numbered(run: Run, known: Pairs, *, longest: int) -> TensorRows:
    """Return pairs as tokens, the target with its start and end; and without those of
    which a side has more than `longest` tokens."""
    expected = run.spec.input
    assert isinstance(expected, TextInput), "the input of a translator"
    made = tokens.tokenizer(expected)

    def read(texts: list[str]) -> list[list[int]]:
        return [one.ids for one in made.encode_batch(texts)]

    both = [
        (given, [START, *wanted])
        for given, wanted in zip(read(known.given), read(known.wanted), strict=True)
        if max(len(given), len(wanted)) <= longest
    ]
    return TensorRows(
        input=tokens.padded([given for given, _ in both], expected).int(),
        target=tokens.padded([wanted for _, wanted in both], expected).int(),
        source=known.source,
        fingerprint=known.fingerprint,
    )


def trimmed(target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return what a writer is given of targets, what comes next, and where it does."""
    width = int((target != PADDING).sum(dim=1).max())
    whole = target[:, :width].long()
    given, following = whole[:, :-1], whole[:, 1:]
    return given.masked_fill(given == END, PADDING), following, following != PADDING


def _drawn(text: str) -> bool:
    """Return whether a sentence is held back, which is the same in every run."""
    seal = hashlib.sha256(folded(text).encode()).digest()
    return int.from_bytes(seal[:4], "big") % HELD == 0
