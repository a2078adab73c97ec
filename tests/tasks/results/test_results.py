"""How a prediction prints, converts and shows itself, and how it is made of numbers."""

import base64
import io
import json
from html.parser import HTMLParser

import pytest
import torch
from PIL import Image

from zoo import ClassOutput
from zoo.errors import InputError, SpecError
from zoo.tasks import get_task, list_tasks
from zoo.tasks.results.vision import (
    Classification,
    GeneratedImage,
    MultiLabel,
    image_grid,
)

DIGIT = Classification(
    label="7", score=0.9, scores={"7": 0.9, "1": 0.1}, picture=Image.new("L", (2, 2))
)
FACE = MultiLabel(labels=("smile",), scores={"hat": 0.25, "smile": 0.75})
THREE = ClassOutput(labels=("a", "b", "c"))
YES_NO = ("no", "yes")
CLASSES = get_task("text-classification")


class Tags(HTMLParser):
    """Collects the tags of a text, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def test_a_classification_prints_its_label_and_score() -> None:
    """
    The answer is one short line.
    """
    assert str(DIGIT) == "7 (90.00%)"


def test_a_multi_label_answer_prints_every_question() -> None:
    """
    Each label is answered by itself.
    """
    assert str(FACE) == "hat: no (25.00%), smile: yes (75.00%)"


def test_to_dict_is_plain_json() -> None:
    """
    `.to_dict()` survives a round trip through JSON unchanged.
    """
    expected = {"label": "7", "score": 0.9, "scores": {"7": 0.9, "1": 0.1}}

    assert json.loads(json.dumps(DIGIT.to_dict(), allow_nan=False)) == expected
    assert json.loads(json.dumps(FACE.to_dict())) == {
        "labels": ["smile"],
        "scores": {"hat": 0.25, "smile": 0.75},
    }


def test_to_dict_is_a_copy() -> None:
    """
    Whoever changes what `.to_dict()` gave does not change the result.
    """
    DIGIT.to_dict()["scores"]["7"] = 0

    assert DIGIT.scores["7"] == 0.9


@pytest.mark.parametrize("result", [DIGIT, FACE], ids=["one", "several"])
def test_html_shows_the_scores(result: Classification | MultiLabel) -> None:
    """
    A notebook shows labels and scores, the highest first.
    """
    said = [word for word in Tags(result._repr_html_()).said if word.strip()]

    highest = sorted(result.scores.items(), key=lambda pair: -pair[1])
    assert said == [word for name, s in highest for word in (name, f"{s:.2%}")]


def test_html_escapes_labels() -> None:
    """
    A label can't bring a tag into the page.
    """
    evil = '<img src=x onerror="alert(1)">'
    result = Classification(label=evil, score=1.0, scores={evil: 1.0})

    shown = Tags(result._repr_html_())
    assert "img" not in shown.open
    assert evil in shown.said


def test_html_holds_the_picture() -> None:
    """
    The input is shown beside the answer, where there is one.
    """
    seen = MultiLabel(labels=(), scores=FACE.scores, picture=DIGIT.picture)

    assert 'src="data:image/png;base64,' in DIGIT._repr_html_()
    assert "img" in Tags(seen._repr_html_()).open
    assert "img" not in Tags(FACE._repr_html_()).open


def test_html_of_many_labels_shows_the_highest_five() -> None:
    """
    Of forty questions, those answered with yes are in sight.
    """
    scores = {f"label {n}": n / 40 for n in range(40)}
    result = MultiLabel(labels=("label 39",), scores=scores)

    said = Tags(result._repr_html_()).said
    assert [word for word in said if word.startswith("label")] == [
        f"label {n}" for n in (39, 38, 37, 36, 35)
    ]


def test_pictures_do_not_make_results_differ() -> None:
    """
    Results are equal when they say the same, and a repr shows no picture.
    """
    bare = Classification(label="7", score=0.9, scores=DIGIT.scores)

    assert bare == DIGIT
    assert "Image" not in repr(DIGIT)


SCORES = [
    (THREE, [[0.0, 0.0, 0.0]], {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
    (THREE, [[0.0, 0.0, 99.0]], {"c": 1.0, "a": 0.0, "b": 0.0}),
    (
        ClassOutput(labels=YES_NO, function_to_apply="sigmoid"),
        [[0.0]],
        {"no": 0.5, "yes": 0.5},
    ),
    (
        ClassOutput(labels=YES_NO, function_to_apply="sigmoid"),
        [99.0],
        {"yes": 1.0, "no": 0.0},
    ),
    (
        ClassOutput(labels=YES_NO, function_to_apply="none"),
        [[1.0]],
        {"yes": 1.0, "no": 0.0},
    ),
    (
        ClassOutput(labels=YES_NO, function_to_apply="none"),
        [[0.25, 0.75]],
        {"yes": 0.75, "no": 0.25},
    ),
    (ClassOutput(labels=YES_NO), [[0.0, -99.0]], {"no": 1.0, "yes": 0.0}),
]


@pytest.mark.parametrize(("meaning", "output", "scores"), SCORES, ids=str)
def test_scores(
    meaning: ClassOutput, output: list[float], scores: dict[str, float]
) -> None:
    """
    The model's numbers become one score for each label, sorted, the best first.
    """
    (found,) = CLASSES.postprocess(torch.tensor(output), [None], meaning)

    assert isinstance(found, Classification)
    assert found.scores == pytest.approx(scores, abs=1e-6)
    assert (found.label, found.score) == next(iter(found.scores.items()))
    assert list(found.scores) == list(scores)


def test_several_labels_may_hold_at_once() -> None:
    """
    With `multi_label` each score is judged by itself, in the order of the model.
    """
    meaning = ClassOutput(
        labels=("a", "b", "c"), function_to_apply="sigmoid", multi_label=True
    )

    (found,) = CLASSES.postprocess(torch.tensor([[0.0, -9.0, 9.0]]), [None], meaning)

    assert isinstance(found, MultiLabel)
    assert found.labels == ("a", "c")
    assert list(found.scores) == ["a", "b", "c"]


def test_half_precision_is_scored_in_single() -> None:
    """
    Scores of a float16 model sum to one as well as any.
    """
    (found,) = CLASSES.postprocess(torch.randn(1, 3).half(), [None], THREE)

    assert sum(found.scores.values()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 2), (1, 4), (1, 3, 1), (1,)], ids=str)
def test_an_output_that_does_not_fit_the_labels(shape: tuple[int, ...]) -> None:
    """
    A model that was changed by hand and no longer fits its labels is told apart.
    """
    with pytest.raises(SpecError) as caught:
        CLASSES.postprocess(torch.zeros(shape), [None], THREE)

    assert str(caught.value) == (
        "ClassOutput: labels=('a', 'b', 'c') should be one for each number of the "
        f"model's output, {shape}."
    )


def test_an_output_of_nan() -> None:
    """
    NaN is not answered with whichever label comes first.
    """
    with pytest.raises(InputError) as caught:
        CLASSES.postprocess(torch.tensor([[0.0, 1.0, float("nan")]]), [None], THREE)

    assert str(caught.value) == (
        "The model's output holds NaN: its weights or this input are at fault. The "
        "model expects numbers it can count with."
    )


def test_measures_count_what_is_right() -> None:
    """
    Accuracy is the share of right answers; F1 is the mean over the labels.
    """
    output = torch.eye(3)[[0, 0, 1, 2]]

    found = CLASSES.compute_metrics(output, torch.tensor([0, 1, 1, 2]), THREE)

    assert found == {
        "accuracy": pytest.approx(3 / 4),
        "f1": pytest.approx((2 / 3 + 2 / 3 + 1) / 3),
    }


def test_measures_of_several_labels() -> None:
    """
    With `multi_label` every answer counts, row by row and label by label.
    """
    meaning = ClassOutput(labels=("a", "b"), function_to_apply="none", multi_label=True)
    target = torch.tensor([[1, 0], [1, 1]])

    found = CLASSES.compute_metrics(
        torch.tensor([[1.0, 0.0], [1.0, 0.0]]), target, meaning
    )

    assert found == {"accuracy": 0.75, "f1": pytest.approx(0.5)}


def test_a_task_is_found_by_its_tag() -> None:
    """
    Each module of `zoo.tasks` is one tag of the Hub's.
    """
    assert {"image-classification", "tabular-classification"} <= set(list_tasks())
    assert get_task("tabular-classification").__module__.endswith(
        "tabular_classification"
    )


def test_an_unknown_task() -> None:
    """
    A tag without a module is refused, with those there are.
    """
    with pytest.raises(SpecError) as caught:
        get_task("image-clasification")

    assert str(caught.value) == (
        f"Task: tag='image-clasification' should be one of {', '.join(list_tasks())}."
    )


def test_a_drawing_prints_converts_and_shows_itself() -> None:
    """
    A line of text, a PNG in plain Python, and both pictures in a notebook.
    """
    made = GeneratedImage(
        image=Image.new("RGB", (3, 2), "red"), picture=Image.new("L", (2, 2))
    )
    plain = made.to_dict()
    again = Image.open(io.BytesIO(base64.b64decode(plain["png"])))

    assert str(made) == "a colour picture, 3x2"
    assert json.loads(json.dumps(plain))["width"] == 3
    assert again.getpixel((2, 1)) == (255, 0, 0)
    assert made._repr_png_().startswith(b"\x89PNG")
    assert Tags(made._repr_html_()).open.count("img") == 2


def test_a_sheet_holds_its_pictures_in_rows() -> None:
    """
    Five pictures make a square with three in a row, on a grey ground.
    """
    shades = [Image.new("L", (4, 4), shade) for shade in (0, 50, 100, 150, 200)]
    found = image_grid(shades)
    middles = [
        found.getpixel((4 + 6 * column, 4 + 6 * row))
        for row in (0, 1)
        for column in (0, 1, 2)
    ]

    assert found.size == (20, 14)
    assert middles == [0, 50, 100, 150, 200, 96]
    assert image_grid(shades, columns=5).size == (32, 8)
