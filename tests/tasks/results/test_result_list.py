"""A list of answers, and each answer, as a notebook and a log show them."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

import zoo
from zoo.tasks.results.rendering import coded, figure
from zoo.tasks.results.result_list import ResultList
from zoo.tasks.results.vision import Classification, GeneratedText


def answer(number: int) -> Classification:
    scores = {f"class {other}": 1e-3 for other in range(1000)}
    picture = Image.new("RGB", (64, 48), "white")
    return Classification(
        label=f"class {number}", score=0.5, scores=scores, picture=picture
    )


def test_a_result_has_a_short_repr() -> None:
    """
    Its class and what it says, however many scores it holds.
    """
    assert repr(answer(3)) == "<Classification: class 3 (50.00%)>"


def test_a_long_text_is_cut_and_stays_on_one_line() -> None:
    words = GeneratedText(text="so\n it" * 40, prompt="", tokens=40, finished=False)

    assert repr(words) == f"<GeneratedText: {'so it' * 17}...>"


def test_a_list_prints_a_line_for_each_and_counts_the_rest() -> None:
    shown = repr(ResultList(map(answer, range(1000)))).splitlines()

    assert shown[0] == "[<Classification: class 0 (50.00%)>,"
    assert shown[7] == " <Classification: class 7 (50.00%)>,"
    assert shown[8] == " ... 1,000 in all]"
    assert len(shown) == 9


def test_a_notebook_shows_a_grid_of_the_first() -> None:
    """
    24 of them, each as it shows itself, and how many more there are.
    """
    page = ResultList(map(answer, range(30)))._repr_html_()

    assert page.startswith('<div style="display:flex;flex-wrap:wrap;')
    assert page.count("<img") == 24
    assert page.endswith("<p>and 6 more</p>")
    assert "more" not in ResultList([answer(0)])._repr_html_()


def test_what_is_predicted_of_a_list_is_such_a_list() -> None:
    """
    Also from a file of rows, and what is sampled and interpolated. It equals a plain
    list, and one input gives one result.
    """
    several = zoo.predict("xor-mlp", [[0, 0], [0, 1]])
    drawn = zoo.sample("vae-mnist", 2, seed=0)
    seven = zoo.example("vae-mnist")
    between = zoo.interpolate("vae-mnist", seven, seven.with_name("five.png"), steps=2)
    again = zoo.reconstruct("vae-mnist", [seven, seven])

    for one in (several, drawn, between, again):
        assert isinstance(one, ResultList)
    assert several == list(several)
    assert isinstance(zoo.predict("xor-mlp", [0, 0]), Classification)


def test_a_picture_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    """
    An ending of no format is refused, and what is there stays.
    """
    drawn = zoo.sample("vae-mnist", 1, seed=0)[0]
    drawn.save(tmp_path / "one.png")
    (tmp_path / "one.txt").write_text("mine")

    with pytest.raises(ValueError, match="format, as") as caught:
        drawn.save(tmp_path / "one.txt")
    assert str(caught.value) == (
        f"{tmp_path / 'one.txt'} has no ending of a picture's format, as .png."
    )
    assert (tmp_path / "one.txt").read_text() == "mine"
    with Image.open(tmp_path / "one.png") as written:
        assert written.size == (28, 28)


def test_a_large_photograph_is_embedded_small() -> None:
    """
    As a JPEG twice as high as it is shown; a small picture keeps each pixel.
    """
    large, small = Image.new("RGBA", (3000, 2000), "red"), Image.new("L", (28, 28))
    page = figure(large, "")
    content = base64.b64decode(page.partition("base64,")[2].partition('"')[0])
    with Image.open(io.BytesIO(content)) as embedded:
        assert (embedded.format, embedded.size) == ("JPEG", (336, 224))
    assert coded(small) in figure(small, "")
