"""Simple ways to translate, for comparison: word by word, and as the nearest pair."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Lexicon", "nearest"]

ROUNDS = 5  # of expectation and maximisation
MANY = 500  # sentences that are compared at once
WORD = re.compile(r"\w+")
PART = re.compile(r"\w+['\u2019]?|[^\w\s]")
SPACED = re.compile(r" (?=[.,])|(?<=['\u2019\-]) | (?=-)")


def parts(text: str) -> list[str]:
    """Return the words and signs of a text, in small letters."""
    return PART.findall(text.lower())


class Lexicon:
    """What each word is in the other language, most likely, as found in pairs.

    Brown, Della Pietra, Della Pietra, Mercer: "The mathematics of statistical machine
    translation", 1993: their first model, which knows nothing of the order of words.
    """

    def __init__(self, given: Sequence[str], wanted: Sequence[str]) -> None:
        sides = [[parts(text) for text in texts] for texts in (given, wanted)]
        first, second = (_listed(side) for side in sides)
        links = _links(sides, first, second)
        kinds, kind = np.unique(
            links[:, 0] * len(second) + links[:, 1], return_inverse=True
        )
        chance: np.ndarray[Any, Any] = np.ones(len(kinds))
        for _ in range(ROUNDS):
            weight = chance[kind]
            share = weight / np.bincount(links[:, 2], weight)[links[:, 2]]
            chance = np.bincount(kind, share)
            word = kinds // len(second)
            chance = chance / np.bincount(word, chance)[word]
        words, others = list(first), list(second)
        self.best: dict[str, str] = {}
        self.chance: dict[str, float] = {}  # of the best
        for number in np.argsort(chance, kind="stable"):  # the likeliest stays
            one, other = divmod(int(kinds[number]), len(second))
            self.best[words[one]] = others[other]
            self.chance[words[one]] = float(chance[number])

    def translated(self, text: str) -> str:
        """Return a text word by word; an unknown word stays as it is."""
        found = " ".join(self.best.get(part, part) for part in parts(text))
        found = SPACED.sub("", found)
        return found[:1].upper() + found[1:]


def nearest(
    given: Sequence[str], wanted: Sequence[str], asked: Sequence[str]
) -> list[str]:
    """Return for each text the translation of the likest sentence that is known.

    Likeness is the cosine of counted words and neighbouring words, rare ones counting
    more (tf-idf).
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    counting = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+|[^\w\s]"
    )
    known = counting.fit_transform(given).T.tocsr()
    sought = counting.transform(asked)
    found: list[str] = []
    for start in range(0, len(asked), MANY):
        like = (sought[start : start + MANY] @ known).tocsr()
        found += [wanted[int(n)] for n in np.asarray(like.argmax(axis=1)).ravel()]
    return found


def _listed(side: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return the words of a side, numbered as they come."""
    words = dict.fromkeys(word for row in side for word in row)
    return {word: number for number, word in enumerate(words)}


def _links(
    sides: Sequence[Sequence[Sequence[str]]],
    first: dict[str, int],
    second: dict[str, int],
) -> np.ndarray[Any, Any]:
    """Return each word beside each word of the same pair, and a number for the word of
    the second side, in its pair: (links, 3)."""
    found, place = [], 0
    for one, other in zip(*sides, strict=True):
        given = np.array([first[word] for word in one], dtype=np.int64)
        for word in other:
            ones = np.ones_like(given)
            found.append(np.stack([given, second[word] * ones, place * ones], axis=1))
            place += 1
    return np.concatenate(found)
