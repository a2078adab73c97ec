"""`zoo.load_dataset`: folders and packages, one naming, and errors that name the
source.

The other two sources, the cache and the Hub, are in test_datasets_hub.py.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import datasets as library
import pytest
from pets import ABSENT, ONLINE, PETS, parquet, rows

import zoo
from zoo.datasets import in_memory, registered
from zoo.errors import (
    DataError,
    DatasetNotFound,
    MissingExtra,
    SpecError,
    SplitNotFound,
)
from zoo.plugins.discovery import Installed
from zoo.specs import DatasetSpec

Register = Callable[[DatasetSpec], None]
Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests from what lies on this machine."""
    monkeypatch.delenv("ZOO_DATA", raising=False)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Let one dataset be the only one that is registered."""

    def register(spec: DatasetSpec) -> None:
        found = Installed({}, {spec.name: spec}, {}, {}, (), ())
        monkeypatch.setattr(registered, "installed", lambda: found)

    return register


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Put rows, or bytes, into the folder that ZOO_DATA names."""

    def shelf(content: library.Dataset | bytes, name: str = "pets/train") -> Path:
        file = tmp_path / "data" / f"{name}-00000-of-00001.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else parquet(content))
        monkeypatch.setenv("ZOO_DATA", str(tmp_path / "data"))
        return file.parent

    return shelf


# A folder of ZOO_DATA


def test_columns_get_the_zoo_names_and_keep_their_features(
    register: Register, shelf: Write
) -> None:
    """
    What the spec does not name is left out; pictures and labels stay what they are.
    """
    register(PETS)
    shelf(rows())

    pets = registered.load_dataset("pets")

    assert pets.column_names == ["image", "label"]
    assert isinstance(pets.features["image"], library.Image)
    assert pets.features["label"].names == ["cat", "dog"]
    assert pets[1]["image"].size == (3, 2)
    assert pets["label"][:] == [1, 0]


def test_a_column_may_have_the_zoo_name_already(
    register: Register, shelf: Write
) -> None:
    """
    A spec need not list our own name among those of the sources.
    """
    register(PETS)
    shelf(rows().rename_columns({"img": "image", "species": "label"}))

    assert registered.load_dataset("pets").column_names == ["image", "label"]


def test_the_names_of_a_column_are_tried_in_order(
    register: Register, shelf: Write
) -> None:
    """
    Where a copy has several of them, the first in the spec counts, ours comes last.
    """
    register(replace(PETS, columns={"id": ("img_id", "key")}))
    key = (["first", "second"], library.Value("string"))
    shelf(rows(key=key))

    assert registered.load_dataset("pets")["id"][:] == ["first", "second"]


def test_a_field_of_a_column_becomes_a_column(register: Register, shelf: Write) -> None:
    """
    Translations are stored as one column of pairs, and wanted as one a language.
    """
    register(replace(PETS, columns={"en": ("pair.en",), "fr": ("fr", "pair.fr")}))
    pair = [{"en": "cat", "fr": "chat"}, {"en": "dog", "fr": "chien"}]
    shelf(rows(pair=(pair, library.Translation(languages=["en", "fr"]))))

    assert registered.load_dataset("pets")[1] == {"en": "dog", "fr": "chien"}


def test_labels_in_words_become_numbers_in_the_order_of_the_spec(
    register: Register, shelf: Write
) -> None:
    """
    A copy without numbers gives the same numbers as one that has them.
    """
    register(PETS)
    shelf(rows(species=(["dog", "cat"], library.Value("string"))))

    pets = registered.load_dataset("pets")

    assert pets.features["label"] == library.ClassLabel(names=["cat", "dog"])
    assert pets["label"][:] == [1, 0]


def test_labels_in_plain_numbers_get_the_names_of_the_spec(
    register: Register, shelf: Write
) -> None:
    """
    The author of the spec says what the numbers of the source mean.
    """
    register(PETS)
    shelf(rows(species=([1, 0], library.Value("int64"))))

    assert registered.load_dataset("pets").features["label"].names == ["cat", "dog"]


def test_the_first_folder_that_holds_the_split_counts(
    tmp_path: Path,
    register: Register,
    shelf: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    ZOO_DATA is a path list; a folder without this split is passed over.
    """
    register(PETS)
    shelf(rows().select([0]), "empty/pets/test")
    shelf(rows(), "full/pets/train")
    folders = [tmp_path / "data" / name for name in ("none", "empty", "full")]
    monkeypatch.setenv("ZOO_DATA", os.pathsep.join(map(str, folders)))

    assert [
        len(registered.load_dataset("pets", split)) for split in ("train", "test")
    ] == [2, 1]


def test_several_files_are_one_split(register: Register, shelf: Write) -> None:
    """
    Shards are read in the order of their names.
    """
    register(replace(PETS, columns={"id": ()}))
    shelf(rows().select([0]), "pets/train-0")
    shelf(rows().select([1]), "pets/train-1")

    assert registered.load_dataset("pets")["id"][:] == ["a", "b"]


def test_reading_prints_nothing(
    register: Register,
    shelf: Write,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """
    No progress bar for a local read; the user's choice of bars is as it was.
    """
    library.enable_progress_bars()
    register(PETS)
    shelf(rows(species=(["dog", "cat"], library.Value("string"))))
    capfd.readouterr()

    registered.load_dataset("pets")

    assert capfd.readouterr() == ("", "")
    assert library.is_progress_bar_enabled()


# A Python package


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DatasetSpec:
    """Install a module that makes the pets, of which the second only is a test."""
    code = (
        "from datasets import Dataset\n"
        "def pets(split):\n"
        "    rows = {'train': [0, 1], 'test': [1]}[split]\n"
        "    return Dataset.from_dict({'species': rows, 'img': rows})\n"
    )
    (tmp_path / "zoo_of_pets.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    return replace(PETS, package="zoo_of_pets:pets")


def test_a_package_gives_the_split_that_is_asked_for(
    register: Register, packaged: DatasetSpec
) -> None:
    """
    Its columns are renamed and its labels named like those of any other source.
    """
    register(packaged)

    pets = registered.load_dataset("pets", "test")

    assert pets.features["label"].names == ["cat", "dog"]
    assert pets[0] == {"image": 1, "label": 1}


def test_a_folder_comes_before_a_package(
    register: Register, packaged: DatasetSpec, shelf: Write
) -> None:
    """
    What the user has named is what the user gets.
    """
    register(packaged)
    shelf(rows())

    assert isinstance(registered.load_dataset("pets").features["image"], library.Image)


# What a copy may lack


def message(split: str = "train") -> str:
    with pytest.raises(DataError) as caught:
        registered.load_dataset("pets", split)
    return str(caught.value)


def test_a_copy_with_too_few_rows_is_refused(register: Register, shelf: Write) -> None:
    """
    The count is that of the spec, and the message names the folder.
    """
    register(replace(PETS, splits={"train": 60_000}))
    place = shelf(rows())

    assert message() == (
        f"Dataset 'pets', split 'train': {place} has 2 rows, but the spec says 60,000. "
        "This copy is cut, or of another version: replace it."
    )


def test_a_copy_without_a_column_is_refused(register: Register, shelf: Write) -> None:
    """
    The message lists what is there and what was looked for.
    """
    register(PETS)
    place = shelf(rows().rename_column("img", "picture"))

    assert message() == (
        f"Dataset 'pets': {place} has no column for 'image'. It has picture, species, "
        "id; looked for img, image."
    )


@pytest.mark.parametrize(
    ("species", "fault"),
    [
        (([1, 0], library.ClassLabel(names=["dog", "cat"])), "its labels are dog, cat"),
        ((["cat", "cow"], library.Value("string")), "some labels are unknown"),
        (([0, 2], library.Value("int64")), "some labels are unknown"),
    ],
)
def test_a_copy_with_other_labels_is_refused(
    species: tuple[list[object], object],
    fault: str,
    register: Register,
    shelf: Write,
) -> None:
    """
    Above all, classes in another order are no small matter.
    """
    register(PETS)
    place = shelf(rows(species=species))

    assert message() == (
        f"Dataset 'pets': in {place}, {fault}. The spec says cat, dog. This copy is of "
        "another version: replace it."
    )


def test_a_broken_file_is_refused(register: Register, shelf: Write) -> None:
    """
    The message names the folder, and the error of Arrow is its cause.
    """
    register(PETS)
    place = shelf(parquet(rows())[:-100])

    assert message() == (
        f"Dataset 'pets', split 'train': {place} can't be read (ArrowInvalid). Copy "
        "its parquet files again."
    )


# What is not there


@pytest.mark.parametrize("spec", [PETS, ONLINE], ids=["nowhere", "on the Hub"])
def test_a_copy_without_this_split_is_not_filled_up_from_elsewhere(
    spec: DatasetSpec,
    register: Register,
    shelf: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    The cache and the Hub are not asked, and a smoke run takes noise.
    """
    asked: list[object] = []
    monkeypatch.setattr(registered, "_from_cache", lambda *told: asked.append(told))
    monkeypatch.setattr(registered, "_commit", lambda *told: asked.append(told))
    register(spec)
    place = shelf(rows(), "pets/test")
    model = zoo.get_spec("lenet5-mnist")

    assert message() == (
        f"Dataset 'pets', split 'train': {place} holds other splits and not this one, "
        "and splits of two copies are not mixed. Put train-*.parquet of the same copy "
        "there, or move that folder away: the set is then read from elsewhere."
    )
    noise = in_memory.load_or_synthetic(in_memory.load_rows, "pets", "train", {}, model)
    assert noise.fingerprint == "stand-in"
    assert noise.source == "pets/train"
    assert not asked


def test_a_package_does_not_fill_up_a_folder(
    register: Register, packaged: DatasetSpec, shelf: Write
) -> None:
    """
    Its rows may be in another order than those of the user's copy.
    """
    register(packaged)
    shelf(rows(), "pets/test")

    assert "holds other splits and not this one" in message()


def test_a_fault_of_the_client_is_passed_on(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Its first line is quoted, so that the user can look it up.
    """

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("Dataset scripts are no longer supported.\nMore.")

    register(ONLINE)
    monkeypatch.setattr(registered, "_commit", lambda *_: "c" * 40)
    monkeypatch.setattr(library, "load_dataset", refuse)

    with pytest.raises(DataError) as caught:
        registered.load_dataset("pets")

    assert str(caught.value) == (
        f"{ABSENT}can't be had from the Hub as 'alice/pets': RuntimeError: Dataset "
        "scripts are no longer supported. Set ZOO_DATA to a folder that holds "
        "pets/train-*.parquet."
    )


def test_a_set_that_the_hub_lacks(
    register: Register, shelf: Write, tmp_path: Path
) -> None:
    """
    The message says where to get it, where to put it, and what is like it.
    """
    register(PETS)

    assert message() == (
        "Dataset 'pets' is not in ZOO_DATA (which is not set), and the Hub does not "
        "have it. Get it from https://example.org/pets, put it into "
        "FOLDER/pets/train-*.parquet (Parquet), and set ZOO_DATA=FOLDER."
    )
    register(replace(PETS, homepage="", similar=("a/cats", "b/dogs")))
    shelf(rows(), "cows/train")
    assert message("test") == (
        f"Dataset 'pets' is not in {tmp_path / 'data'}, and the Hub does not have it. "
        "Put it into FOLDER/pets/test-*.parquet (Parquet), and set ZOO_DATA=FOLDER. "
        "Similar, on the Hub: a/cats, b/dogs."
    )


NOT_FOUND = [
    (
        DatasetNotFound("pet", ["pets", "cars"]),
        "No dataset named 'pet'. Did you mean 'pets'? Registered: cars, pets.",
    ),
    (
        DatasetNotFound("zebra", ["pets", "cars"]),
        "No dataset named 'zebra'. Registered: cars, pets.",
    ),
    (
        DatasetNotFound("pets", []),
        "No dataset named 'pets'. No plugin with datasets is installed; see 'Set up' "
        "in the README.",
    ),
    (
        SplitNotFound("pets", "dev", ["train", "test"]),
        "Dataset 'pets' has no split 'dev'; it has train, test.",
    ),
]


@pytest.mark.parametrize(("error", "text"), NOT_FOUND)
def test_message(error: Exception, text: str) -> None:
    """
    Each says what is missing, and what there is instead.
    """
    assert str(error) == text


def test_an_unknown_name_or_split_is_refused_before_anything_is_read(
    register: Register,
) -> None:
    """
    The spec knows the splits; no source is asked for another.
    """
    register(PETS)

    with pytest.raises(DatasetNotFound, match="Did you mean 'pets'"):
        registered.load_dataset("pet")
    with pytest.raises(SplitNotFound, match="no split 'dev'"):
        registered.load_dataset("pets", "dev")


def test_reading_needs_the_library(
    register: Register, shelf: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The core installs without it; the message says how to add it.
    """
    register(PETS)
    shelf(rows())
    monkeypatch.setitem(sys.modules, "datasets", None)

    with pytest.raises(MissingExtra) as caught:
        registered.load_dataset("pets")

    assert str(caught.value) == (
        "Reading a dataset needs the package 'datasets', which is not installed. "
        "Run: pip install 'zoo-core[train]'"
    )


def test_a_spec_pins_a_commit_or_the_converted_branch() -> None:
    """
    A branch that moves is no pin; the Hub's conversion of a script is all there is.
    """
    replace(ONLINE, revision="refs/convert/parquet")

    with pytest.raises(SpecError) as caught:
        replace(ONLINE, revision="main")

    assert str(caught.value) == (
        "Dataset 'pets': revision='main' should be a full commit id of 40 digits, or "
        "'refs/convert/parquet'."
    )


def test_importing_the_module_is_light() -> None:
    """
    `zoo list` imports neither torch nor the datasets library.
    """
    heavy = "{'torch', 'datasets', 'numpy'}"
    code = f"import sys, zoo.datasets; print({heavy} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "set()"
