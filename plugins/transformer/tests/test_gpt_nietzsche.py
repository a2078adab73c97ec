"""What only gpt-mini-nietzsche and its recipe promise; the rest is in zoo.testing."""

import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from zoo_transformer.char_tokenizer import train_tokenizer
from zoo_transformer.gpt_nietzsche_recipe import Settings, keep_known, train
from zoo_transformer.gpt_nietzsche_report import unseen_fraction

import zoo
from zoo.errors import InputError

NAME = "gpt-mini-nietzsche"


def test_a_tokenizer_may_lower_case() -> None:
    """
    What it reads has fewer characters then; it refuses others as before.
    """
    plain, lowered = (
        train_tokenizer(["Ab\nA"], lower_case=asked) for asked in (False, True)
    )

    assert plain.get_vocab() == {"[PAD]": 0, "\n": 1, "A": 2, "b": 3}
    assert lowered.get_vocab() == {"[PAD]": 0, "\n": 1, "a": 2, "b": 3}
    assert lowered.encode("BA").ids == [3, 2]
    assert lowered.decode([3, 1, 2]) == "b\na"


def test_other_texts_lose_what_the_book_lacks() -> None:
    """
    In either case; the rest stays in its order.
    """
    kept = keep_known("The end.\n")

    assert kept("He: \u00e9teint, THE END!\n") == "He tent THE END\n"


def test_words_that_no_text_has_are_counted() -> None:
    """
    But the first and the last of a sample, which may be cut.
    """
    assert unseen_fraction(["xx the soul yyy was zz"], "the soul was") == 0.25
    assert unseen_fraction(["one"], "") == 0


def test_pre_training_may_be_left_out() -> None:
    """
    As the recipe's comparison does; the epochs are those of the book alone then.
    """
    run = zoo.Run(zoo.get_spec(NAME), seed=0, smoke=True)

    train(replace(Settings(), pretraining_epochs=0, epochs=1, batch_size=4), run)

    assert [row["epoch"] for row in run.history] == [1.0]
    assert set(run.data) == {"nietzsche/train", "nietzsche/validation"}


# The shipped model, and what a person may give to it


@pytest.fixture(scope="module")
def model() -> Any:
    return zoo.load(NAME)


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("the \N{GRINNING FACE}", "\N{GRINNING FACE}"),
        ("the soul \uc601\ud63c", "\uc601"),
        (unicodedata.normalize("NFD", "\uc601\ud63c"), "\u110b"),
        ("\u0646\u0641\u0633", "\u0646"),
        ("a\x00b", "\x00"),
    ],
    ids=["emoji", "mixed scripts", "Korean, decomposed", "Arabic", "a zero byte"],
)
def test_a_character_without_a_token_is_refused(
    model: Any, text: str, strange: str
) -> None:
    """
    By its name: the model could not go on from it.
    """
    with pytest.raises(InputError) as refused:
        zoo.predict(model, text)

    assert str(refused.value) == (
        f"The text holds {strange!r}, and the model has no token for that. The model "
        "expects a text of its 58 tokens."
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [("", "The text is empty."), (["the", None], "Item 2: There is no text (None).")],
    ids=["empty", "nothing in a list"],
)
def test_what_is_no_text_is_refused(model: Any, given: Any, problem: str) -> None:
    """
    In the words of every model of texts.
    """
    with pytest.raises(InputError) as refused:
        zoo.predict(model, given)

    assert str(refused.value) == (
        f"{problem} The model expects a text (language: en): a str, the pathlib.Path "
        "of a text file in UTF-8, or a list of those."
    )


def test_it_goes_on_from_the_end_of_a_long_text(model: Any) -> None:
    """
    Of 100,000 characters; capitals and special tokens that are typed are text.
    """
    end = "The soul is [PAD] and the "
    long, alone = (
        zoo.predict(model, text, temperature=0, max_new_tokens=20)
        for text in ("x " * 50_000 + end * 5, end * 5)
    )

    assert len(long.text) == len(alone.text) == 20
    assert long.text == alone.text
