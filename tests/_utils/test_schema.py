"""JSON and TOML of strangers: what is bounded, and what a schema refuses."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from zoo._utils import schema
from zoo._utils.schema import MAX_DEPTH, Malformed, convert, parse_json, parse_toml
from zoo.errors import SpecError


@dataclass(frozen=True, kw_only=True)
class Part:
    size: int
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.size < 0:
            raise SpecError("Part", "size", self.size, "zero or more")


@dataclass(frozen=True, kw_only=True)
class Whole:
    name: str
    side: Literal["left", "right"] | None = None
    pair: tuple[int, int] = (1, 2)
    parts: tuple[Part, ...] = ()
    by_name: Mapping[str, Part] = field(default_factory=dict)
    free: Any = None
    here: str = field(default="", metadata={"saved": False})


def test_a_whole_of_parts_is_made() -> None:
    """
    Lists become tuples and objects become parts, also those of an object; a whole
    number stays one where a float may be.
    """
    raw = {
        "name": "a",
        "side": "left",
        "pair": [3, 4],
        "parts": [{"size": 1, "share": 1}],
        "by_name": {"b": {"size": 2}},
        "free": [1, {"c": None}],
    }

    assert convert(raw, Whole) == Whole(
        name="a",
        side="left",
        pair=(3, 4),
        parts=(Part(size=1, share=1),),
        by_name={"b": Part(size=2)},
        free=[1, {"c": None}],
    )
    assert isinstance(convert(raw, Whole).parts[0].share, int)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ([], "expected object, got array"),
        ({}, "no 'name'"),
        ({"name": None}, "name: expected str, got null"),
        ({"name": "a", "nam": 1}, "unknown entry 'nam'"),
        ({"name": "a", "here": "x"}, "unknown entry 'here'"),
        ({"name": "a", "side": "up"}, "side: invalid value 'up'"),
        ({"name": "a", "pair": [1]}, "pair: expected array of length 2, got 1"),
        ({"name": "a", "pair": [1, True]}, "pair[1]: expected int, got bool"),
        ({"name": "a", "pair": [1, 1.0]}, "pair[1]: expected int, got float"),
        ({"name": "a", "parts": [{"size": "1"}]}, "parts[0].size: expected int, got "),
        ({"name": "a", "parts": [{}]}, "no 'size' in parts[0]"),
        ({"name": "a", "parts": [{"size": 2**63}]}, "parts[0].size: "),
        ({"name": "a", "by_name": {"b": {"c": 1}}}, "unknown entry 'c' in by_name[..."),
    ],
)
def test_a_misfit_is_named_with_its_place(raw: object, problem: str) -> None:
    """
    Nothing is unknown, missing, of another type, or too large to compute with.
    """
    with pytest.raises(Malformed) as caught:
        convert(raw, Whole)

    assert str(caught.value).startswith(problem)


def test_what_a_part_refuses_is_said_as_it_says_it() -> None:
    """
    A value may be of the right type and impossible all the same.
    """
    with pytest.raises(SpecError, match="size=-1 should be zero or more"):
        convert({"name": "a", "parts": [{"size": -1}]}, Whole)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"{", "it is no JSON (it ends too early)"),
        (b"[1,\n <<<", "it is no JSON (invalid character, line 2, column 2)"),
        (b"\xff", "it is no JSON (invalid character, line 1, column 1)"),
        (b"NaN", "it is no JSON (invalid character, line 1, column 1)"),
        (b'"\\ud800"', "it is no JSON (it ends too early)"),
        (b"9" * 5000, "it is no JSON (Integer value out of range)"),
        (b"[" * 100_000, "it is nested too deep"),
        (b'{"a":' * 100_000, "it is nested too deep"),
        (b'["\\"",' * 100_000, "it is nested too deep"),
    ],
)
def test_a_text_that_is_no_json(content: bytes, problem: str) -> None:
    """
    The line of the fault is named; what is nested too deep is not parsed.
    """
    with pytest.raises(Malformed) as caught:
        parse_json(content)

    assert str(caught.value) == problem


def test_depth_is_that_of_lists_and_objects_alone() -> None:
    """
    Brackets in texts do not count, and nothing hides some that do.
    """
    text = b'["' + b"[{" * MAX_DEPTH + b'\\\\", "\\"' + b"[" * MAX_DEPTH + b'"]'
    deep = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert len(parse_json(text)) == 2
    assert parse_json(b"[" + b"[]," * 1000 + b"1]")[-1] == 1
    assert parse_json(deep)

    for deeper in (b"[" + deep + b"]", b'["]]]]", ' + deep + b"]", b'["\\\\",' + deep):
        with pytest.raises(Malformed, match="nested too deep"):
            parse_json(deeper)


def test_a_metric_may_be_no_number() -> None:
    """
    Where that is allowed, half characters are refused still.
    """
    value = parse_json(b"[NaN, Infinity]", nan=True)

    assert value[0] != value[0]
    for wrong in (b'"\\ud800"', b"[", b"\xff", b"9" * 5000):
        with pytest.raises(Malformed, match="it is no JSON"):
            parse_json(wrong, nan=True)


def test_a_text_that_is_no_toml() -> None:
    """
    What is too long, too deep or no text is refused like what is no TOML.
    """
    for content in (b"[", b"\xff", b"a = " + b"[" * 100_000, b"#" * (5 << 20)):
        with pytest.raises(Malformed):
            parse_toml(content)


def test_a_key_of_many_parts_is_refused_before_toml_is_parsed() -> None:
    """
    The time of the parser would grow with the square of the parts; numbers, and dots in
    strings and comments, are no parts.
    """
    dots = "1.5." * 9
    fine = (
        f'a = "{dots}\\"{dots}"\nb = \'{dots}\'\n# {dots}\nc = """\n{dots}"{dots}"""\n'
        f"d = '''\n{dots}'{dots}'''\ne = [{'1.5, ' * 40}]\n"
        f"{'k.' * 15}k = 1\n"
    )
    assert [*parse_toml(fine.encode())] == [*"abcdek"]

    for key in ("a." * 16 + "a", '"a" . ' * 16 + "a", "a." * 500_000 + "a"):
        for text in (
            f"{key} = 1",
            f"[{key}]",
            f"a = {{{key} = 1}}",
            f"{fine}{key} = 1",
            f'[{{q = """a"""", {key} = ""}}]',
        ):
            with pytest.raises(Malformed, match=r"^a key has more than 16 parts$"):
                parse_toml(text.encode())


def test_a_file_is_read_within_bounds(tmp_path: Path) -> None:
    """
    Its size is looked at first, nobody waits for a pipe, and a folder is none.
    """
    path = tmp_path / "a.json"
    path.write_bytes(b"[1]")
    assert schema.read_bytes(path, 3) == b"[1]"
    with pytest.raises(Malformed, match=r"^it has 3 bytes$"):
        schema.read_bytes(path, 2)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Malformed, match=r"^it is no file$"):
        schema.read_bytes(tmp_path / "pipe")
    with pytest.raises(Malformed, match=r"^it is no file$"):
        schema.read_bytes(tmp_path)
    os.truncate(path, 500 << 20)
    with pytest.raises(Malformed, match=r"^it has 524,288,000 bytes$"):
        schema.read_bytes(path)
