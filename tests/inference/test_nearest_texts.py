"""Which texts of a list lie nearest to a text."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from places import Places, spec
from torch import nn

import zoo
from zoo.cli import main
from zoo.errors import InputError, OptionError, TruncationWarning
from zoo.models.metadata import ModelMetadata, attach

NOTES = ["stone", "king queen", "woman", "man"]


@pytest.fixture
def model() -> Any:
    return attach(Places(), ModelMetadata(spec=spec(Places), options={}))


def test_the_nearest_text_is_the_first(model: Any) -> None:
    """
    By the cosine of the vectors that zoo.features gives, whatever their length.
    """
    found = zoo.nearest_texts(model, "queen", NOTES, n=3)
    vectors = zoo.features(model, ["queen", *NOTES])
    wanted = torch.cosine_similarity(vectors[:1], vectors[1:])

    assert found.texts == ["king queen", "woman", "man"]
    assert found.indices == [1, 2, 3] == wanted.topk(3).indices.tolist()
    assert [one.score for one in found.most_similar] == pytest.approx(
        wanted.topk(3).values.tolist()
    )


def test_a_list_gives_a_list(model: Any) -> None:
    """
    One result for each text, the same as alone, and no more texts than there are.
    """
    found = zoo.nearest_texts(model, ["king", "stone"], NOTES, n=9)

    assert [one.text for one in found] == ["king", "stone"]
    assert found[1] == zoo.nearest_texts(model, "stone", NOTES, n=9)
    assert sorted(found[0].indices) == [0, 1, 2, 3]
    assert found[1].texts[0] == "stone"


def test_a_text_of_no_known_word_is_near_nothing(model: Any) -> None:
    """
    Its vector is zero; a text that shares nothing is not among the nearest either.
    """
    found = zoo.nearest_texts(model, "xyzzy", NOTES)
    other = zoo.nearest_texts(model, "king", ["xyzzy", "queen"])

    assert found.most_similar == ()
    assert str(found) == "no text"
    assert other.indices == [1]


def test_nearest_texts_are_shown_shortened(model: Any) -> None:
    """
    As lines, in a notebook with what is HTML escaped, and whole in JSON.
    """
    long = "<b> " + "king " * 50
    with pytest.warns(TruncationWarning, match="longer than the 8 tokens"):
        found = zoo.nearest_texts(model, "king", [long], n=1)
    (line,) = str(found).splitlines()

    assert line.startswith("0: <b> king king")
    assert line.endswith("king ... (1.000)")
    assert len(line) < 90
    assert "&lt;b&gt; king" in found._repr_html_()
    assert json.loads(json.dumps(found.to_dict()))["most_similar"][0]["text"] == long


def test_a_classifier_of_texts_compares_the_input_of_its_head() -> None:
    """
    So that its nearest texts are of the same sentiment.
    """
    reviews = ["A dull and stupid film", "A wonderful film, I loved it"]
    found = zoo.nearest_texts("lstm-imdb", "An awful, boring movie", reviews)

    assert found.indices == [0, 1]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ([], "The list is empty."),
        (["king", None], "Item 2: There is no text (None)."),
        (["king", ""], "Item 2: The text is empty."),
    ],
)
def test_what_is_no_list_of_texts_is_told(model: Any, texts: Any, told: str) -> None:
    """
    In the words of zoo.predict.
    """
    with pytest.raises(InputError) as caught:
        zoo.nearest_texts(model, "king", texts)

    assert str(caught.value) == (
        f"{told} The model expects a text: a str, the pathlib.Path of a text file in "
        "UTF-8, or a list of those."
    )


def test_a_count_of_texts_is_a_whole_number(model: Any) -> None:
    """
    Not a half, and not none.
    """
    with pytest.raises(OptionError) as caught:
        zoo.nearest_texts(model, "king", NOTES, n=0)

    assert str(caught.value) == ("Model 'places': n=0 should be 1 or more. Options: n.")


def test_a_model_of_images_has_no_nearest_texts() -> None:
    """
    The error says what it reads.
    """
    with pytest.raises(InputError) as caught:
        zoo.nearest_texts("lenet5-mnist", "king", NOTES)

    assert str(caught.value) == (
        "'lenet5-mnist' reads no texts. The model expects a grey picture on a "
        "dark ground, brought to 28x28."
    )


def test_vectors_that_are_not_finite_are_told(model: Any) -> None:
    """
    And not answered with texts in no order.
    """
    nn.init.constant_(model.word.weight, torch.nan)

    with pytest.raises(InputError) as caught:
        zoo.nearest_texts(model, "king", NOTES)

    assert str(caught.value) == (
        "The model's output is not finite: its weights are at fault. The model expects "
        "numbers it can count with."
    )


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, model: Any
) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process, where every name is the fixture."""
    monkeypatch.setattr("zoo.inference.nearest_texts.require_module", lambda *_: model)
    monkeypatch.setattr("zoo.models.loading.find", lambda _: spec(Places))

    def ran(*arguments: str | Path) -> tuple[int, str, str]:
        status = main(["nearest-texts", "places", *map(str, arguments)])
        return (status, *capsys.readouterr())

    return ran


def test_files_are_found_on_the_command_line(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    """
    By their names, the nearest first; a text that is near none is told so.
    """
    for number, note in enumerate(NOTES):
        (tmp_path / f"{number}.txt").write_text(note)

    assert run("queen", tmp_path, "-n", 2) == (
        0,
        f"{tmp_path}/1.txt (0.962)\n{tmp_path}/2.txt (0.816)\n",
        "",
    )
    assert run("xyzzy", tmp_path) == (0, "no text\n", "")


def test_rows_are_found_on_the_command_line(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    """
    Each with its text; JSON has the names too.
    """
    table = tmp_path / "notes.csv"
    table.write_text("\n".join(["note", *NOTES]))
    found = json.loads(run("queen", table, "--json")[1])

    assert run("king", table, "-n", 1)[1] == (f"{table}, row 2: king queen (0.943)\n")
    assert found["most_similar"][0] | {"score": 1} == {
        "index": 1,
        "name": f"{table}, row 2",
        "score": 1,
        "text": "king queen",
    }


def test_a_model_of_images_is_refused_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["nearest-texts", "lenet5-mnist", "king", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        "error: 'lenet5-mnist' reads no texts. The model expects a grey picture on a "
        "dark ground, brought to 28x28.\n"
    )


def test_a_table_without_rows_holds_no_texts(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "none.csv").write_text("text,id\n")

    status, _, said = run("king", tmp_path / "none.csv")

    assert status == 1
    assert said.startswith(f"error: {tmp_path / 'none.csv'} holds no texts. ")


def test_files_are_read_in_the_encoding_that_is_named(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    """
    What is not in it is told by its name.
    """
    (tmp_path / "a.txt").write_bytes("king queen".encode("utf-16"))

    assert run("king", tmp_path, "--encoding", "utf-16") == (
        0,
        f"{tmp_path}/a.txt: king queen (0.943)\n",
        "",
    )
    assert run("king", tmp_path, "--encoding", "ascii")[2].startswith(
        f"error: {tmp_path}/a.txt is not ascii text (byte 0). "
    )
