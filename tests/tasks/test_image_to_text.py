"""A text that a picture shows: what the task promises of any model that reads one."""

import json
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import zoo
from zoo.cli import render
from zoo.datasets.in_memory import synthetic_rows
from zoo.errors import DataError, InputError, OptionError, SpecError
from zoo.finetuning import preconditions
from zoo.finetuning.strategies import Settings
from zoo.models.metadata import ModelMetadata, attach
from zoo.plugins.discovery import Plugin
from zoo.runtime.image_to_text import decode_labels, read_texts
from zoo.runtime.ocr_metrics import encode_texts, text_accuracy
from zoo.specs import ImageInput, License, ModelSpec, OCROutput, Output
from zoo.tasks import get_task
from zoo.tasks.image_to_text import TASK
from zoo.tasks.results.ocr import OCRCandidate, OCRResult
from zoo.tasks.targets.base import targets_of

LETTERS = OCROutput(labels=("a", "b"))
FRAME = ImageInput(height=8, width=6, channels=1, background="light")
GREYS = {" ": 255, "a": 0, "b": 128}  # what each step of the reader below looks like


class Stripes(nn.Module):
    """Reads a column of pixels a step: white is nothing, black an a, grey a b."""

    def __init__(self) -> None:
        super().__init__()
        self.sure = nn.Parameter(torch.tensor(40.0))

    def forward(self, image: Tensor) -> Tensor:
        bright = image.mean(dim=(1, 2))  # (B, W)
        looks = torch.tensor([GREYS[one] / 255 for one in " ab"])
        return -self.sure * (bright[:, :, None] - looks) ** 2


@pytest.fixture
def model() -> Any:
    spec = ModelSpec(
        name="stripes",
        summary="Reads stripes.",
        task="image-to-text",
        build="stripes:Stripes",
        card="card.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=1,
        input=FRAME,
        output=LETTERS,
        trained_on=(),
    )
    return attach(Stripes(), ModelMetadata(spec=spec, options={}))


def stripes(steps: str) -> Image.Image:
    """Return a picture with a column for each of six steps."""
    picture = Image.new("L", (6, 8), 255)
    for place, one in enumerate(steps):
        picture.paste(GREYS[one], (place, 0, place + 1, 8))
    return picture


# What is read


@pytest.mark.parametrize(
    ("steps", "text"),
    [("aab  b", "abb"), ("a a   ", "aa"), ("      ", ""), (" bbbb ", "b")],
)
@pytest.mark.parametrize("beams", [1, 2, 10])
def test_columns_are_read_as_a_text(
    model: Any, steps: str, text: str, beams: int
) -> None:
    """
    What is wide is one character, what a gap parts is two, and white is nothing.
    """
    assert zoo.predict(model, stripes(steps), beams=beams).text == text


def test_a_reading_tells_how_sure_it_is(model: Any) -> None:
    """
    The score is of the whole text, at most one, and no more than any character's.
    """
    found = zoo.predict(model, stripes("a  b  "))

    assert [letter for letter, _ in found.characters] == ["a", "b"]
    assert 0 < found.score <= min(score for _, score in found.characters) <= 1
    assert found.alternatives == ()


def test_beams_tell_what_else_it_may_be(model: Any) -> None:
    """
    As many texts as beams at most, the likeliest first, none twice, and together no
    more than certain.
    """
    found = zoo.predict(model, stripes("a  b  "), beams=4)
    others = [one.score for one in found.alternatives]
    known = {found.text, *(one.text for one in found.alternatives)}

    assert len(others) == 3
    assert len(known) == 4
    assert others == sorted(others, reverse=True)
    assert found.score >= others[0]
    assert found.score + sum(others) <= 1 + 1e-9


def test_both_ways_say_the_same_of_one_text(model: Any) -> None:
    """
    Its probability does not depend on how it was found.
    """
    one = zoo.predict(model, stripes("a  b  "))
    other = zoo.predict(model, stripes("a  b  "), beams=5)

    assert other.score == pytest.approx(one.score)
    assert dict(other.characters) == pytest.approx(dict(one.characters))


def test_light_on_dark_is_read_inverted(model: Any) -> None:
    """
    invert=True is an option as it is of other models of pictures, and warns of nothing.
    """
    negative = stripes(" a  a ").point(lambda value: 255 - value)

    assert zoo.predict(model, negative, invert=True, beams=3).text == "aa"
    with pytest.warns(UserWarning, match="pass invert=True"):
        zoo.predict(model, negative)


def test_a_list_is_read_in_its_order(model: Any) -> None:
    """
    One reading each, also where the model is given fewer at a time.
    """
    pictures = [stripes("a "), stripes("b "), stripes("abab")]
    found = zoo.predict(model, pictures, batch_size=2)

    assert [one.text for one in found] == ["a", "b", "abab"]
    assert found[0] == zoo.predict(model, pictures[0])


@pytest.mark.parametrize("beams", [0, -1, True, 2.5, "two", 1001, None])
def test_a_wrong_number_of_beams_is_told(model: Any, beams: Any) -> None:
    """
    It is a whole number, and not so large that nobody would wait for it.
    """
    with pytest.raises(OptionError) as refused:
        zoo.predict(model, stripes("a"), beams=beams)

    assert str(refused.value) == (
        f"Model 'stripes': beams={beams!r} should be a whole number from 1 to 1,000. "
        "Options: batch_size, invert, beams."
    )


def test_another_option_is_refused(model: Any) -> None:
    """
    With what comes near it.
    """
    with pytest.raises(OptionError) as refused:
        zoo.predict(model, stripes("a"), beam=2)

    assert str(refused.value) == (
        "Model 'stripes': zoo.predict has no option 'beam'. Did you mean 'beams'? "
        "Options: batch_size, invert, beams."
    )


def test_numbers_that_are_none_are_refused(model: Any) -> None:
    """
    Weights that hold NaN read no text.
    """
    model.sure.data.fill_(torch.nan)
    with pytest.raises(InputError) as refused:
        zoo.predict(model, stripes("a"))

    assert str(refused.value) == (
        "The model's output holds NaN: its weights or this input are at fault. The "
        "model expects numbers it can count with."
    )


@pytest.mark.parametrize("shape", [(1, 5, 4), (1, 5), (1, 5, 2)])
def test_an_output_must_fit_the_alphabet(shape: tuple[int, ...]) -> None:
    """
    A number for each character and one for the blank, at every step.
    """
    with pytest.raises(SpecError) as refused:
        read_texts(torch.zeros(shape), LETTERS)

    assert str(refused.value) == (
        "OCROutput: labels=('a', 'b') should be one less than the model's output "
        f"has numbers, {shape}."
    )


# What is measured


def edits(read: str, true: str) -> int:
    """Return how many characters must be changed, put in or left out."""
    row = list(range(len(true) + 1))
    for count, letter in enumerate(read, start=1):
        before, row = row, [count]
        for place, other in enumerate(true, start=1):
            step = before[place - 1] + (letter != other)
            row.append(min(step, before[place] + 1, row[-1] + 1))
    return row[-1]


def test_texts_are_compared_as_wholes_and_by_characters() -> None:
    """
    Accuracy counts texts; the error rate counts edits over all true characters.
    """
    read, true = ["abc", "", "aab", "bbbb"], ["abc", "ab", "ab", "ba"]
    wanted = sum(map(edits, read, true)) / sum(map(len, true))
    found = text_accuracy(read, true)

    assert found["string_accuracy"] == 0.25
    assert found["character_error_rate"] == pytest.approx(wanted)
    assert wanted == pytest.approx((2 + 1 + 3) / 9)


def test_measuring_reads_the_likeliest_path(model: Any) -> None:
    """
    Of targets filled up with blanks.
    """
    given = [stripes("a b"), stripes("bb"), stripes("a")]
    batch = TASK.collate([TASK.load_item(p, FRAME) for p in given], FRAME)
    target = encode_texts(["ab", "b", "ba"], LETTERS, source="here", steps=6)
    found = get_task("image-to-text").compute_metrics(model(batch), target, LETTERS)

    assert found["string_accuracy"] == pytest.approx(2 / 3)
    assert found["character_error_rate"] == pytest.approx(1 / 5)


def test_a_perfect_reader_has_no_loss(model: Any) -> None:
    """
    And one that reads another text has more.
    """
    batch = TASK.collate([TASK.load_item(stripes("a b"), FRAME)] * 2, FRAME)
    output = 10 * model(batch).detach()
    targets = [
        encode_texts([t, t], LETTERS, source="here", steps=6) for t in ("ab", "ba")
    ]
    right, wrong = (get_task("image-to-text").loss(output, t, LETTERS) for t in targets)

    assert right < 0.01
    assert wrong > 1


# Texts as numbers


def test_texts_become_numbers_and_texts_again() -> None:
    """
    Counted from 1, filled up with the blank.
    """
    target = encode_texts(["ab", "b", "aab"], LETTERS, source="here", steps=4)

    assert target.tolist() == [[1, 2, 0], [2, 0, 0], [1, 1, 2]]
    assert decode_labels([1, 1, 2], LETTERS) == "aab"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "aXb",
            "the text 'aXb' has 'X', which the model can't learn to read. It knows "
            "'ab'.",
        ),
        (
            "",
            "the text '' is empty, and the model can't learn to read. It knows 'ab'.",
        ),
        (
            "aab",
            "the text 'aab' takes 4 steps, one more for each character that is "
            "repeated; the model has 3.",
        ),
    ],
)
def test_a_text_that_can_not_be_learned_is_told(text: str, told: str) -> None:
    """
    A strange character, none, or more than there are steps for.
    """
    with pytest.raises(DataError) as refused:
        encode_texts(["ab", text], LETTERS, source="here", steps=3)

    assert str(refused.value) == f"here: {told}"


# The signature


@pytest.mark.parametrize("labels", [(), ("a", "bc"), ("a", "")])
def test_an_alphabet_is_of_single_characters(labels: tuple[str, ...]) -> None:
    """
    One at least.
    """
    with pytest.raises(SpecError) as refused:
        OCROutput(labels=labels)

    assert str(refused.value) == (
        f"OCROutput: labels={labels!r} should be single characters."
    )


def test_no_character_comes_twice() -> None:
    """
    Or nobody could say which of the two is meant.
    """
    with pytest.raises(SpecError) as refused:
        OCROutput(labels=("a", "a"))

    assert str(refused.value) == (
        "OCROutput: labels=('a', 'a') should be all different."
    )


def test_a_config_keeps_the_alphabet(model: Any) -> None:
    """
    As it is written into a checkpoint folder and read from it.
    """
    known = model.zoo.spec
    plain = json.loads(json.dumps({"kind": "ocr", "labels": list("ab")}))

    assert Output.from_plain(plain) == known.output
    assert known.labels == ("a", "b")


def test_zoo_info_tells_the_alphabet(model: Any) -> None:
    """
    In a line.
    """
    plugin = Plugin("stripes", "zoo-stripes", "0.1", "")

    assert (
        render.facts(model.zoo.spec, plugin)["output"] == "a text of the characters ab"
    )


def test_noise_answers_with_texts() -> None:
    """
    A smoke run without data has texts of the alphabet, of different lengths, none
    empty.
    """
    target = targets_of(LETTERS).synthetic(
        LETTERS, torch.zeros(50, 1), torch.Generator().manual_seed(0)
    )
    long = (target > 0).sum(dim=1)
    rows = synthetic_rows(FRAME, LETTERS, 50, "noise")

    assert set(target.unique().tolist()) == {0, 1, 2}
    assert long.min() == 1
    assert long.max() == target.shape[1]
    assert rows.target.shape == target.shape


def test_a_model_without_a_head_is_not_fine_tuned(model: Any) -> None:
    """
    It says that there is nothing to teach.
    """
    with pytest.raises(OptionError) as refused:
        preconditions.check(model.zoo.spec, Settings())

    assert str(refused.value) == (
        "Model 'stripes': it declares no head, so there is nothing to fine-tune on top "
        "of it. Options: none."
    )


# How a reading shows itself

SEEN = OCRResult(
    text="a<b",
    score=0.5,
    characters=(("a", 0.9), ("<", 0.4), ("b", 1.0)),
    alternatives=(
        OCRCandidate(text="ab", score=0.25),
        OCRCandidate(text="", score=0.1),
    ),
    picture=Image.new("L", (200, 50), 255),
)


def test_a_reading_prints_its_text_and_score() -> None:
    """
    In a line; where there is none it says so.
    """
    empty = OCRResult(text="", score=0.75, characters=())

    assert str(SEEN) == "a<b (50.00%)"
    assert str(empty) == "no text (75.00%)"
    assert repr(empty) == "<OCRResult: no text (75.00%)>"


def test_a_reading_converts_to_json() -> None:
    """
    The text has the Hub's name.
    """
    plain = json.loads(json.dumps(SEEN.to_dict()))

    assert plain["generated_text"] == "a<b"
    assert plain["characters"][1] == {"character": "<", "score": 0.4}
    assert plain["alternatives"][0] == {"generated_text": "ab", "score": 0.25}


def test_a_reading_is_drawn_below_its_picture() -> None:
    """
    The picture stays as it is; unsure characters are not black.
    """
    drawn = SEEN.render()
    assert drawn is not None
    above, below = drawn.crop((0, 0, 200, 50)), drawn.crop((0, 50, 200, drawn.height))
    colours = {colour for _, colour in below.getcolors(5000)}

    assert above.convert("L").tobytes() == SEEN.picture.tobytes()  # type: ignore[union-attr]
    assert (0, 0, 0) in colours
    assert any(red > green + 50 for red, green, _ in colours)


@pytest.mark.parametrize("size", [(1, 1), (200, 50), (3, 400), (900, 2)])
def test_a_reading_of_any_picture_is_drawn(size: tuple[int, int]) -> None:
    """
    Wide enough for the text and for the picture, also where nothing was read.
    """
    picture = Image.new("RGB", size)
    for text in ("", "abcdefgh"):
        letters = tuple((one, 0.9) for one in text)
        seen = OCRResult(text=text, score=0.1, characters=letters, picture=picture)
        drawn = seen.render()

        assert drawn is not None
        assert drawn.width >= size[0]
        assert drawn.height > size[1]


def test_a_reading_without_a_picture_is_not_drawn() -> None:
    """
    Prepared pixels are nobody's picture.
    """
    seen = OCRResult(text="a", score=0.1, characters=(("a", 1.0),))

    assert seen.render() is None
    assert seen._repr_html_().startswith("<table>")


def test_html_is_escaped() -> None:
    """
    What was read may look like a tag.
    """
    told = SEEN._repr_html_()

    assert "a&lt;b" in told
    assert "<td>no text</td><td>10.00%</td>" in told
    assert "a<b" not in told


def test_the_terminal_shows_characters_and_alternatives(model: Any) -> None:
    """
    A bar for each character, a line for each other text.
    """
    plain = OCRResult(
        text="ab",
        score=0.5,
        characters=(("a", 1.0), ("b", 0.5)),
        alternatives=(OCRCandidate(text="a", score=0.25),),
    )

    assert list(render.result(plain)) == [
        "ab (50.00%)",
        f"  a 100.00% {'█' * 24}",
        f"  b  50.00% {'█' * 12}",
        "  or a (25.00%)",
    ]
