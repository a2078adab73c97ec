"""attention-eng-fra: what it translates, what it looks at, and what it refuses."""

import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zoo_seq2seq

import zoo
from zoo import TextInput
from zoo.artifacts import checked_file
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.errors import InputError

NAME = "attention-eng-fra"
CARD = Path(zoo_seq2seq.__file__).parent / "cards" / f"{NAME}.md"
READS = (
    "The model expects a text (language: en): a str, the pathlib.Path of a text file "
    "in UTF-8, or a list of those."
)


@pytest.fixture(scope="module")
def model() -> Any:
    return zoo.load(NAME)


def test_the_card_tells_what_the_model_says(model: Any) -> None:
    """
    Its tables of translations, good ones and bad ones.
    """
    text = CARD.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    told = [row for row in rows if row[0] not in {"English", "---"}]

    found = zoo.predict(model, [english for english, _ in told])

    assert len(told) >= 12
    assert [(one.source, one.text) for one in found] == told


def test_it_looks_at_what_it_translates(model: Any) -> None:
    """
    French puts the colour behind the car; what is looked at changes places with them.
    """
    found = zoo.predict(model, "I bought a red car.")

    def looked(token: str) -> str:
        row = found.attention[found.tokens.index(token)]
        return found.source_tokens[row.index(max(row))]

    assert found.tokens.index("voiture") < found.tokens.index("rouge")
    assert looked("voiture") == "car"
    assert looked("rouge") == "red"
    assert found.tokens[-1] == "</s>"
    assert found.render().width > 200


def test_texts_say_alone_what_they_say_together(model: Any) -> None:
    """
    Beside a text five times as long, and with one beam as with four.
    """
    texts = ["Where is the cat?", "I know that he wants to buy a house in " * 4 + "it."]

    for beams in (1, 4):
        together = zoo.predict(model, texts, beams=beams)
        alone = [zoo.predict(model, text, beams=beams) for text in texts]
        assert [one.text for one in together] == [one.text for one in alone]
        assert len(together[0].alternatives) == beams - 1


def test_either_apostrophe_is_read(model: Any) -> None:
    """
    As keyboards write it, and as books print it.
    """
    straight, curly = zoo.predict(
        model, ["It's late.", "It\N{RIGHT SINGLE QUOTATION MARK}s late."]
    )

    assert straight.text == curly.text


def test_strange_signs_warn_and_break_nothing(model: Any) -> None:
    """
    Once, where most of a text is such; a sign among words is read in bytes.
    """
    with pytest.warns(UserWarning, match="mostly of signs") as told:
        found = zoo.predict(
            zoo.load(NAME), ["고양이가 앉아 있다.", "\N{GRINNING FACE}"]
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = zoo.predict(model, "I love you \N{GRINNING FACE}.")

    assert [str(w.message) for w in told] == [
        "A text is mostly of signs that the model has no token for, so its translation "
        "means nothing: check the language and the alphabet (language: en)."
    ]
    assert all(isinstance(each.text, str) for each in found)
    assert one.text.startswith("J")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", "The text is empty. "),
        (["I am here.", None], "Item 2: There is no text (None). "),
        (
            "I am here. " * 300,
            "The text has 1,201 tokens, and the model reads 100 at most: give it "
            "sentence by sentence, as a list. ",
        ),
    ],
)
def test_what_it_cannot_read_is_refused(model: Any, raw: Any, problem: str) -> None:
    """
    In words that say what to give.
    """
    with pytest.raises(InputError) as refused:
        zoo.predict(model, raw)

    assert str(refused.value) == problem + READS


def test_the_shipped_tokenizer_is_the_pinned_one() -> None:
    """
    The spec pins tokenizer.json as it pins the weights.
    """
    spec = zoo.get_spec(NAME)
    assert isinstance(spec.input, TextInput)
    path = store.shipped_checkpoint(spec) / checkpoints.TOKENIZER

    assert checked_file.sha256_of(path) == spec.input.tokenizer
    assert spec.input == replace(spec.input, tokenizer_source=path)


def test_it_is_well_ahead_of_simple_methods() -> None:
    """
    Of the copy, of words by a lexicon, and of the nearest training sentence.
    """
    receipt = checkpoints.read_receipt(store.shipped_checkpoint(zoo.get_spec(NAME)))
    bleu = {metric["name"]: metric["value"] for metric in receipt["metrics"]}["bleu"]

    assert bleu >= 25
    assert len(receipt["baselines"]) == 3
    assert all(bleu > one["bleu"] + 10 for one in receipt["baselines"].values())
