"""Vectors of texts, the words that lie near them, and what is no word."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from places import Places, spec

import zoo
from zoo.cli import main, render
from zoo.errors import InputError, OptionError, SpecError, VerbError
from zoo.models.metadata import ModelMetadata, attach
from zoo.specs import Output, VectorOutput


@pytest.fixture
def model() -> Any:
    return attach(Places(), ModelMetadata(spec=spec(Places), options={}))


def test_neighbours_are_nearest_first(model: Any) -> None:
    """
    By the cosine; the word itself, and what is no word, is not among them.
    """
    found = zoo.nearest_words(model, "King")

    assert found.words == ["queen", "man", "woman", "stone"]
    assert found.most_similar[0].score == pytest.approx(2 / 6**0.5)
    assert found.most_similar[1].score == pytest.approx(2**-0.5)
    assert found.to_dict()["positive"] == ["King"]
    assert str(zoo.nearest_words(model, "king", n=2)) == "queen (0.816), man (0.707)"


def test_what_is_to_what(model: Any) -> None:
    """
    Added and taken away are directions, and none of the words given is an answer.
    """
    found = zoo.nearest_words(model, positive=["king", "woman"], negative=["man"], n=1)
    away = zoo.nearest_words(model, negative=["man"], n=1)

    assert found.words == ["queen"]
    assert away.words == ["stone"]


def test_a_text_has_a_vector_and_neighbours(model: Any) -> None:
    """
    That of its known words; encode, features and predict agree, one by one or not.
    """
    raw = ["king queen", "man", "nobody"]
    with pytest.warns(UserWarning, match="has no word that the model knows"):
        several = zoo.predict(model, raw, top_k=2)
    with pytest.warns(UserWarning, match="has no word that the model knows"):
        codes = zoo.encode(model, raw)
    first = several[0]

    assert first.vector == (1.0, 0.5, 1.0)
    assert [one.word for one in first.most_similar] == ["woman", "man"]
    assert str(first).startswith("a vector of 3 numbers, near woman (0.")
    assert str(several[2]) == "a vector of 3 numbers"
    assert torch.equal(codes, torch.tensor([one.vector for one in several]))
    assert torch.equal(codes, zoo.features(model, raw))
    assert json.dumps(first.to_dict())
    assert "<td>woman</td>" in first._repr_html_()
    assert [*render.answer(first)] == [str(first)]


@pytest.mark.parametrize(
    ("arguments", "options", "told"),
    [
        (
            ["quen"],
            {},
            "The model does not know the word 'quen'. Did you mean 'queen'?",
        ),
        (["xyzzy"], {}, "The model does not know the word 'xyzzy'."),
        (["고양이"], {}, "The model does not know the word '고양이'."),
        (["🐈"], {}, "The model does not know the word '🐈'."),
        (["[UNK]"], {}, "The model does not know the word '[UNK]'."),
        (
            ["king queen"],
            {},
            "'king queen' is 2 words: give them as positive=['king', 'queen'].",
        ),
        ([5], {}, "An int is not a word."),
        ([["king"]], {}, "A list is not a word."),
        ([], {}, "There is no word."),
        (["king"], {"negative": ["man", None]}, "A NoneType is not a word."),
        ([], {"positive": "king"}, "positive='king' is no list of words."),
        ([], {"positive": ["king"], "negative": 3}, "negative=3 is no list of words."),
    ],
)
def test_what_is_no_word_is_told(
    model: Any, arguments: list[Any], options: dict[str, Any], told: str
) -> None:
    """
    With the words that may have been meant.
    """
    with pytest.raises(InputError) as caught:
        zoo.nearest_words(model, *arguments, **options)

    expected = "The model expects single words that it knows."
    assert str(caught.value) == f"{told} {expected}"


@pytest.mark.parametrize("word", ["", "  "])
def test_nothing_is_no_word(model: Any, word: str) -> None:
    """
    An empty text is refused as it is in zoo.predict.
    """
    with pytest.raises(InputError) as caught:
        zoo.nearest_words(model, word)

    assert str(caught.value) == (
        "The word is empty. The model expects single words that it knows."
    )


def test_none_in_a_list_is_told(model: Any) -> None:
    """
    Which of several inputs is at fault.
    """
    with pytest.raises(InputError) as caught:
        zoo.predict(model, ["king", None])

    assert str(caught.value) == (
        "Item 2: There is no text (None). The model expects a text: a str, the "
        "pathlib.Path of a text file in UTF-8, or a list of those."
    )


@pytest.mark.parametrize("n", [0, -1, True, 2.0, None])
def test_a_count_is_a_whole_number(model: Any, n: Any) -> None:
    """
    Of neighbours, and of those that a prediction tells.
    """
    with pytest.raises(OptionError) as caught:
        zoo.nearest_words(model, "king", n=n)
    with pytest.raises(OptionError) as again:
        zoo.predict(model, "king", top_k=n)

    wanted = "should be 1 or more."
    assert str(caught.value) == (
        f"Model 'places': n={n!r} {wanted} Options: positive, negative, n."
    )
    assert str(again.value) == (
        f"Model 'places': top_k={n!r} {wanted} Options: batch_size, top_k."
    )


def test_other_models_have_no_nearest_words() -> None:
    """
    The error names the method that a module lacks.
    """
    with pytest.raises(VerbError) as caught:
        zoo.nearest_words("xor-mlp", "king")

    assert str(caught.value) == (
        "Model 'xor-mlp' can't find nearest words: its module has no method "
        "'embedding_matrix'. It can be used with zoo.predict."
    )


def test_weights_that_are_not_finite_are_told(model: Any) -> None:
    """
    And not answered with neighbours in no order.
    """
    model.word.weight[2] = torch.nan

    with pytest.raises(InputError) as caught:
        zoo.predict(model, "man")

    assert str(caught.value) == (
        "The model's output is not finite: its weights are at fault. The model expects "
        "numbers it can count with."
    )


def test_a_vector_has_numbers() -> None:
    """
    What a spec says of it survives the checkpoint folder's JSON.
    """
    with pytest.raises(SpecError) as caught:
        VectorOutput(dim=0)

    assert str(caught.value) == "VectorOutput: dim=0 should be at least 1."
    raw = {"kind": "vector", "dim": 3}
    assert Output.from_plain(raw) == VectorOutput(dim=3)
    assert VectorOutput(dim=3).facts == {"output": "a vector of 3 numbers"}


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, model: Any
) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process, where every name is the fixture."""
    monkeypatch.setattr("zoo.inference.nearest_words.require_module", lambda *_: model)

    def ran(*arguments: str | Path) -> tuple[int, str, str]:
        status = main([str(one) for one in arguments])
        return (status, *capsys.readouterr())

    return ran


def test_neighbours_on_the_command_line(run: Callable[..., Any]) -> None:
    """
    Words are added, those after --minus taken away; a word a line, or JSON.
    """
    one = run("nearest-words", "places", "king", "-n", 2)
    several = run("nearest-words", "places", "king", "woman", "--minus", "man", "-n", 1)
    as_json = run("nearest-words", "places", "king", "--json")[1]
    wrong = run("nearest-words", "places", "quen")

    assert one == (0, "queen (0.816)\nman (0.707)\n", "")
    assert several[1].startswith("queen (0.")
    assert json.loads(as_json)["most_similar"][0]["word"] == "queen"
    assert wrong == (
        1,
        "",
        "error: The model does not know the word 'quen'. Did you mean 'queen'? The "
        "model expects single words that it knows.\n",
    )
