"""What is told of a user's data before anything is trained: `zoo.inspect`."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image
from stripes import stripes

import zoo
from zoo.datasets.custom.profiles import PictureProfile, TableProfile, TextProfile
from zoo.errors import DataError
from zoo.finetuning.inspection import Inspection

LENET, READER = "lenet5-mnist", "gru-nsmc"


def patients(**more: list[Any]) -> pd.DataFrame:
    """Return forty rows with a column that says nothing, and further ones."""
    number = range(40)
    plain = {
        "age": [20 + n % 7 for n in number],
        "label": ["ill" if n % 5 == 0 else "well" for n in number],
    }
    return pd.DataFrame({**plain, **more})


def columns(found: Inspection) -> dict[str, Any]:
    assert isinstance(found.inputs, TableProfile)
    return {one.name: one for one in found.inputs.columns}


def test_missing_values_are_counted_by_column(tmp_path: Path) -> None:
    """
    Empty cells, NaN, and the words that programs write for them, also in a CSV file.
    """
    rows = patients(weight=[None, "NA", " ", *map(str, range(50, 87))])
    rows.to_csv(tmp_path / "rows.csv", index=False)

    for data in (rows, tmp_path / "rows.csv"):
        found = zoo.inspect(data)
        assert columns(found)["weight"].missing == 3
        assert columns(found)["age"].missing == 0
        assert (columns(found)["weight"].low, columns(found)["weight"].high) == (50, 86)
        assert found.first == (
            "Of 40 training rows values are missing ('weight' 3): fill them in, or "
            "leave the rows out.",
            "The labels are uneven: 32 of 'well', and 8 of 'ill'. Look at F1, as "
            "accuracy hides the rare ones. Let all classes count alike: --set "
            "balance=true.",
        )


def test_a_column_that_is_the_label_gives_it_away() -> None:
    """
    Numbered, or in other words: the gravest of what stands out.
    """
    code = [7 if n % 5 == 0 else 3 for n in range(40)]

    found = zoo.inspect(patients(code=code))

    assert found.first[0] == (
        "The column 'code' gives the target away: each of its values stands for one "
        "class, and each class for one. Take it out, unless it is known before the "
        "answer is."
    )
    assert not columns(found)["age"].gives_away


@pytest.mark.parametrize(
    ("noise", "says"), [(0.0, "a correlation ratio of 0.998"), (9.0, "")]
)
def test_a_column_that_goes_along_with_the_label_gives_it_away(
    noise: float, says: str
) -> None:
    """
    By the share of its variance that lies between the classes.
    """
    dose = [(100 if n % 5 == 0 else 0) + n % 8 + noise * n for n in range(40)]

    assert columns(zoo.inspect(patients(dose=dose)))["dose"].gives_away == says


def test_a_column_that_follows_a_number_gives_it_away() -> None:
    """
    A target with fractions is a number, and said to be taken as one.
    """
    price = [n / 3 for n in range(40)]
    rows = pd.DataFrame(
        {"price": price, "tax": [2 * p + 1 for p in price], "n": [1] * 40}
    )

    found = zoo.inspect(rows, target="price")

    assert found.kind == "rows of a table, with a number in 'price'"
    assert columns(found)["tax"].gives_away == "a correlation of 1.000"
    assert found.findings[1:] == (
        "'n' is the same in every training row: nothing can be learned from it.",
    )
    assert found.labels == {}
    assert found.share is None
    assert [*found.baselines["the mean"]] == ["rmse", "mae", "r2"]


def test_words_among_the_numbers_are_said() -> None:
    """
    Of a column of words that it is one, of one of numbers that some are none.
    """
    rows = patients(
        town=["Ulm", "Rom"] * 20, size=["1.5 m", *[str(n) for n in range(39)]]
    )

    assert zoo.inspect(rows).findings[:2] == (
        "Among the numbers there is what is none ('size' 1): write it as a number, or "
        "leave the rows out.",
        "'town' is text, and a model of rows takes numbers: write them as numbers, "
        "such as a column of 0 and 1 for each value.",
    )


def test_an_uneven_folder_is_told_with_what_an_answer_reaches_that_knows_nothing(
    tmp_path: Path,
) -> None:
    """
    The share of the commonest label, its accuracy, and how to weigh the rare ones.
    """
    data = stripes(tmp_path / "photos", rows=20)
    for path in sorted((data / "standing").iterdir())[4:]:
        path.unlink()

    found = zoo.inspect(data, LENET)

    assert found.rows == {"training": 24}
    assert found.labels == {"lying": {"training": 20}, "standing": {"training": 4}}
    assert found.share == pytest.approx(20 / 24)
    assert found.baselines == {
        "the commonest class": {"accuracy": pytest.approx(20 / 24)}
    }
    assert found.findings == (
        "The labels are uneven: 20 of 'lying', and 4 of 'standing'. Look at F1, as "
        "accuracy hides the rare ones. Let all classes count alike: --set "
        "balance=true.",
    )


def test_characters_that_no_picture_shows_are_not_uneven(tmp_path: Path) -> None:
    """
    A model that reads has an alphabet, and three pictures do not show all of it.
    """
    for name in ("2b827", "77aad", "91cc0"):
        Image.new("L", (240, 60), 200).save(tmp_path / f"{name}.png")

    found = zoo.inspect(tmp_path, "crnn-captcha")

    assert found.labels["z"] == {"training": 0}
    assert found.findings == ()


def test_copies_and_two_labels_are_said_as_a_fine_tuning_says_them(
    tmp_path: Path,
) -> None:
    """
    In its own words, once, and not as warnings.
    """
    stripes(tmp_path / "photos" / "train")
    data = stripes(tmp_path / "photos" / "test", rows=3, seed=1).parent
    lying = (data / "train" / "lying" / "0.png").read_bytes()
    (data / "test" / "lying" / "0.png").write_bytes(lying)
    (data / "train" / "standing" / "0.png").write_bytes(lying)

    found = zoo.inspect(data)

    assert found.findings == (
        "photos: 2 training rows have the content of another one and a different label "
        "(lying/0.png is 'lying', standing/0.png is 'standing'). Keep one label of "
        "each.",
        "photos: 1 of 6 test rows is a copy of training rows (lying/0.png), so the "
        "test metrics flatter the model. Remove the copies.",
    )
    assert str(found).count("is a copy of training rows") == 1
    assert found.measured == "test"


def test_texts_that_a_model_cuts_are_counted() -> None:
    """
    With a model by its tokens; without one there are lengths alone.
    """
    limit = zoo.get_spec(READER).input.max_length  # type: ignore[attr-defined]
    texts = ["정말 좋다 " * limit, "좋은 영화", "나쁘다", ""] * 3
    rows = pd.DataFrame({"text": texts, "label": ["good", "good", "bad", "bad"] * 3})

    found, plain = zoo.inspect(rows, READER), zoo.inspect(rows)

    assert isinstance(found.inputs, TextProfile)
    assert found.inputs.cut == {"training": 3}
    assert found.inputs.max_tokens == limit
    assert found.inputs.characters == (0, 4, 6 * limit)
    assert (
        f"the table: 3 of 12 training texts are longer than the {limit} tokens that "
        f"{READER!r} reads at most: the rest is not read."
    ) in found.findings
    assert isinstance(plain.inputs, TextProfile)
    assert plain.inputs.max_tokens is None
    assert plain.findings[0] == "3 training texts of 12 are empty: leave them out."


def test_pictures_are_told_by_size_and_mode(tmp_path: Path) -> None:
    """
    Those that are smaller than what the model looks at, and those that are none.
    """
    for number in range(6):
        folder = tmp_path / "photos" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        size = (10 + number, 20)
        Image.new("L" if number else "RGB", size, number).save(folder / f"{number}.png")
    (tmp_path / "photos" / "b" / "odd.png").write_bytes(b"no picture")

    found = zoo.inspect(tmp_path / "photos", LENET)

    assert isinstance(found.inputs, PictureProfile)
    assert found.inputs.smallest == (10, 20)
    assert found.inputs.largest == (15, 20)
    assert found.inputs.modes == {"L": 5, "RGB": 1}
    assert found.inputs.smaller == 6
    assert found.first == (
        "1 training picture can't be opened: mend them, or leave them out.",
        "6 of 7 training pictures are smaller than the 28x28 pixels that the model "
        "looks at: they are enlarged, and show no more by it. Larger ones may do "
        "better.",
    )
    assert len(found.unreadable) == 1
    assert found.unreadable[0].startswith("b/odd.png: ")


def test_a_series_is_told_by_its_table(tmp_path: Path) -> None:
    """
    Its windows are the rows; the last value of it is no column that gives it away.
    """
    spec = zoo.get_spec("rnn-netflix")
    days = range(60)
    rows = {name: [300.0 + n for n in days] for name in spec.input.required_columns}
    frame = pd.DataFrame({"Date": pd.date_range("2024-01-01", periods=60), **rows})

    found = zoo.inspect(frame, "rnn-netflix")

    assert found.rows == {"training": 30}
    assert isinstance(found.inputs, TableProfile)
    assert found.inputs.count == 60
    assert not any(one.gives_away for one in found.inputs.columns)
    assert [*found.baselines] == ["persistence"]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("images/1.png", "masks/1.png"), "holds pictures with masks, boxes or texts"),
        (("images/1.png", "labels/1.txt"), "holds pictures with masks, boxes or texts"),
        (("a/1.pdf", "b/2.pdf"), "holds neither pictures nor texts"),
    ],
)
def test_what_a_folder_is_for_is_asked_where_it_may_be_several_things(
    tmp_path: Path, names: tuple[str, ...], says: str
) -> None:
    """
    Nothing is guessed.
    """
    for name in names:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".png":
            Image.new("L", (4, 4)).save(path)
        else:
            path.write_text("0 0.5 0.5 1 1")

    with pytest.raises(DataError) as caught:
        zoo.inspect(tmp_path / "data")

    assert str(caught.value) == (
        f"{tmp_path / 'data'} {says}, and what they are for can't be told: name the "
        "model that it is for, with model=... (--for NAME)."
    )


def test_two_columns_of_inputs_are_asked_about() -> None:
    """
    And named.
    """
    rows = pd.DataFrame({"text": ["a"], "image": ["b.png"], "label": ["x"]})

    with pytest.raises(DataError) as caught:
        zoo.inspect(rows)

    assert str(caught.value) == (
        "The table has several columns of inputs ('text', 'image'): name one with "
        "column=... (--column), or the model that it is for with model=... (--for)."
    )


def test_data_that_is_none_is_refused() -> None:
    """
    A name that nothing has.
    """
    with pytest.raises(DataError) as caught:
        zoo.inspect("no-such-thing")

    assert str(caught.value) == (
        "'no-such-thing' is no folder, no table and no registered dataset, and what "
        "they are for can't be told: name the model that it is for, with model=... "
        "(--for NAME)."
    )


def test_even_data_has_nothing_to_look_at() -> None:
    """
    Which is said, in a terminal and in a notebook.
    """
    found = zoo.inspect("iris")

    assert found.first == ()
    assert str(found).endswith("\n\nNothing stands out.")
    assert found._repr_html_().endswith("<p>Nothing stands out.</p>")


def test_a_notebook_shows_names_as_text() -> None:
    """
    A label with marks of HTML is no mark there.
    """
    rows = patients()
    rows["label"] = ["<b>" if one == "ill" else "&" for one in rows["label"]]

    shown = zoo.inspect(rows)._repr_html_()

    assert "<td>&lt;b&gt;</td>" in shown
    assert "<td>&amp;</td>" in shown


def test_a_fine_tuning_says_it_in_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    The short form comes first, without what warnings say.
    """
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal
    data = stripes(tmp_path / "photos", rows=20)
    for path in sorted((data / "standing").iterdir())[4:]:
        path.unlink()

    zoo.finetune(LENET, data)

    shown = capsys.readouterr().err
    assert "photos: 24 training rows\n" in shown
    assert "2 labels, the commonest 'lying' with 83.3%\n" in shown
    assert "The labels are uneven: 20 of 'lying', and 4 of 'standing'." in shown
