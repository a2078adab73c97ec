"""What an ejected recipe is given: texts, weights, and targets that are no numbers."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from zoo.errors import DataError
from zoo.runtime.ocr_run import OCRRun
from zoo.runtime.run import Run
from zoo.runtime.text_run import TextRun


def given(rows: dict[str, Any], kind: type[Run] = Run) -> Any:
    """Return a run of rows that a user gave."""
    spec = SimpleNamespace(
        input=SimpleNamespace(kind="image"),
        output=SimpleNamespace(labels=["a", "b"]),
    )
    return kind(spec, rows)


def test_texts_come_in_every_form(tmp_path: Path) -> None:
    """
    One text, a list, files, and with targets, which may be texts too.
    """
    file = tmp_path / "one.txt"
    file.write_text("été", encoding="utf-8")

    assert given({"train": "one"}, TextRun).load_texts("any") == ["one"]
    assert given({"train": ["one", file]}, TextRun).load_texts("any") == ["one", "été"]
    pairs = given({"train": (["one"], ["un"])}, TextRun)
    assert pairs.load_texts("any", column="en") == ["one"]
    assert pairs.load_texts("any", column="fr", target=True) == ["un"]


def test_what_is_no_text_is_refused() -> None:
    """
    With the name of its type.
    """
    with pytest.raises(DataError) as refused:
        given({"train": ["one", 2]}, TextRun).load_texts("any")

    assert str(refused.value) == "The rows 'train' hold 'int' where a text should be."


def test_another_model_is_given_by_its_name() -> None:
    """
    Without it a recipe that needs one says how to give it.
    """
    model = nn.Linear(1, 1)
    with pytest.raises(DataError) as refused:
        given({}).load_model("net")

    assert given({"net/model": model}).load_model("net") is model
    assert str(refused.value) == (
        "The recipe asks for 'model' of net, and what was given is none. Give it as "
        "{'net/model': ...}; see README.md."
    )


def test_targets_may_be_texts() -> None:
    """
    They become numbers as those of the zoo do.
    """
    run = given({"train": (torch.zeros(2, 3), ["ab", "b"])}, OCRRun)

    assert run.load_rows("any").target.tolist() == [[1, 2], [2, 0]]
