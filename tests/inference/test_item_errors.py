"""Errors about one input of several say which one it is, in every verb."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import zoo
from zoo.errors import InputError

EMPTY = "The text is empty."
STRANGE = "The text holds '한', and the model has no token for that."


@pytest.mark.parametrize(
    "call",
    [
        lambda model, texts: zoo.features(model, texts),
        lambda model, texts: zoo.features(model, texts, batch_size=1),
        lambda model, texts: zoo.predict(model, texts),
        lambda model, texts: zoo.predict(model, texts, batch_size=2),
    ],
)
def test_the_item_of_a_list_is_named(call: Any) -> None:
    """
    By its number in the list, whatever the size of a batch; one that is alone is not.
    """
    with pytest.raises(InputError) as several:
        call("gru-nsmc", ["정말 재미있다", "좋다", " "])
    with pytest.raises(InputError) as alone:
        call("gru-nsmc", " ")

    assert several.value.problem == f"Item 3: {EMPTY}"
    assert alone.value.problem == EMPTY


def test_the_text_without_a_token_is_named() -> None:
    """
    That is found when the texts become a batch.
    """
    with pytest.raises(InputError) as several:
        zoo.predict("gpt-mini", ["abc", "한국"], max_new_tokens=1)

    assert several.value.problem == f"Item 2: {STRANGE}"


def test_evaluating_names_the_data_and_the_row(tmp_path: Path) -> None:
    """
    Of a table that is a file, by its name.
    """
    path = tmp_path / "reviews.parquet"
    rows = {"text": ["정말 재미있다", None], "label": ["positive", "negative"]}
    pd.DataFrame(rows).to_parquet(path)

    with pytest.raises(InputError) as refused:
        zoo.evaluate("gru-nsmc", path)

    assert refused.value.problem == "reviews.parquet: row 2: There is no text (None)."
