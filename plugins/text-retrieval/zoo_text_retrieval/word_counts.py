"""From reviews to counts of words, step by step: cleaning, stop words, trimming, stems.

Each step is a well-known one, so that it can be looked at alone; scikit-learn counts,
and Snowball stems. The words that are left are an input for any classifier.

    >>> counted = count_words(
    ...     ["A <b>great</b> film!", "Great acting, great music."], min_share=1.0
    ... )
    >>> counted.words, counted.counts.toarray().tolist()
    (('great',), [[1], [2]])
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from zoo.errors import DataError, MissingExtra

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["WordCounts", "clean", "count_words", "stem"]

REASON = "Counting words"
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
NO_LETTERS = re.compile(r"[^a-z']+")
APOSTROPHE = re.compile(r"(?<![a-z])'|'(?![a-z])|'s\b")
ENGLISH = "english"


@dataclass(frozen=True)
class WordCounts:
    """How often each word stands in each text.

    `counts` is a sparse matrix of whole numbers, (texts, words). `all_words` is how
    many different words there were before the rare ones and the stop words were left
    out, and `covered` the share of all the words of the texts that are counted.
    """

    words: tuple[str, ...]
    counts: Any
    all_words: int
    covered: float

    def most_frequent(self, count: int = 20) -> list[tuple[str, int]]:
        """Return the words that stand most often in all texts, with their counts."""
        import numpy as np

        totals = np.asarray(self.counts.sum(axis=0)).ravel().tolist()
        pairs = zip(self.words, map(int, totals), strict=True)
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:count]

    def cumulative_share(self) -> NDArray[Any]:
        """Return which share of the counted words the 1, 2, 3 ... most frequent ones
        make up, (words,): the last is 1."""
        import numpy as np

        totals = np.sort(np.asarray(self.counts.sum(axis=0)).ravel())[::-1]
        share: NDArray[Any] = np.cumsum(totals) / max(1, totals.sum())
        return share

    def curve(self) -> bytes:
        """Return the cumulative shares as a picture, a PNG."""
        from zoo.recipes.plots import to_png

        share = self.cumulative_share()

        def draw(figure: Any) -> None:
            axes = figure.add_subplot()
            axes.plot(range(1, len(share) + 1), share)
            axes.set(xlabel="most frequent words", ylabel="share of all words counted")
            axes.set_ylim(0, 1.02)
            axes.grid(alpha=0.3)

        return to_png(4.2, 3.0, draw)


def clean(text: str) -> str:
    """Return a text in lower case, without tags, addresses, digits and punctuation.

    Words stay apart by one space. An apostrophe inside a word stays, as in "don't".

    >>> clean("It&#39;s 10/10 <br /> don't MISS it: http://x.org")
    "it don't miss it"
    """
    plain = TAG.sub(" ", html.unescape(text)).lower()
    letters = NO_LETTERS.sub(" ", ADDRESS.sub(" ", plain))
    return " ".join(APOSTROPHE.sub(" ", letters).split())


def stem(words: Iterable[str], algorithm: str = "porter") -> list[str]:
    """Return the stem of each word: by default Porter's of English.

    Porter: "An algorithm for suffix stripping", 1980. Snowball has others, such as
    "english", Porter's second. Raises DataError about one that it has not.

    >>> stem(["movies", "acting", "happily"])
    ['movi', 'act', 'happili']
    """
    try:
        import snowballstemmer
    except ImportError as exc:
        raise MissingExtra("snowballstemmer", REASON) from exc
    known = sorted(snowballstemmer.algorithms())
    if algorithm not in known:
        raise DataError(
            f"There is no stemmer {algorithm!r}. There are {', '.join(known)}."
        )
    made: list[str] = snowballstemmer.stemmer(algorithm).stemWords(list(words))
    return made


def count_words(
    texts: Sequence[str],
    *,
    stop_words: Literal["english"] | Iterable[str] | None = ENGLISH,
    more_stop_words: Iterable[str] = (),
    min_share: float = 0.01,
    max_share: float = 1.0,
    stemmer: str | None = None,
) -> WordCounts:
    """Return how often each word stands in each text, after the usual preparation.

    Texts are cleaned. Stop words are left out: scikit-learn's English ones, a list of
    your own, or none, and `more_stop_words`. With a `stemmer`, such as "porter", words
    of one stem count as one. Words in fewer than the share `min_share` of the texts,
    or in more than `max_share`, are trimmed. Raises DataError where no word is left.

    >>> counted = count_words(["one fine film", "two fine films"], stemmer="porter")
    >>> counted.words
    ('film', 'fine')
    """
    if isinstance(texts, str):
        raise DataError("count_words takes a list of texts, and this is one text.")
    cleaned = [clean(text) for text in texts]
    if not any(cleaned):
        raise DataError("The texts hold no word of English letters to count.")
    left_out = _stop_words(stop_words) | {clean(word) for word in more_stop_words}
    rows = [[w for w in text.split() if w not in left_out] for text in cleaned]
    if stemmer is not None:
        rows = _stemmed(rows, stemmer)
    try:
        from sklearn.feature_extraction.text import CountVectorizer
    except ImportError as exc:
        raise MissingExtra("scikit-learn", REASON) from exc
    vectorizer = CountVectorizer(
        analyzer=lambda row: row, min_df=float(min_share), max_df=float(max_share)
    )
    try:
        counts = vectorizer.fit_transform(rows)
    except ValueError as exc:
        raise DataError(
            f"No word is left with min_share={min_share} and max_share={max_share}, "
            "and without the stop words. Trim less."
        ) from exc
    before = [word for text in cleaned for word in text.split()]
    return WordCounts(
        words=tuple(vectorizer.get_feature_names_out().tolist()),
        counts=counts,
        all_words=len({*before}),
        covered=float(counts.sum()) / len(before),
    )


def _stop_words(given: str | Iterable[str] | None) -> set[str]:
    if given is None:
        return set()
    if given != ENGLISH:
        if isinstance(given, str):
            raise DataError(
                f"There is no list of stop words {given!r}: give 'english', your own "
                "list, or None."
            )
        return {clean(word) for word in given}
    try:
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
    except ImportError as exc:
        raise MissingExtra("scikit-learn", REASON) from exc
    return {*ENGLISH_STOP_WORDS}


def _stemmed(rows: list[list[str]], algorithm: str) -> list[list[str]]:
    """Return rows of stems; each different word is stemmed once."""
    words = sorted({word for row in rows for word in row})
    of = dict(zip(words, stem(words, algorithm), strict=True))
    return [[of[word] for word in row] for row in rows]
