"""Inputs and outputs as JSON: a new kind is known once its class is made."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import pytest

import zoo
from zoo._utils.schema import Malformed
from zoo.errors import SpecError
from zoo.specs import Column, Input, Output, SeriesInput, TextInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    x: int
    y: int


@pytest.fixture
def sound() -> Iterator[type[Any]]:
    """Make an input that no module of the zoo knows of."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class SoundInput(Input):
        kind: Literal["sound"] = "sound"
        rates: tuple[int, ...] = (16_000,)
        corner: Corner = Corner(x=0, y=0)
        corners: tuple[Corner, ...] = ()
        cached: str = field(default="", metadata={"saved": False})
        plural: ClassVar[str] = "sounds"

    yield SoundInput
    del Input.kinds["sound"]


def test_a_new_kind_is_read_back_and_registered_nowhere(sound: type[Any]) -> None:
    """
    Its lists become tuples again, and what is made of parts is made of parts again.
    """
    corners = (Corner(x=1, y=2), Corner(x=3, y=4))
    given = sound(rates=(8_000,), corner=corners[0], corners=corners)

    assert Input.from_plain(json.loads(json.dumps(given.to_plain()))) == given
    assert "sound" not in Output.kinds


def test_what_is_of_this_machine_stays_here(sound: type[Any]) -> None:
    """
    It is not saved, and a file that holds it all the same is refused.
    """
    plain = sound(cached="here").to_plain()

    assert "cached" not in plain
    with pytest.raises(ValueError, match="unknown entry 'cached'"):
        Input.from_plain({**plain, "cached": "elsewhere"})


def test_without_slots_a_kind_is_known_too() -> None:
    """
    A dataclass without slots is made once, and not twice.
    """

    @dataclass(frozen=True, kw_only=True)
    class PlainOutput(Output):
        kind: Literal["plain"] = "plain"

    try:
        assert Output.from_plain({"kind": "plain"}) == PlainOutput()
    finally:
        del Output.kinds["plain"]


@pytest.mark.parametrize("part", [Input, Output])
def test_every_kind_of_the_core_is_a_public_name(part: type[Any]) -> None:
    """
    Whoever describes a model finds what to describe it by.
    """
    assert {made.__name__ for made in part.kinds.values()} <= set(zoo.__all__)


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("box", "kind: invalid value 'box'"),
        (None, "kind: expected str, got null"),
        (3, "kind: expected str, got int"),
    ],
)
def test_an_unknown_kind_is_refused(kind: object, problem: str) -> None:
    """
    By name, or by its type.
    """
    for part in (Input, Output):
        with pytest.raises(Malformed) as caught:
            part.from_plain({"kind": kind})
        assert str(caught.value) == problem


def test_columns_are_parts_of_their_input() -> None:
    """
    A dict of JSON becomes a column again, and one with a strange entry is refused.
    """
    given = SeriesInput(columns=(Column(name="a", low=0, high=1),), length=2)
    plain = given.to_plain()

    assert Input.from_plain(plain).columns[0] == given.columns[0]  # type: ignore[attr-defined]
    with pytest.raises(Malformed, match=r"^unknown entry 'depth' in columns\[0\]$"):
        Input.from_plain({**plain, "columns": [{"name": "a", "depth": 1}]})


def test_what_a_file_holds_is_checked_as_a_spec_is() -> None:
    """
    A number that can't be meant is refused where it is read.
    """
    plain = TextInput(max_length=8, vocab_size=5).to_plain()

    with pytest.raises(SpecError, match="TextInput: max_length=0 should be at least 1"):
        Input.from_plain({**plain, "max_length": 0})
