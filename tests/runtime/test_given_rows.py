"""What an ejected recipe is given: texts, weights, and targets that are no numbers."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from zoo.runtime.reading_metrics import numbered

from zoo.errors import DataError
from zoo.runtime.run import Run


def given(rows: dict[str, Any], **how: Any) -> Run:
    """Return a run of rows that a user gave."""
    spec = SimpleNamespace(
        input=SimpleNamespace(kind="image"),
        output=SimpleNamespace(labels=["a", "b"]),
    )
    return Run(spec, rows, **how)


def test_texts_come_in_every_form(tmp_path: Path) -> None:
    """
    One text, a list, files, and with targets, which may be texts too.
    """
    file = tmp_path / "one.txt"
    file.write_text("été", encoding="utf-8")

    assert given({"train": "one"}).load_texts("any") == ["one"]
    assert given({"train": ["one", file]}).load_texts("any") == ["one", "été"]
    pairs = given({"train": (["one"], ["un"])})
    assert pairs.load_texts("any", column="en") == ["one"]
    assert pairs.load_texts("any", column="fr", target=True) == ["un"]


def test_what_is_no_text_is_refused() -> None:
    """
    With the name of its type.
    """
    with pytest.raises(DataError) as refused:
        given({"train": ["one", 2]}).load_texts("any")

    assert str(refused.value) == "The rows 'train' hold a int where a text should be."


def test_weights_to_start_from_are_given_by_name() -> None:
    """
    Without them a recipe that needs them says how to give them.
    """
    weights = {"weight": torch.zeros(1)}
    with pytest.raises(DataError) as refused:
        given({}).load_weights("net")

    assert given({"net": weights}).load_weights("net") is weights
    assert str(refused.value) == (
        "The recipe starts from the weights of 'net'. Give them with the rows, as "
        "{'net': state_dict}."
    )


def test_targets_may_be_texts() -> None:
    """
    They become numbers as those of the zoo do.
    """
    run = given({"train": (torch.zeros(2, 3), ["ab", "b"])}, targets=numbered)

    assert run.load_rows("any").target.tolist() == [[1, 2], [2, 0]]
