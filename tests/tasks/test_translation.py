"""Translations: what goes in, what comes out, and how it shows itself."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from datasets import Dataset, Features
from datasets import Translation as TranslationFeature
from PIL import Image
from sacrebleu import BLEU, CHRF
from translators import END, LETTERS, PADDING, START, Speaker, speaker

import zoo
from zoo.cli import render
from zoo.cli import zoo as command
from zoo.datasets.custom.examples import LabeledExamples
from zoo.datasets.custom.reader import read_data
from zoo.errors import (
    DataError,
    DataWarning,
    InputError,
    MissingExtra,
    OptionError,
    SettingsError,
    SpecError,
)
from zoo.finetuning.strategies import Settings
from zoo.models.metadata import attach
from zoo.runtime import tokenizer
from zoo.runtime.translation_metrics import translation_metrics
from zoo.specs import TranslationOutput
from zoo.tasks.results.vision import Alternative, Translation
from zoo.tasks.targets.translations import TranslationTargets
from zoo.tasks.translation import TASK
from zoo.testing import text_checks

HEAT = Translation(
    source="a $b",
    text="c <d>",
    score=-0.25,
    finished=True,
    alternatives=(Alternative(text="d", score=-1.5),),
    source_tokens=("a", "$b", "</s>"),
    tokens=("c", "<d>", "</s>"),
    attention=((0.9, 0.1, 0.0), (0.1, 0.8, 0.1), (0.0, 0.0, 1.0)),
)


@pytest.fixture
def model() -> Any:
    return speaker()


def test_a_text_is_translated(model: Any) -> None:
    """
    With its score, what else was found, and how much each token counted.
    """
    found = zoo.predict(model, "abc")

    assert isinstance(found, Translation)
    assert found.source == "abc"
    assert found.translation_text == found.text == str(found)
    assert found.source_tokens == ("a", "b", "c", "[END]")
    assert [len(row) for row in found.attention] == [4] * len(found.tokens)
    assert [sum(row) for row in found.attention] == pytest.approx(
        [1] * len(found.tokens)
    )
    assert "".join(found.tokens).removesuffix("[END]") == found.text
    assert 1 <= len(found.alternatives) <= 3
    assert json.loads(json.dumps(found.to_dict()))["translation_text"] == found.text


def test_texts_are_translated_together(model: Any) -> None:
    """
    A list gives a list, in its order; each says what it says alone, and numbers of
    tokens are as good as letters.
    """
    texts = ["a", "bca", "cc"]

    together = zoo.predict(model, texts, batch_size=2)
    numbers = zoo.predict(model, torch.tensor([4, 5, 3, END]))

    assert [one.source for one in together] == texts
    assert [one.text for one in together] == [
        zoo.predict(model, text).text for text in texts
    ]
    assert numbers.text == together[1].text


def test_gaps_and_ends_of_lines_say_nothing(model: Any, tmp_path: Path) -> None:
    """
    A file may end its lines as it likes.
    """
    path = tmp_path / "text.txt"
    path.write_text("\n  a\t \nb\n", encoding="utf-8")

    found = zoo.predict(model, path)

    assert found == zoo.predict(model, "a b")
    assert found.source == "a b"


def test_the_search_has_options(model: Any) -> None:
    """
    One beam has no alternatives; of few tokens a text is cut, and says so.
    """
    with torch.no_grad():
        model.tell.bias[END] = -1e9

    greedy = zoo.predict(model, "abc", beams=1)
    cut = zoo.predict(model, "abc", max_tokens=2)

    assert greedy.alternatives == ()
    assert (len(cut.tokens), cut.finished) == (2, False)
    assert zoo.predict(model, "abc", length_penalty=0).score < cut.score


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("beams", 0, "a whole number from 1 to 100"),
        ("beams", 2.0, "a whole number from 1 to 100"),
        ("beams", True, "a whole number from 1 to 100"),
        ("max_tokens", 0, "a whole number from 1 to 4,096, or None"),
        ("max_tokens", "ten", "a whole number from 1 to 4,096, or None"),
        ("length_penalty", -0.1, "from 0, for none, to 10"),
        ("length_penalty", None, "from 0, for none, to 10"),
    ],
)
def test_a_wrong_option_is_told(
    model: Any, option: str, value: Any, wanted: str
) -> None:
    """
    With what it should be, and the others there are.
    """
    with pytest.raises(OptionError) as refused:
        zoo.predict(model, "abc", **{option: value})

    assert str(refused.value) == (
        f"Model 'speaker': {option}={value!r} should be {wanted}. Options: beams, "
        "max_tokens, length_penalty."
    )


def test_a_long_text_is_not_cut_in_silence(model: Any) -> None:
    """
    Twelve tokens are read, the end among them; of several texts it is said which.
    """
    zoo.predict(model, "a" * 11)
    with pytest.raises(InputError) as refused:
        zoo.predict(model, ["a", "a" * 12])

    assert str(refused.value) == (
        "Item 2: The text has 13 tokens, and the model reads 12 at most: give it "
        "sentence by sentence, as a list. The model expects a text (language: en): a "
        "str, the pathlib.Path of a text file in UTF-8, or a list of those."
    )


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", "The text is empty."),
        (["a", " \n"], "Item 2: The text is empty."),
        ([], "The list is empty."),
        (["a", None], "Item 2: There is no text (None)."),
        (None, "There is no text (None)."),
        (3.5, "A float is not a text."),
        (["a", b"b"], "Item 2: These are bytes, not a text: decode them, as in raw."),
        (
            torch.zeros(3, dtype=torch.int64),
            "A row of token numbers that is padding alone has nothing to say.",
        ),
    ],
)
def test_what_is_no_text_is_refused(model: Any, raw: Any, problem: str) -> None:
    """
    In the words for all models of texts, with its place in a list.
    """
    with pytest.raises(InputError) as refused:
        zoo.predict(model, raw)

    assert str(refused.value).startswith(problem)
    assert "The model expects a text (language: en)" in str(refused.value)


def test_a_translation_shows_itself() -> None:
    """
    As a line, as lines with what else was found, and as a table with no markup in it.
    """
    page = HEAT._repr_html_()

    assert str(HEAT) == "c <d>"
    assert list(render.result(HEAT)) == ["c <d>", "  d (-1.50)"]
    assert "<b>c &lt;d&gt;</b>" in page
    assert "<th>$b</th>" in page
    assert "<th>&lt;d&gt;</th>" in page
    assert 'rgba(68,119,170,0.80)">0.80</td>' in page
    assert "0.9" not in repr(HEAT)


def test_attention_is_a_picture() -> None:
    """
    Larger for longer texts; the tokens beside it may hold the signs of formulas.
    """
    seen = HEAT.render()

    assert isinstance(seen, Image.Image)
    assert seen.mode == "RGB"
    assert min(seen.convert("L").tobytes()) < 120
    longer = Translation(
        **{**vars(HEAT), "source_tokens": (*"abcdef",), "attention": ((0.1,) * 6,) * 3}
    )
    assert longer.render().width > seen.width


@pytest.mark.parametrize("name", ["bos_token_id", "eos_token_id"])
def test_ends_are_the_numbers_of_tokens(name: str) -> None:
    """
    From 0 on.
    """
    with pytest.raises(SpecError) as refused:
        TranslationOutput(**{"bos_token_id": 1, "eos_token_id": 2, name: -1})  # type: ignore[arg-type]

    assert str(refused.value) == (
        f"TranslationOutput: {name}=-1 should be the number of a token."
    )


def test_the_package_that_is_missing_is_named() -> None:
    """
    With the distribution whose extra has it.
    """
    missing = MissingExtra("sacrebleu", "Measuring", distribution="zoo-seq2seq")

    assert str(missing) == (
        "Measuring needs the package 'sacrebleu', which is not installed. Run: pip "
        "install 'zoo-seq2seq[train]'"
    )


def write_pairs(
    path: Path, rows: Sequence[tuple[str, ...]], names: str = "en,fr"
) -> Path:
    lines = [names, *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_translations_are_measured_by_what_is_found(model: Any, tmp_path: Path) -> None:
    """
    chrF and BLEU are sacrebleu's, of what `zoo.predict` answers; in a table the columns
    are named by their languages, and others are left alone.
    """
    with torch.no_grad():
        model.tell.bias[END] = -1e9  # it says nothing otherwise
    texts = ["abc", "bca", "cc", "a b"]
    said = [one.text for one in zoo.predict(model, texts)]
    wanted = [said[0], "cab", said[2][:5], "c"]
    rows = [(a, b, str(n)) for n, (a, b) in enumerate(zip(texts, wanted, strict=True))]
    path = write_pairs(tmp_path / "pairs.csv", rows, "en,fr,number")

    found = zoo.evaluate(model, path)

    assert found["chrf"] == pytest.approx(CHRF().corpus_score(said, [wanted]).score)
    assert found["bleu"] == pytest.approx(BLEU().corpus_score(said, [wanted]).score)
    assert list(found) == ["chrf", "bleu"]
    assert 0 < found["chrf"] < 100


def test_columns_are_found_by_name(model: Any, tmp_path: Path) -> None:
    """
    By the language, by a usual name, or by the one that is given.
    """
    rows = [("abc", "aab"), ("cc", "b")]
    wanted = zoo.evaluate(model, write_pairs(tmp_path / "pairs.csv", rows))

    for names in ("text,translation", "sentence,target", "en,target_text", "x,fr"):
        path = write_pairs(tmp_path / "other.csv", rows, names)
        assert zoo.evaluate(model, path) == wanted
    path = write_pairs(tmp_path / "other.csv", rows, "mine,yours")
    assert zoo.evaluate(model, path, target="yours") == wanted
    assert zoo.evaluate(model, path, column="mine", target="yours") == wanted
    with pytest.raises(DataError) as refused:
        zoo.evaluate(model, path)
    assert str(refused.value) == (
        f"{path} has no target column 'fr' or 'translation' or 'target' or "
        "'target_text'. It has mine, yours; name it with target=... (--target)."
    )


def test_a_dataset_may_hold_both_languages_in_a_column(
    model: Any, tmp_path: Path
) -> None:
    """
    As on the Hub, by its own feature or as a plain object.
    """
    texts, others = ["abc", "cc"], ["aab", "b"]
    pairs = [{"en": a, "fr": b} for a, b in zip(texts, others, strict=True)]
    path = write_pairs(tmp_path / "pairs.csv", [*zip(texts, others, strict=True)])
    wanted = zoo.evaluate(model, path)

    both = TranslationFeature(languages=["en", "fr"])
    plain = Dataset.from_dict({"id": ["1", "2"], "translation": pairs})
    own = Dataset.from_dict(
        {"translation": pairs}, features=Features({"translation": both})
    )

    assert zoo.evaluate(model, plain) == wanted
    assert zoo.evaluate(model, own) == wanted


def test_another_language_is_said(model: Any, tmp_path: Path) -> None:
    """
    Where a column is named by it; its letters have tokens, so nothing else would tell.
    """
    path = write_pairs(tmp_path / "pairs.csv", [("abc", "aab")], "de,es")

    with pytest.warns(DataWarning) as told:
        zoo.evaluate(model, path, column="de", target="es")

    assert [str(w.message) for w in told] == [
        f"{path.name}: the texts are in the column 'de', and the model translates from "
        "'en'. If they are of another language, it learns that one, and its card says "
        "'en' all the same.",
        f"{path.name}: the targets are in the column 'es', and the model translates to "
        "'fr'. If they are of another language, it learns that one, and its card says "
        "'fr' all the same.",
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("en,fr\na,b\nb,\nc, \n", "2 rows have no translation: line 3, line 4."),
        ("en,fr\na,b\nb,\n", "1 row has no translation: line 3."),
    ],
)
def test_pairs_without_a_translation_are_named(
    model: Any, tmp_path: Path, content: str, problem: str
) -> None:
    """
    By their lines.
    """
    path = tmp_path / "pairs.csv"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(DataError) as refused:
        zoo.evaluate(model, path)

    assert str(refused.value) == f"pairs.csv: {problem}"


def test_a_translation_is_a_text(model: Any, tmp_path: Path) -> None:
    """
    And no number of a JSON file; labels are of classes alone.
    """
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"en": "a", "fr": 5}\n', encoding="utf-8")
    spec = model.zoo.spec

    with pytest.raises(DataError) as refused:
        zoo.evaluate(model, path)
    assert str(refused.value) == (
        "pairs.jsonl: the translation of line 1 is 5, and no text."
    )
    path.write_text('{"en": "a", "fr": "b"}\n', encoding="utf-8")
    with pytest.raises(DataError) as refused:
        read_data(path, spec.input, spec.output, labels=["a"])
    assert str(refused.value) == (
        "pairs.jsonl: labels= names classes, and translations have none: leave it out."
    )


def test_a_long_translation_is_refused(model: Any) -> None:
    """
    One that has more tokens than any that is found.
    """
    given = torch.tensor([[3, END]])
    TASK.check_targets(model, given, {"pairs/training": ["a" * 34]})

    with pytest.raises(DataError) as refused:
        TASK.check_targets(model, given, {"pairs/training": ["a", "a" * 35]})

    assert str(refused.value) == (
        "pairs/training: translation 2 has 35 tokens, and the model writes 34 at most: "
        "give it sentence by sentence."
    )


@pytest.mark.parametrize("padding", [PADDING, END])
def test_the_loss_is_of_each_token_after_the_right_ones(
    model: Any, padding: int
) -> None:
    """
    The end among them, and nothing after it: the mean over tokens, of texts of
    different length; also where the end pads.
    """
    spec = model.zoo.spec
    spec = replace(spec, input=replace(spec.input, pad_token_id=padding))
    attach(model, replace(model.zoo, spec=spec))
    sources, texts = [[3, 4, 5], [4, 3, 3]], ["ab", "cabb"]

    batch = tokenizer.pad(sources, spec.input)
    target = TranslationTargets().tensor(texts, spec.input, spec.output)
    with torch.inference_mode():
        found = TASK.compute_own_loss(model, batch, target)

        surprises = []
        for row, text in zip(batch, texts, strict=True):
            tokens = [START, *(LETTERS.index(letter) for letter in text), END]
            memory = model.encode_source(row[None])
            for token, after in pairwise(tokens):
                logits, _, memory = model.decode_step(torch.tensor([token]), memory)
                surprises.append(-logits.log_softmax(dim=-1)[0, after])
    assert found.item() == pytest.approx(torch.stack(surprises).mean().item(), abs=1e-5)


@pytest.mark.parametrize(
    ("setting", "value", "what"),
    [
        ("freeze", "backbone", "freeze='backbone' keeps what lies before a head"),
        ("head_init", "random", "head_init='random' is of a new head"),
        ("balance", True, "balance=True lets classes count alike"),
    ],
)
def test_settings_of_heads_are_refused(
    model: Any, setting: str, value: Any, what: str
) -> None:
    """
    A translator learns as a whole, and by small steps.
    """
    spec = model.zoo.spec
    plain = Settings(**{"freeze": "none", setting: value})

    with pytest.raises(SettingsError) as refused:
        TASK.check_finetuning(spec, plain)

    assert str(refused.value) == (
        f"{what}, and 'speaker' learns as a whole from sentence pairs: leave {setting} "
        "out."
    )


def test_a_text_that_stays_as_it_is_is_the_baseline(model: Any) -> None:
    """
    What a copy reaches, without a model.
    """
    rows = LabeledExamples(
        items=["abc", "b  a"], targets=("abc", "c"), names=["1", "2"]
    )

    found = TASK.baselines(rows, rows, model.zoo.spec.input, model.zoo.spec.output)

    wanted = translation_metrics(["abc", "b a"], ["abc", "c"])
    assert found == {"copy of the text": wanted}


class Filled(Speaker):
    """Looks at what fills up a source."""

    def encode_source(self, source: torch.Tensor) -> Any:
        known = torch.ones_like(source, dtype=torch.bool)
        return {**super().encode_source(source), "known": known}


class Careless(Speaker):
    """Changes the memory that it was given."""

    def decode_step(self, token: torch.Tensor, memory: Any) -> Any:
        logits, weight, after = super().decode_step(token, memory)
        memory["state"] += 1
        return logits, weight, after


class Mixed(Speaker):
    """Adds to each row the mean of all."""

    def decode_step(self, token: torch.Tensor, memory: Any) -> Any:
        logits, weight, after = super().decode_step(token, memory)
        return logits + 9 * logits.mean(dim=0), weight, after


class Other(Speaker):
    """Tells something else of a whole text than step by step."""

    def forward(self, source: torch.Tensor, target: Any = None) -> torch.Tensor:
        return super().forward(source, target) + 1


def install(kind: type[Speaker], monkeypatch: pytest.MonkeyPatch) -> Any:
    made = speaker(kind)
    monkeypatch.setattr("zoo.testing.text_checks.loading.build", lambda *_: made)
    return made.zoo.spec


def test_an_honest_translator_passes_every_check(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    Those of texts, and those of translations.
    """
    spec = install(Speaker, monkeypatch)

    for check in text_checks.TEXT_CHECKS:
        check(spec, tmp_path)


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        (Filled, text_checks.steps_are_the_whole),
        (Careless, text_checks.steps_are_the_whole),
        (Other, text_checks.steps_are_the_whole),
        (Mixed, text_checks.translations_are_found_as_alone),
    ],
)
def test_a_cheat_is_caught(
    kind: type[Speaker], check: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    By the check of what it does wrong.
    """
    spec = install(kind, monkeypatch)

    with pytest.raises(AssertionError):
        check(spec, tmp_path)


def test_the_command_translates(
    model: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    With the options of the search, all that was found, and a picture of the attention;
    a model that classifies has none of these.
    """
    for home in (
        "zoo.models.loading.find",
        "zoo.models.loading.build",
        "zoo.models.loading.load",
    ):
        found = model.zoo.spec if home.endswith("find") else model
        monkeypatch.setattr(home, lambda *_, found=found, **__: found)
    drawn = tmp_path / "heat.png"
    given = ["predict", "speaker", "abc", "--beams", "2", "--max-tokens", "5"]

    told = CliRunner().invoke(command, [*given, "--save", str(drawn)])
    plain = CliRunner().invoke(command, [*given, "--length-penalty", "0", "--json"])

    best = zoo.predict(model, "abc", beams=2, max_tokens=5)
    assert told.output.splitlines() == list(render.result(best))
    with Image.open(drawn) as picture:
        assert picture.size == best.render().size
    flat = zoo.predict(model, "abc", beams=2, max_tokens=5, length_penalty=0)
    assert json.loads(plain.output) == flat.to_dict()


def test_options_of_a_translation_are_for_no_other_model() -> None:
    """
    One that classifies says which it has.
    """
    refused = CliRunner().invoke(
        command, ["predict", "perceptron-iris", "[5.1, 1.4]", "--beams", "2"]
    )

    assert str(refused.exception) == (
        "Model 'perceptron-iris': zoo.predict has no option 'beams'. Options: "
        "batch_size."
    )
