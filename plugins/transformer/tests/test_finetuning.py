"""Fine-tuning on plain texts, and by small factors: what a user's own data does."""

import math
import random
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from zoo_transformer.char_tokenizer import train_tokenizer

import zoo
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.errors import (
    DataError,
    DataWarning,
    InputError,
    MissingExtra,
    SettingsError,
)
from zoo.finetuning.finetune import finetune_by_name

SENTENCES = ("the cat sat. ", "a dog ran. ", "the owl saw a cat. ")
FEW = {"epochs": 3, "min_steps": 1, "lr": 1e-3}
SIZES = {"context_length": 16, "embed_dim": 24, "num_layers": 2, "num_heads": 2}


def language(seed: int, sentences: int = 60) -> str:
    """Return a text of a language of three sentences."""
    drawn = random.Random(seed)
    return "".join(drawn.choice(SENTENCES) for _ in range(sentences))


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six texts."""
    folder = tmp_path_factory.mktemp("own") / "texts"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(language(number))
    return folder


@pytest.fixture(scope="module")
def tuned(texts: Path) -> Path:
    """gpt-mini, fine-tuned on the texts."""
    folder = texts.parent / "gpt"
    zoo.finetune("gpt-mini", texts, folder, progress=False, **FEW)
    return folder


def test_a_language_of_three_sentences_is_learned(tuned: Path) -> None:
    """
    A file is held out; on it the loss falls far below that of the model as it was.
    """
    receipt = zoo.load(tuned).zoo.receipt
    reached, before = receipt["metrics"][0], receipt["baselines"]["before"]

    assert receipt["data"]["texts/training"]["rows"] == 5
    assert receipt["data"]["texts/validation"]["rows"] == 1
    assert reached["name"] == "loss"
    assert reached["value"] < 0.5 < 2.5 < before["loss"]
    assert receipt["metrics"][1]["value"] == pytest.approx(math.exp(reached["value"]))


def test_what_was_learned_is_written_on(tuned: Path) -> None:
    """
    The model is loaded and continues a sentence in the language it learned; its card
    says what it does, and by how much it became better.
    """
    written = zoo.predict(tuned, "the owl saw", temperature=0, max_new_tokens=40)
    card = (tuned / "README.md").read_text("utf-8")

    assert written.text.startswith(" a cat. ")
    assert "It continues a text." in card
    assert "before" in card


def test_a_fine_tuned_model_is_measured_on_other_texts(
    tuned: Path, tmp_path: Path
) -> None:
    """
    zoo.evaluate gives loss and perplexity of texts in a folder, in a file and in a
    table; a strange text is worse.
    """
    own, strange = language(99), "Shall I compare thee to a summer's day? " * 20
    (tmp_path / "own.txt").write_text(own)

    of_file = zoo.evaluate(tuned, tmp_path / "own.txt")
    of_table = zoo.evaluate(tuned, pd.DataFrame({"text": [own]}))

    assert of_file == of_table
    assert of_file["loss"] < 0.5
    assert zoo.evaluate(tuned, pd.DataFrame({"text": [strange]}))["loss"] > 2


def test_masked_words_of_own_texts_are_learned(texts: Path, tmp_path: Path) -> None:
    """
    bert-mini fills a gap by the word that its new language has there, and its loss on
    the masked words of a held-out file falls.
    """
    zoo.finetune("bert-mini", texts, tmp_path / "bert", progress=False, **FEW)
    tuned = zoo.load(tmp_path / "bert")
    receipt = tuned.zoo.receipt

    assert zoo.predict(tuned, "the [MASK] sat .").masks[0][0].token_str == "cat"
    assert receipt["metrics"][0]["value"] < 1.5
    assert receipt["metrics"][0]["value"] < receipt["baselines"]["before"]["loss"] / 2


def test_of_one_file_the_end_is_held_back(tmp_path: Path) -> None:
    """
    About its last fifth, from the start of a line on; nothing of it is lost.
    """
    place = tmp_path / "diary.txt"
    place.write_text("\n".join(language(n, 10) for n in range(10)))

    data = finetune_by_name(
        "gpt-mini", place, settings={"epochs": 1, "min_steps": 1}
    ).data
    validation = data.validation

    assert validation is not None
    assert [*data.training.names] == ["diary.txt, its start"]
    assert [*validation.names] == ["diary.txt, its end"]
    head, tail = data.training.items[0], validation.items[0]
    assert head + tail == place.read_text()
    assert head.endswith("\n")
    assert 0.1 < len(tail) / len(head + tail) < 0.2


def test_a_character_without_a_token_is_counted_and_left_out(tmp_path: Path) -> None:
    """
    Below the limit: a warning says how many there are and which.
    """
    place = tmp_path / "menu.txt"
    place.write_text(language(0) + " caf\u00e9")
    with pytest.warns(DataWarning) as caught:
        zoo.finetune(
            "gpt-mini", place, test=place, epochs=1, min_steps=1, progress=False
        )

    size = len(language(0)) + 5
    said = [str(one.message) for one in caught]
    assert (
        f"menu.txt: 1 of {size:,} characters of the test texts ({1 / size:.2%}) have "
        "no token in the vocabulary of 'gpt-mini': '\u00e9' 1. They are left out."
    ) in said


def test_a_korean_text_is_refused_by_an_english_vocabulary(tmp_path: Path) -> None:
    """
    With the characters that have no token, the most frequent first.
    """
    place = tmp_path / "korean.txt"
    place.write_text("오늘은 날씨가 좋다. " * 100, encoding="utf-8")

    with pytest.raises(DataError) as refused:
        zoo.finetune("gpt-mini", place, test=place, progress=False)

    assert str(refused.value) == (
        "korean.txt: 643 of 964 characters of the training texts (66.70%) have no "
        "token in the vocabulary of 'gpt-mini': '오' 81, '늘' 81, '은' 81, '날' 80, "
        "'씨' 80 and 3 more. A model learns texts of which at most 5% are such: check "
        "the language and the alphabet (language: en), or take another model."
    )


def test_unknown_tokens_are_counted(tmp_path: Path) -> None:
    """
    A few become [UNK], of which a warning tells; most of a text is refused.
    """
    few, most = tmp_path / "few.txt", tmp_path / "most.txt"
    few.write_text("the cat sat . " * 10 + "\u732b", encoding="utf-8")
    most.write_text("\uc624\ub298 " * 50, encoding="utf-8")
    quick = {"epochs": 1, "min_steps": 1, "progress": False}

    with pytest.warns(DataWarning) as caught:
        zoo.finetune("bert-mini", few, validation=few, **quick)
    with pytest.raises(DataError) as refused:
        zoo.finetune("bert-mini", most, validation=few, **quick)

    assert (
        "few.txt: 1 of 41 tokens of the training texts (2.44%) are unknown to the "
        "vocabulary of 'bert-mini': '\u732b' 1. They become [UNK]."
    ) in [str(one.message) for one in caught]
    assert str(refused.value) == (
        "most.txt: 50 of 50 tokens of the training texts (100.00%) are unknown to the "
        "vocabulary of 'bert-mini': '\uc624\ub298' 50. A model learns texts of which "
        "at most 20% are such: check the language and the alphabet (language: en), or "
        "take another model."
    )


def test_an_inspection_tells_beforehand_what_is_refused(tmp_path: Path) -> None:
    """
    And nothing of texts that are longer than a model reads at once.
    """
    korean, english = tmp_path / "korean.txt", tmp_path / "english.txt"
    korean.write_text("\uc624\ub298 " * 50, encoding="utf-8")
    english.write_text(language(0))

    found = zoo.inspect(korean, "bert-mini").findings

    assert len(found) == 1
    assert "50 of 50 tokens of the training texts (100.00%) are unknown" in found[0]
    assert not zoo.inspect(english, "bert-mini").findings


def test_a_text_of_one_token_is_refused(tmp_path: Path) -> None:
    """
    By the name of the folder, and of its file.
    """
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text("x")

    with pytest.raises(DataError) as refused:
        zoo.finetune("gpt-mini", tmp_path, progress=False)

    assert str(refused.value) == (
        f"{tmp_path.name}: a.txt: the text has 1 token; one that is learned has 2 or "
        "more."
    )


def test_all_texts_that_cannot_be_read_are_listed(tmp_path: Path) -> None:
    """
    Where they are learned; where a model is measured on them, the first.
    """
    lines = ["text", *["one of many lines"] * 9, " ", " "]
    (tmp_path / "lines.csv").write_text("\n".join(lines))

    with pytest.raises(DataError) as refused:
        zoo.finetune("gpt-mini", tmp_path / "lines.csv", progress=False)
    assert str(refused.value) == (
        "lines.csv: 2 inputs can't be read. line 11: The text is empty. "
        "line 12: The text is empty. Mend them, or leave them out with "
        "skip_unreadable=True (--skip-unreadable)."
    )
    with pytest.raises(InputError) as measured:
        zoo.evaluate("gpt-mini", tmp_path / "lines.csv")
    assert measured.value.problem == "lines.csv: line 11: The text is empty."


def test_a_text_that_has_no_end_to_hold_back_is_refused(tmp_path: Path) -> None:
    """
    It says what to give.
    """
    (tmp_path / "short.txt").write_text("ab\n\n\n")

    with pytest.raises(DataError) as refused:
        zoo.finetune("gpt-mini", tmp_path / "short.txt", progress=False)

    assert str(refused.value) == (
        "short.txt: the text is too short: its last part is held back for validation. "
        "Give more, or validation rows."
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"freeze": "backbone"},
            "freeze='backbone' keeps what lies before a head, and 'gpt-mini' learns as "
            "a whole from texts as they are: leave freeze out.",
        ),
        (
            {"balance": True},
            "balance=True lets classes count alike, and 'gpt-mini' learns as a whole "
            "from texts as they are: leave balance out.",
        ),
        (
            {"head_init": "random"},
            "head_init='random' is of a new head, and 'gpt-mini' learns as a whole "
            "from texts as they are: leave head_init out.",
        ),
    ],
)
def test_settings_of_heads_and_classes_are_refused(
    texts: Path, settings: dict[str, Any], said: str
) -> None:
    """
    Before anything is trained.
    """
    with pytest.raises(SettingsError) as refused:
        zoo.finetune("gpt-mini", texts, progress=False, **settings)

    assert str(refused.value) == said


# Small factors


@pytest.fixture
def small_gpt(tmp_path: Path) -> Path:
    """A folder with a small random GPT-2 that reads the characters of the language."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer([language(0)])
    size = tokenizer.get_vocab_size()
    folder = zoo.save(zoo.build("gpt2", vocab_size=size, **SIZES), tmp_path / "small")
    content = tokenizer.to_str()
    (folder / "tokenizer.json").write_text(content)
    known = checkpoints.read_config(folder)
    reading = replace(
        known.input,
        max_length=16,
        vocab_size=size,
        pad_token_id=0,
        tokenizer=sha256(content.encode()).hexdigest(),
    )
    output = replace(known.output, bos_token_id=1, eos_token_id=None)
    changed = replace(
        known, input=reading, output=output, weights=checkpoints.weights_pin(folder)
    )
    (folder / "config.json").write_text(changed.to_json())
    return folder


def test_low_rank_factors_are_merged(
    small_gpt: Path, texts: Path, tmp_path: Path
) -> None:
    """
    Only the linear layers of the blocks change, by a matrix of the rank that was asked
    for; the saved model is one like any other, and its receipt counts what learned.
    """
    pytest.importorskip("peft")
    before = zoo.load(small_gpt).state_dict()

    zoo.finetune(
        small_gpt,
        texts,
        tmp_path / "lora",
        progress=False,
        **{"freeze": "lora", "lora_rank": 3, "epochs": 2, "min_steps": 1, "lr": 1e-2},
    )
    tuned = zoo.load(tmp_path / "lora")
    after, receipt = tuned.state_dict(), tuned.zoo.receipt
    changed = {name for name in before if not torch.equal(before[name], after[name])}

    assert set(after) == set(before)
    assert changed == {
        f"blocks.{number}.{layer}.weight"
        for number in range(2)
        for layer in ("attn.qkv", "attn.out_proj", "mlp.fc1", "mlp.fc2")
    }
    for name in changed:
        delta = (after[name] - before[name]).double()
        assert torch.linalg.matrix_rank(delta, rtol=1e-4) == 3
    widths = [(24, 72), (24, 24), (24, 96), (96, 24)]
    learned = 2 * sum(3 * (given + made) for given, made in widths)
    assert receipt["measured"]["trained_parameters"] == learned
    assert receipt["metrics"][0]["value"] < receipt["baselines"]["before"]["loss"]
    assert (
        f"{learned:,} parameters learned" in (tmp_path / "lora/README.md").read_text()
    )


def test_a_model_without_linear_layers_has_no_place_for_factors() -> None:
    """
    Said before any row is opened.
    """
    pytest.importorskip("peft")
    digits = zoo.load_dataset("digits", "train").select(range(40))

    with pytest.raises(SettingsError) as refused:
        zoo.finetune("efficientnet-lite0", digits, freeze="lora", progress=False)

    assert str(refused.value) == (
        "freeze='lora' adapts linear layers, and 'efficientnet-lite0' has none before "
        "its head: choose another freeze."
    )


def test_factors_need_peft(texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without the library it says how to get it, before the texts are read.
    """
    monkeypatch.setitem(__import__("sys").modules, "peft", None)

    with pytest.raises(MissingExtra) as refused:
        zoo.finetune("gpt-mini", texts, freeze="lora", progress=False)

    assert str(refused.value) == (
        "freeze='lora' needs the package 'peft', which is not installed. Run: pip "
        "install 'zoo-core[peft]'"
    )
