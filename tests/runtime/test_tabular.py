"""Rows of a table in any form become what the zoo itself makes of them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from zoo.preprocessing import tabular as tables
from zoo.runtime import tabular
from zoo.runtime.input_errors import InputError
from zoo.specs import Column, TabularInput

SPEC = TabularInput(
    columns=(Column(name="a", low=0, high=1), Column(name="b", low=0, high=1))
)
FORMS = [
    {"a": 1, "b": 2},
    {"b": [2, 3], "a": [1, 4], "other": ["x", "y"]},
    [1, 2],
    [[1, 2], {"a": 3, "b": "4"}],
    np.eye(2),
    torch.eye(2),
    pd.DataFrame({"b": [1, 2], "a": [3, 4]}),
    b"a,b\n1,2\n",
]
WRONG: list[Any] = [[], {"a": 1}, [1], [1, "x"], {"aa": 1, "b": 2}, b"a,b\n1\n", 7]


@pytest.mark.parametrize("raw", FORMS, ids=lambda raw: type(raw).__name__)
def test_every_form(raw: Any) -> None:
    """
    The same rows, and the same word on whether it was one.
    """
    found, single = tabular.read(raw, SPEC)

    assert (found, single) == tables.rows(raw, SPEC)
    assert torch.equal(
        tabular.encode(found, SPEC), torch.tensor(found, dtype=torch.float32)
    )


@pytest.mark.parametrize("raw", WRONG, ids=repr)
def test_what_is_no_row(raw: Any) -> None:
    """
    The same words on what is wrong.
    """
    with pytest.raises(InputError) as ours:
        tabular.read(raw, SPEC)
    with pytest.raises(InputError) as theirs:
        tables.rows(raw, SPEC)

    assert str(ours.value) == str(theirs.value)
