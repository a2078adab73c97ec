"""What only gpt-mini-nietzsche and its recipe promise; the rest is in zoo.testing."""

from dataclasses import replace

from zoo_transformer.char_tokenizer import train_tokenizer
from zoo_transformer.gpt_nietzsche_recipe import Settings, keep_known, train
from zoo_transformer.gpt_nietzsche_report import unseen_fraction

import zoo

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
