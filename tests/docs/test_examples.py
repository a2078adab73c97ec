"""The examples in the docstrings of the public names give what they say."""

import doctest
import inspect
from pathlib import Path

import pandas as pd
import pytest
import torch

import zoo

OF_OTHERS = {"hookimpl": "pluggy documents it"}
NOT_ALONE = {"demo", "publish", "measure", "ship"}  # see tests/sharing
NO_CALL = {"ZooError"}  # it is caught, never made


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted({*zoo.__all__} - {*OF_OTHERS} - NO_CALL))
def test_the_example_of_a_public_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    There is one, it runs in an empty folder, and prints what stands there.
    """
    monkeypatch.chdir(tmp_path)
    text = inspect.getdoc(getattr(zoo, name)) or ""
    names = {"zoo": zoo, "torch": torch, "pd": pd}
    test = doctest.DocTestParser().get_doctest(text, names, name, None, None)
    told: list[str] = []

    failed = doctest.DocTestRunner().run(test, out=told.append).failed

    assert test.examples
    assert failed == 0, "".join(told)
    skipped = [doctest.SKIP in one.options for one in test.examples]
    assert any(skipped) == (name in NOT_ALONE)
