"""How results are laid out as lines of text."""

import pytest
from PIL import Image

from zoo.cli import render
from zoo.tasks.results.vision import Classification, MultiLabel

GROUND = Image.new("L", (28, 28), 0)


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 << 20, "5.0 MiB")],
)
def test_size(count: int, words: str) -> None:
    """
    Sizes are told in the unit people would use.
    """
    assert render.size(count) == words


def test_labels_align() -> None:
    """
    Scores stand in one column however long the labels are.
    """
    scores = {"a": 0.25, "a very long label, longer than most": 0.75}

    _, *bars = render.result(MultiLabel(labels=(), scores=scores))

    assert [bar.index("%") for bar in bars] == [44, 44]


def test_colours_on_a_terminal_that_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With 24-bit colours each character is two pixels, in their own colours.
    """
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    image = Image.new("RGB", (1, 2), (1, 2, 3))
    image.putpixel((0, 1), (4, 5, 6))

    assert render.picture(image) == (["\x1b[38;2;1;2;3;48;2;4;5;6m▀\x1b[0m"], 1)


def test_an_empty_picture_is_drawn_as_nothing() -> None:
    """
    A black picture leaves no empty lines before the answer.
    """
    found = Classification(label="a", score=1.0, scores={"a": 1.0}, picture=GROUND)

    lines = list(render.result(found))

    assert [line.strip() for line in lines] == ["a (100.00%)", f"a 100.00% {'█' * 24}"]
