"""Simple translators for comparison: word by word, and the nearest training pair."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["WORD", "IBMModel1", "nearest_translations", "split_words"]

EM_ITERATIONS = 5
CHUNK_SIZE = 500  # sentences that are compared at once
WORD = re.compile(r"\w+")
TOKEN = re.compile(r"\w+['\u2019]?|[^\w\s]")
EXTRA_SPACE = re.compile(r" (?=[.,])|(?<=['\u2019\-]) | (?=-)")


def split_words(text: str) -> list[str]:
    """Return the words and punctuation marks of a text, in lower case."""
    return TOKEN.findall(text.lower())


class IBMModel1:
    """The most likely translation of each word, estimated from sentence pairs by EM.

    Brown, Della Pietra, Della Pietra, Mercer: "The mathematics of statistical machine
    translation", 1993: Model 1, which ignores the order of words.
    """

    def __init__(self, sources: Sequence[str], targets: Sequence[str]) -> None:
        sides = [[split_words(text) for text in texts] for texts in (sources, targets)]
        source_ids, target_ids = (_vocabulary(side) for side in sides)
        links = _links(sides, source_ids, target_ids)
        kinds, kind = np.unique(
            links[:, 0] * len(target_ids) + links[:, 1], return_inverse=True
        )
        source_word = kinds // len(target_ids)
        probability: np.ndarray[Any, Any] = np.ones(len(kinds))  # t(target | source)
        for _ in range(EM_ITERATIONS):
            # E step: the expected count of a link is t(f | e) / sum_e' t(f | e')
            weight = probability[kind]
            count = weight / np.bincount(links[:, 2], weight)[links[:, 2]]
            # M step: t(f | e) is the expected count over its sum for each e
            total = np.bincount(kind, count)
            probability = total / np.bincount(source_word, total)[source_word]
        source_words, target_words = list(source_ids), list(target_ids)
        self.best: dict[str, str] = {}
        self.probability: dict[str, float] = {}  # of the best
        for number in np.argsort(probability, kind="stable"):  # the most likely is last
            source, target = divmod(int(kinds[number]), len(target_ids))
            self.best[source_words[source]] = target_words[target]
            self.probability[source_words[source]] = float(probability[number])

    def translate(self, text: str) -> str:
        """Return a text word by word; an unknown word is copied."""
        joined = " ".join(self.best.get(word, word) for word in split_words(text))
        joined = EXTRA_SPACE.sub("", joined)
        return joined[:1].upper() + joined[1:]


def nearest_translations(
    sources: Sequence[str], targets: Sequence[str], queries: Sequence[str]
) -> list[str]:
    """Return for each query the translation of the most similar source sentence.

    By the cosine similarity of TF-IDF vectors of words and pairs of words.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+|[^\w\s]"
    )
    source_vectors = vectorizer.fit_transform(sources).T.tocsr()
    query_vectors = vectorizer.transform(queries)
    translations: list[str] = []
    for start in range(0, len(queries), CHUNK_SIZE):
        chunk = query_vectors[start : start + CHUNK_SIZE]
        nearest = (chunk @ source_vectors).tocsr().argmax(axis=1)
        translations += [targets[int(n)] for n in np.asarray(nearest).ravel()]
    return translations


def _vocabulary(side: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return the words of a side, numbered in order of appearance."""
    words = dict.fromkeys(word for row in side for word in row)
    return {word: number for number, word in enumerate(words)}


def _links(
    sides: Sequence[Sequence[Sequence[str]]],
    source_ids: dict[str, int],
    target_ids: dict[str, int],
) -> np.ndarray[Any, Any]:
    """Return every possible link between the words of a pair, (links, 3): the ids of
    the source and the target word, and a number for the target word's occurrence."""
    links, occurrence = [], 0
    for source, target in zip(*sides, strict=True):
        words = np.array([source_ids[word] for word in source], dtype=np.int64)
        ones = np.ones_like(words)
        for word in target:
            columns = [words, target_ids[word] * ones, occurrence * ones]
            links.append(np.stack(columns, axis=1))
            occurrence += 1
    return np.concatenate(links)
