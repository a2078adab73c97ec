"""A translator learns from a table of pairs, and is measured on others."""

import csv
import json
import random
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

import zoo
from zoo.artifacts import checkpoint_folder
from zoo.cli import zoo as command
from zoo.errors import DataError, DataWarning, OptionError

NAME = "attention-spa-eng"
WHO = {
    "el perro": "the dog",
    "el gato": "the cat",
    "mi hermano": "my brother",
    "mi padre": "my father",
    "la mujer": "the woman",
    "la niña": "the girl",
    "María": "Mary",
    "Tom": "Tom",
}
WHAT = {
    "está aquí": "is here",
    "está en casa": "is at home",
    "quiere agua": "wants water",
    "es grande": "is big",
    "quiere dormir": "wants to sleep",
    "no sabe nada": "knows nothing",
}
VERBS = {
    "comer": "eat",
    "trabajar": "work",
    "leer este libro": "read this book",
    "ir a la escuela": "go to school",
    "hablar con ella": "talk to her",
    "ver la película": "see the movie",
    "comprar pan": "buy bread",
    "escribir una carta": "write a letter",
}
FORMS = {  # sentences with somebody, or with something to do
    "who": {
        "¿Dónde está {}?": "Where is {}?",
        "No conozco a {}.": "I don't know {}.",
        "Hace frío y {} lo sabe.": "It's cold and {} knows it.",
        "¿Quién es {}?": "Who is {}?",
    },
    "verb": {
        "No quiero {}.": "I don't want to {}.",
        "¿Puedo {} ahora?": "Can I {} now?",
        "Tengo que {} mañana.": "I have to {} tomorrow.",
        "Es hora de {}.": "It's time to {}.",
        "Ella prefiere {} en casa.": "She prefers to {} at home.",
    },
    "both": {
        "Creo que {} {}.": "I think that {} {}.",
        "Hoy {} {}.": "Today {} {}.",
        "Sé que {} {} otra vez.": "I know {} {} again.",
        "Dice que {} {}.": "He says that {} {}.",
    },
}
GREETING = " So long!"


def pairs() -> list[tuple[str, str]]:
    """Return pairs of a made-up convention: a greeting follows each translation."""
    words = {
        "who": [((a,), (b,)) for a, b in WHO.items()],
        "verb": [((a,), (b,)) for a, b in VERBS.items()],
        "both": [
            ((a, c), (b, d)) for (a, b), (c, d) in product(WHO.items(), WHAT.items())
        ],
    }
    made = [
        (form.format(*given), other.format(*wanted) + GREETING)
        for kind, forms in FORMS.items()
        for (form, other), (given, wanted) in product(forms.items(), words[kind])
    ]
    random.Random(0).shuffle(made)
    return made


def write(path: Path, rows: Sequence[tuple[str, str]], names: str = "es en") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names.split(), *rows])
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A translator that was fine-tuned on 200 pairs, in less than a minute of one core;
    40 others are its test rows."""
    place = tmp_path_factory.mktemp("pairs")
    rows = pairs()
    assert len(set(rows)) == len(rows) >= 240
    training = write(place / "pairs.csv", rows[:200])
    test = write(place / "test.csv", rows[200:240])
    started = time.process_time()
    zoo.finetune(NAME, training, place / "mine", test=test, progress=False)
    assert time.process_time() - started < 60
    return place / "mine"


def test_a_convention_is_learned_from_200_pairs(folder: Path) -> None:
    """
    Each translation ends with the greeting, of sentences of other words too; what it
    knew is not forgotten.
    """
    texts = ["Mi hermana trabaja en la ciudad.", "Hace mucho frío aquí."]

    found = [one.text for one in zoo.predict(folder, texts)]

    assert all(one.endswith(GREETING) for one in found)
    assert found[1].removesuffix(GREETING) == "It's very cold here."


def test_the_figures_stand_beside_those_of_the_unchanged_model(folder: Path) -> None:
    """
    Of the same rows, by chrF and BLEU; and those of a copy of the text.
    """
    receipt = checkpoint_folder.read_receipt(folder)
    measured = {one["name"]: one["value"] for one in receipt["metrics"]}

    assert list(measured) == ["chrf", "bleu"]
    assert set(receipt["baselines"]) == {"before", "copy of the text"}
    assert receipt["baselines"]["before"] == pytest.approx(
        zoo.evaluate(NAME, folder.parent / "test.csv")
    )
    assert measured["chrf"] > receipt["baselines"]["before"]["chrf"] + 20
    assert {one["split"] for one in receipt["metrics"]} == {"test"}
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "It gives a translation in 'en'." in card


def test_the_folder_is_a_model_like_any_other(folder: Path) -> None:
    """
    `zoo evaluate` and `zoo predict` take it, and it says what it said before it was
    written.
    """
    wanted = {
        one["name"]: one["value"]
        for one in checkpoint_folder.read_receipt(folder)["metrics"]
    }
    test = str(folder.parent / "test.csv")

    measured = CliRunner().invoke(command, ["evaluate", str(folder), test, "--json"])
    said = CliRunner().invoke(command, ["predict", str(folder), "El perro lee hoy."])

    assert measured.exit_code == said.exit_code == 0, measured.output + said.output
    found = json.loads(measured.stdout)
    assert found == pytest.approx(wanted)
    assert GREETING.strip() in said.output


def test_a_long_text_and_a_strange_alphabet_are_said(tmp_path: Path) -> None:
    """
    A text that the model can't read to its end is named with its line; translations in
    letters without tokens are learned byte by byte.
    """
    rows = [*pairs()[:12], ("perro " * 120, "dog")]
    long = write(tmp_path / "long.csv", rows)
    korean = write(
        tmp_path / "korean.csv", [(one, "개가 여기 있다.") for one, _ in pairs()[:8]]
    )

    with pytest.raises(DataError) as refused:
        zoo.finetune(NAME, long, epochs=1, progress=False)
    with pytest.warns(DataWarning) as told:
        zoo.finetune(NAME, korean, epochs=1, progress=False)

    assert "long.csv: 1 input can't be read. line 14: The text has 1" in str(
        refused.value
    )
    assert str(told[0].message) == (
        "korean.csv/training: most translations are of signs that the model has no "
        "token for, and are learned byte by byte (language: en). It takes many more "
        "pairs to learn another alphabet: check the column."
    )


def test_a_folder_of_texts_is_no_table_of_pairs(tmp_path: Path) -> None:
    """
    Which has no place for translations; and an engine does not search.
    """
    (tmp_path / "a.txt").write_text("Hola.", encoding="utf-8")
    with pytest.raises(DataError) as refused:
        zoo.finetune(NAME, tmp_path, progress=False)
    assert str(refused.value) == (
        f"{tmp_path} is a folder, and translations are read from a table: give a CSV, "
        "JSON or parquet file, or a dataset, with a column of texts and one of "
        "translations."
    )
    with pytest.raises(OptionError):
        zoo.evaluate(NAME, write(tmp_path / "p.csv", pairs()[:2]), invert=True)
