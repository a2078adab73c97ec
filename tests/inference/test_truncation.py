"""Texts that are longer than a model reads: counted, and said once, by every verb."""

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import zoo
from zoo.errors import TruncationWarning

MODEL = "gru-nsmc"  # which reads 512 tokens
LONG, SHORT = "좋아요 " * 2000, "정말 재미있다"
LIMIT = (
    "longer than the 512 tokens that 'gru-nsmc' reads at most: the rest is not read."
)


def said(call: Any, *arguments: Any, **options: Any) -> list[str]:
    """Return the warnings of a call about texts that are cut."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = call(*arguments, **options)
        if hasattr(made, "__next__"):
            assert [*made]
    return [str(one.message) for one in caught if one.category is TruncationWarning]


@pytest.mark.parametrize("batch_size", [1, 64])
def test_a_prediction_counts_texts_that_are_cut(
    batch_size: int, tmp_path: Path
) -> None:
    """
    Once for all of them, whatever the batches; of one text, of a list, of a file, of a
    table, and of token numbers.
    """
    path = tmp_path / "long.txt"
    path.write_text(LONG, encoding="utf-8")
    table = pd.DataFrame({"text": [LONG, SHORT, LONG]})
    how = {"batch_size": batch_size}
    two = [f"2 of 3 texts are {LIMIT}"]

    assert said(zoo.predict, MODEL, LONG, **how) == [f"The text is {LIMIT}"]
    assert said(zoo.predict, MODEL, [path, SHORT, LONG], **how) == two
    assert said(zoo.predict, MODEL, table, **how) == two
    assert said(zoo.predict_iter, MODEL, [LONG, SHORT, LONG], **how) == two
    assert said(zoo.features, MODEL, [LONG, SHORT], **how) == [
        f"1 of 2 texts is {LIMIT}"
    ]
    numbers = torch.arange(1, 601).view(1, 600)
    assert said(zoo.predict, MODEL, numbers, **how) == [f"The text is {LIMIT}"]


def test_a_text_that_just_fits_is_not_cut() -> None:
    """
    512 tokens are read, and of 513 one is not.
    """
    words = " ".join(["좋다"] * 600)
    tokens = zoo.load(MODEL).zoo.spec.input.max_length
    row = torch.ones(1, tokens, dtype=torch.int64) + 1

    assert tokens == 512
    assert said(zoo.predict, MODEL, row) == []
    assert said(zoo.predict, MODEL, row[:, [0, *range(tokens)]]) != []
    assert said(zoo.predict, MODEL, SHORT) == []
    assert said(zoo.predict, MODEL, words) == [f"The text is {LIMIT}"]


def test_evaluation_and_finetuning_count_them_too(tmp_path: Path) -> None:
    """
    Each of its rows once; a fine-tuned model notes it in its receipt and card.
    """
    texts = [LONG + str(row) if row < 6 else f"{SHORT} {row}" for row in range(12)]
    rows = {"text": texts, "label": ["positive", "negative"] * 6}
    own = {**rows, "label": ["a", "b"] * 6}

    measured = said(zoo.evaluate, MODEL, pd.DataFrame(rows))
    learned = said(zoo.finetune, MODEL, pd.DataFrame(own), tmp_path / "mine")

    assert measured == [f"the table: 6 of 12 texts are {LIMIT}"]
    counts = [int(one.split(": ")[1].split(" of ")[0]) for one in learned]
    assert sum(counts) == 6
    assert learned[0].startswith("the table: ")
    assert learned[0].endswith(f"training texts are {LIMIT}")
    assert learned[0] in zoo.load(tmp_path / "mine").zoo.receipt["notes"]
    card = (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")
    assert "training texts are longer than the 512 tokens" in " ".join(card.split())


def test_a_text_that_is_continued_is_not_cut() -> None:
    """
    A model that writes goes on from the end of a text of any length.
    """
    assert said(zoo.predict, "gpt-mini", "a b " * 400, max_new_tokens=2, seed=0) == []


def test_a_text_that_is_measured_in_parts_is_not_cut() -> None:
    """
    A model that fills gaps is measured on the whole of a text, part by part.
    """
    long = pd.DataFrame({"text": ["the old man and the sea " * 50] * 3})
    assert said(zoo.evaluate, "bert-mini", long) == []
