"""Options are of the types that a model declares, also those of a stranger's file."""

from collections.abc import Sequence
from typing import Any, Literal

import pytest

import zoo
from zoo.errors import OptionError
from zoo.models.option_types import misfit


def build(
    hidden: int = 1,
    rate: float = 0.5,
    sizes: Sequence[int] = (),
    pair: tuple[int, str] = (1, "a"),
    cell: Literal["lstm", "gru"] = "gru",
    bias: bool = True,
    name: str | None = None,
    other: Any = None,
) -> None:
    """Stand in for the function that builds a model."""


@pytest.mark.parametrize(
    "options",
    [
        {"hidden": 3, "rate": 1, "sizes": [1, 2], "pair": [2, "b"], "cell": "lstm"},
        {"rate": 0.1, "sizes": (), "bias": False, "name": None, "other": {}},
        {"name": "n", "unknown": []},
    ],
)
def test_what_is_declared_fits(options: dict[str, Any]) -> None:
    assert misfit(build, options) == ""


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"hidden": 1.5}, "hidden=1.5 should be of the type int."),
        ({"hidden": True}, "hidden=True should be of the type int."),
        ({"rate": "a"}, "rate='a' should be of the type float."),
        ({"sizes": "abc"}, "sizes='abc' should be of the type Sequence[int]."),
        ({"sizes": ["a"]}, "sizes=['a'] should be of the type Sequence[int]."),
        ({"pair": [1]}, "pair=[1] should be of the type tuple[int, str]."),
        ({"cell": "rnn"}, "cell='rnn' should be one of 'lstm', 'gru'."),
        ({"bias": 1}, "bias=1 should be of the type bool."),
        ({"name": 3}, "name=3 should be of the type str | None."),
    ],
)
def test_what_does_not_fit_is_named(options: dict[str, Any], problem: str) -> None:
    assert misfit(build, options) == problem


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        (
            "xor-mlp",
            {"activation": [1]},
            "should be one of 'sigmoid', 'step'. Options:",
        ),
        ("lstm-imdb", {"cell": "x"}, "it can't be built with these options ('x')."),
        ("dbn-mnist", {"hidden": []}, "it can't be built with these options ("),
    ],
)
def test_a_model_is_not_built_from_what_does_not_fit(
    name: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(OptionError) as caught:
        zoo.build(name, **options)

    assert said in str(caught.value)
