"""Drawings on another ground than the model knows: said, mended, and remembered."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from small import pictures

import zoo
from zoo.errors import OptionError, SettingsError

DIGITS = "lenet5-mnist"
LIGHT = (
    "The background is light; the model was trained on a dark one: pass invert=True "
    "(--invert)."
)
QUICK = {"epochs": 2, "precision": "no"}


@pytest.fixture
def negatives(tmp_path: Path) -> Path:
    """Stripes, dark on light."""
    folder = pictures(tmp_path / "photos", 8)
    for path in folder.rglob("*.png"):
        with Image.open(path) as picture:
            ImageOps.invert(picture).save(path)
    return folder


def test_finetuning_says_so_and_remembers(negatives: Path, tmp_path: Path) -> None:
    """
    The model that was made expects a light ground, and warns of a dark one.
    """
    with pytest.warns(UserWarning) as seen:  # noqa: PT030 - compared below
        zoo.finetune(DIGITS, negatives, tmp_path / "out", **QUICK)
    told = [str(one.message) for one in seen]
    assert [one for one in told if "copies" not in one] == [  # the pictures repeat
        f"photos: {LIGHT} Without it, the model learns the light one, and expects it "
        "from now on."
    ]

    model = zoo.load(tmp_path / "out")
    assert model.zoo.spec.input.background == "light"  # type: ignore[union-attr]
    zoo.predict(model, negatives / "across" / "0.png")
    with pytest.warns(UserWarning, match="The background is dark; the model was train"):
        zoo.predict(model, Image.new("L", (28, 28)))


def test_finetuning_on_negatives_is_finetuning_on_the_pictures(
    negatives: Path, tmp_path: Path
) -> None:
    """
    With `invert` the model sees what it knows, then and later, without being told.
    """
    plain = pictures(tmp_path / "plain" / "photos", 8)
    zoo.finetune(DIGITS, plain, tmp_path / "of-plain", **QUICK)
    zoo.finetune(DIGITS, negatives, tmp_path / "of-negatives", invert=True, **QUICK)
    first, second = (zoo.load(tmp_path / f"of-{one}") for one in ("plain", "negatives"))

    for name in ("across/0.png", "down/3.png"):
        expected = zoo.predict(first, plain / name)
        assert zoo.predict(second, negatives / name).score == pytest.approx(
            expected.score, abs=1e-4
        )
    assert zoo.evaluate(second, negatives) == zoo.evaluate(first, plain)
    known = second.zoo.spec.input  # type: ignore[union-attr]
    assert (known.background, known.mean, known.std) == ("light", (1.0,), (-1.0,))


def test_evaluate_says_so_and_takes_invert(
    negatives: Path, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """
    Once, and with `invert` the figures are those of the pictures themselves.
    """
    plain = pictures(tmp_path / "plain" / "photos", 8)
    zoo.finetune(DIGITS, plain, tmp_path / "out", **QUICK)
    model = zoo.load(tmp_path / "out")
    expected = zoo.evaluate(model, plain)
    assert zoo.evaluate(model, negatives, invert=True) == expected
    told = [str(one.message) for one in recwarn.list]
    # The pictures repeat, and were learned from.
    assert not [one for one in told if "copies" not in one and "trained" not in one]
    with pytest.warns(UserWarning) as seen:  # noqa: PT030 - compared below
        zoo.evaluate(model, negatives)
    assert [str(one.message) for one in seen] == [LIGHT]


def refused(call: Callable[[], object], kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def test_invert_is_for_pictures(tmp_path: Path) -> None:
    """
    Of rows of numbers there is no negative, and an unknown option is refused.
    """
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "sepal_length,petal_length,label\n" + "5.1,1.4,setosa\n6.5,4.6,versicolor\n" * 5
    )
    iris = zoo.load("perceptron-iris")

    told = refused(lambda: zoo.evaluate(iris, rows, invert=True), OptionError)
    assert told == (
        "Model 'perceptron-iris': zoo.evaluate has no option 'invert'. Options: none."
    )
    told = refused(
        lambda: zoo.finetune("gru-imdb", rows, tmp_path / "out", invert=True),
        SettingsError,
    )
    assert told == (
        "invert=True exchanges dark and light, and 'gru-imdb' takes texts: leave it "
        "out."
    )
