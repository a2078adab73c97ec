"""Counts of words: each step, and all of them against scikit-learn."""

import io

import numpy as np
import pytest
from PIL import Image
from sklearn.feature_extraction.text import CountVectorizer
from zoo_text_retrieval.word_counts import clean, count_words, stem

from zoo.errors import DataError

REVIEWS = [
    "A great film. <br /><br />The acting is great, and the music too!",
    "The worst film of 1999... bad acting, bad music; don't watch it.",
    "Films like this one are why we watch films: great.",
    "I watched it twice. Not bad, but the music acts on your nerves.",
]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("It&#39;s <i>GREAT</i>!<br/>10/10", "it great"),
        ("see www.film.org/x?y=1 or https://a.b now", "see or now"),
        ("'quoted' don't rock'n'roll dogs'", "quoted don't rock'n'roll dogs"),
        ("1 < 2 and 3 > 2", "and"),
        ("영화 film", "film"),
        ("", ""),
    ],
)
def test_a_text_is_cleaned(text: str, cleaned: str) -> None:
    """
    Of tags, entities, addresses, digits, punctuation, and other alphabets.
    """
    assert clean(text) == cleaned


@pytest.mark.parametrize("stop_words", ["english", None, ["the", "film"]])
@pytest.mark.parametrize(("low", "high"), [(0.01, 1.0), (0.5, 1.0), (0.01, 0.5)])
def test_counts_are_scikit_learns(stop_words: object, low: float, high: float) -> None:
    """
    Of the cleaned texts, with each list of stop words, and trimmed on either side.
    """
    counted = count_words(
        REVIEWS,
        stop_words=stop_words,  # type: ignore[arg-type]
        min_share=low,
        max_share=high,
    )
    theirs = CountVectorizer(
        preprocessor=clean,
        token_pattern=r"[a-z']+",
        stop_words=stop_words,
        min_df=low,
        max_df=high,
    )
    counts = theirs.fit_transform(REVIEWS)

    assert counted.words == tuple(theirs.get_feature_names_out())
    assert (counted.counts != counts).nnz == 0


def test_words_of_one_stem_are_one() -> None:
    """
    film and films, watch and watched, acting and acts; trimming counts stems.
    """
    counted = count_words(REVIEWS, stemmer="porter", min_share=0.75)

    assert counted.words == ("act", "film", "music", "watch")
    assert counted.counts.toarray().tolist() == [
        [1, 1, 1, 0],
        [1, 1, 1, 1],
        [0, 2, 0, 1],
        [1, 0, 1, 1],
    ]
    assert stem(["generously", "universities"]) == ["gener", "univers"]


def test_the_curve_rises_to_one() -> None:
    """
    By the most frequent words first; the share of all words says what was left out.
    """
    counted = count_words(REVIEWS)
    share = counted.cumulative_share()
    counts = counted.counts.toarray()

    assert counted.most_frequent(2) == [("bad", 3), ("great", 3)]
    assert share[0] == pytest.approx(counts.sum(axis=0).max() / counts.sum())
    assert share[-1] == 1
    assert (np.diff(share, 2) <= 1e-12).all()
    assert counted.covered < 0.6
    assert counted.all_words > len(counted.words)
    with Image.open(io.BytesIO(counted.curve())) as picture:
        assert picture.width > picture.height > 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"texts": "one"}, "count_words takes a list of texts, and this is one text."),
        ({"texts": []}, "The texts hold no word of English letters to count."),
        (
            {"texts": ["123", "!"]},
            "The texts hold no word of English letters to count.",
        ),
        (
            {"texts": ["the of"], "min_share": 0.5},
            "No word is left with min_share=0.5 and max_share=1.0, and without the "
            "stop words. Trim less.",
        ),
        (
            {"texts": ["a film"], "stop_words": "korean"},
            "There is no list of stop words 'korean': give 'english', your own list, "
            "or None.",
        ),
    ],
)
def test_what_can_not_be_counted_is_told(
    arguments: dict[str, object], message: str
) -> None:
    """
    And what to do about it.
    """
    with pytest.raises(DataError) as refused:
        count_words(**arguments)  # type: ignore[arg-type]

    assert str(refused.value) == message


def test_an_unknown_stemmer_is_told() -> None:
    """
    With those there are.
    """
    with pytest.raises(DataError, match=r"^There is no stemmer 'lemma'\. There are .*"):
        stem(["films"], "lemma")
