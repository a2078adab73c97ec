"""Search spaces: what the words mean, and what they can't."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from zoo.errors import SettingsError
from zoo.tuning.search_space import Choices, Range, format_value, space


@dataclass(frozen=True, kw_only=True)
class Settings:
    epochs: int = 3
    lr: float = 1e-3
    augment: bool = False
    kind: Literal["relu", "tanh"] = "relu"
    clip: float | None = None
    widths: tuple[int, ...] = (8,)
    folder: Path = Path()
    name: str = "net"


SEARCHED: list[tuple[str, str, Range | Choices]] = [
    ("lr", "0.1..0.5", Range(low=0.1, high=0.5)),
    ("lr", "1e-4..1e-1:log", Range(low=1e-4, high=0.1, log=True)),
    ("lr", "0..1:0.25", Range(low=0.0, high=1.0, step=0.25)),
    ("lr", "0..1:0.3", Range(low=0.0, high=0.9, step=0.3)),
    ("lr", "-1..1", Range(low=-1.0, high=1.0)),
    ("epochs", "1..8", Range(low=1, high=8, whole=True)),
    ("epochs", "1..64:log", Range(low=1, high=64, log=True, whole=True)),
    ("epochs", "2..9:3", Range(low=2, high=8, step=3, whole=True)),
    ("clip", "0.5..2", Range(low=0.5, high=2.0)),
    ("clip", "none,1", Choices(("none", "1"))),
    ("lr", "0.1, 0.2,", Choices(("0.1", "0.2"))),
    ("augment", "yes,no", Choices(("yes", "no"))),
    ("kind", "relu,tanh", Choices(("relu", "tanh"))),
    ("widths", "16,32;64", Choices(("16,32", "64"))),
    ("name", "a,b", Choices(("a", "b"))),
]


@pytest.mark.parametrize(("key", "text", "meant"), SEARCHED, ids=str)
def test_words_that_search(key: str, text: str, meant: Range | Choices) -> None:
    """
    The type of the field decides what a range or a list holds.
    """
    assert space({key: text}, Settings()).searched == {key: meant}


FIXED = [("epochs", "5"), ("widths", "16,32"), ("folder", "../there"), ("clip", "none")]


@pytest.mark.parametrize(("key", "text"), FIXED, ids=str)
def test_words_that_are_the_same_in_every_trial(key: str, text: str) -> None:
    """
    One value is fixed; a tuple is one value, and two dots in a path are no range.
    """
    found = space({key: text, "lr": "1,2"}, Settings())

    assert found.fixed == {key: text}


REFUSED = {
    "rate=1,2": (
        "No setting 'rate'. Settings: epochs, lr, augment, kind, clip, widths, "
        "folder, name."
    ),
    "epoch=1..2": (
        "No setting 'epoch'. Did you mean 'epochs'? Settings: epochs, lr, augment, "
        "kind, clip, widths, folder, name."
    ),
    "lr=0.5..0.1": (
        "Setting 'lr': the range 0.5..0.1 is empty; its first bound should be below "
        "its second."
    ),
    "lr=1..1": (
        "Setting 'lr': the range 1..1 is empty; its first bound should be below its "
        "second."
    ),
    "lr=0..1:log": (
        "Setting 'lr': a log range needs bounds above zero, and 0..1 begins at 0."
    ),
    "lr=0..1:2": (
        "Setting 'lr': the step of 0..1:2 should be above zero and not above 1."
    ),
    "lr=0..1:-1": (
        "Setting 'lr': the step of 0..1:-1 should be above zero and not above 1."
    ),
    "lr=0..1:lgo": (
        "Setting 'lr': 'lgo' in '0..1:lgo' can't be a bound or a step. A range looks "
        "like lr=1e-4..1e-1:log."
    ),
    "lr=1..": (
        "Setting 'lr': '' in '1..' can't be a bound or a step. A range looks like "
        "lr=1e-4..1e-1:log."
    ),
    "lr=1..inf": (
        "Setting 'lr': 'inf' in '1..inf' can't be a bound or a step. A range looks "
        "like lr=1e-4..1e-1:log."
    ),
    "epochs=1..2.5": (
        "Setting 'epochs': '2.5' in '1..2.5' can't be a bound or a step. A range "
        "looks like epochs=1..8."
    ),
    "augment=false..true": (
        "Setting 'augment' does not hold a number, so 'false..true' is no range of it. "
        "List the values to try, separated by commas."
    ),
    "name=a..b": (
        "Setting 'name' does not hold a number, so 'a..b' is no range of it. List the "
        "values to try, separated by commas."
    ),
    "kind=relu,tan": "Setting 'kind': 'tan' should be one of relu, tanh.",
    "epochs=1,2.5": "Setting 'epochs': '2.5' should be a whole number.",
    "lr=0.1,1e-1": "Setting 'lr': 1e-1 is listed twice.",
    "epochs=3": (
        "Nothing to search: give a setting a range, such as --set lr=1e-4..1e-1:log, "
        "or a list, such as --set batch_size=32,64."
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_words_that_are_refused(words: str) -> None:
    """
    The message names the setting, what is wrong with it, and what to write instead.
    """
    key, _, text = words.partition("=")
    with pytest.raises(SettingsError) as caught:
        space({key: text}, Settings())

    assert str(caught.value) == REFUSED[words]


def test_a_grid_is_the_product() -> None:
    """
    Steps are counted in decimals, so that 0.3 is 0.3; whole numbers need no step.
    """
    words = {"lr": "0.1..0.3:0.1", "epochs": "1..2", "kind": "relu", "augment": "on,no"}
    grid = space(words, Settings()).grid()

    assert len(grid) == 12
    assert len({tuple(point.items()) for point in grid}) == 12
    assert {point["lr"] for point in grid} == {"0.1", "0.2", "0.3"}
    assert grid[0] == {"lr": "0.1", "epochs": "1", "augment": "on"}


@pytest.mark.parametrize("text", ["0..1", "0.5..1:log"])
def test_a_grid_of_what_has_no_single_values(text: str) -> None:
    """
    A range of all numbers has no grid; the message shows how to give it one.
    """
    with pytest.raises(SettingsError) as caught:
        space({"lr": text}, Settings()).grid()

    low, step = ("0", "0.25") if text == "0..1" else ("0.5", "0.125")
    assert str(caught.value) == (
        "Setting 'lr': a grid needs single values. List them, or give a step, as in "
        f"lr={low}..1:{step}."
    )


def test_python_values_in_words() -> None:
    """
    A list is searched, a tuple is one value, and None is "none".
    """
    assert format_value([32, 64]) == "32,64"
    assert format_value([(1, 2), (3,)]) == "1,2;3"
    assert format_value((1, 2)) == "1,2"
    assert format_value(None) == "none"
