"""Datasets as tensors: decoded once, the same every time, and refused in words."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from PIL import Image

import zoo
from zoo import ClassOutput, Column, ImageInput, TabularInput
from zoo._utils import paths
from zoo.datasets import in_memory
from zoo.datasets.in_memory import TensorRows, load_rows, synthetic_rows, to_model_input
from zoo.errors import DataError

FLOWERS = ("sepal_length", "petal_length")
LABELS = ClassOutput(labels=("a", "b", "c"))
SHADE = np.arange(4, dtype=np.uint8).reshape(2, 2)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for each test, and no dataset but the packaged ones."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ZOO_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let `load_rows` find a dataset made of columns, under the name "made"."""

    def served(**columns: Any) -> None:
        rows = Dataset.from_dict(columns)
        monkeypatch.setattr(
            in_memory.registered, "load_dataset", lambda name, split: rows
        )

    return served


def rows(count: int) -> TensorRows:
    return TensorRows(
        input=torch.arange(count, dtype=torch.float32).view(count, 1),
        target=torch.arange(count),
        source="made/train",
        fingerprint="0",
    )


def test_columns_of_numbers() -> None:
    """
    Number columns become (rows, columns) in the order asked for, in float32.
    """
    iris = load_rows("iris", columns=FLOWERS)

    assert iris.input.shape == (150, 2)
    assert iris.input.dtype == torch.float32
    assert iris.input[0].tolist() == pytest.approx([5.1, 1.4])
    assert iris.target.dtype == torch.int64
    assert iris.source == "iris/train"


def test_a_column_of_pictures() -> None:
    """
    Pictures become bytes, (rows, channels, height, width).
    """
    digits = load_rows("digits")

    assert digits.input.shape == (1797, 1, 8, 8)
    assert digits.input.dtype == torch.uint8
    assert digits.target[:3].tolist() == [0, 1, 2]


def test_several_targets() -> None:
    """
    Several targets stand side by side, as floats.
    """
    gates = load_rows("logic-gates", columns=("a", "b"), target=("and", "or"))

    assert gates.target.tolist() == [[0, 0], [0, 1], [0, 1], [1, 1]]
    assert gates.target.dtype == torch.float32


def test_the_cache_changes_nothing() -> None:
    """
    Decoded or read back, the tensors and their fingerprint are the same.
    """
    first, again = (load_rows("iris", columns=FLOWERS) for _ in range(2))

    assert torch.equal(first.input, again.input)
    assert torch.equal(first.target, again.target)
    assert first.fingerprint == again.fingerprint


def test_a_cut_file_in_the_cache_is_decoded_again(own_cache: Path) -> None:
    """
    A broken file in the cache costs time, not the run.
    """
    expected = load_rows("iris", columns=FLOWERS)
    (cached,) = (own_cache / "tensors").iterdir()
    cached.write_bytes(cached.read_bytes()[:100])

    found = load_rows("iris", columns=FLOWERS)

    assert torch.equal(found.input, expected.input)
    assert cached.stat().st_size > 100


def test_one_byte_of_the_cache_that_changed_is_decoded_again(own_cache: Path) -> None:
    """
    A label that rotted does not come back under the old fingerprint.
    """
    expected = load_rows("iris", columns=FLOWERS)
    (cached,) = (own_cache / "tensors").iterdir()
    content = bytearray(cached.read_bytes())
    content[-1] ^= 1
    cached.write_bytes(content)

    found = load_rows("iris", columns=FLOWERS)

    assert torch.equal(found.input, expected.input)
    assert torch.equal(found.target, expected.target)
    assert cached.read_bytes() != content
    assert [path.name for path in (own_cache / "tensors").iterdir()] == [cached.name]


def test_a_cache_that_can_not_be_written(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Without a cache the rows are decoded each time.
    """
    own_cache.write_text("a file stands where the folder should be")

    assert len(load_rows("iris", columns=FLOWERS)) == 150
    assert paths.cache_dir().is_file()


def test_the_fingerprint_is_of_the_content() -> None:
    """
    Other columns or other targets give another fingerprint; a part of the rows does
    not, for it names the split they come from.
    """
    one = load_rows("iris", columns=FLOWERS)
    other = load_rows("iris", columns=FLOWERS[::-1])

    assert one.fingerprint != other.fingerprint
    assert one[:3].fingerprint == one.fingerprint


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"columns": ("lable",)},
            "iris/train has no column 'lable'. Did you mean 'label'? Columns: "
            "sepal_length, sepal_width, petal_length, petal_width, label.",
        ),
        (
            {"columns": FLOWERS, "target": "kind"},
            "iris/train has no column 'kind'. Columns: sepal_length, sepal_width, "
            "petal_length, petal_width, label.",
        ),
        (
            {},
            "iris/train has no column 'image'. Columns: sepal_length, sepal_width, "
            "petal_length, petal_width, label.",
        ),
    ],
    ids=["column", "target", "picture"],
)
def test_a_column_that_is_not_there(asked: dict[str, Any], message: str) -> None:
    """
    A missing column is named, with those there are.
    """
    with pytest.raises(DataError) as caught:
        load_rows("iris", **asked)

    assert str(caught.value) == message


def test_text_where_numbers_belong(serve: Any) -> None:
    """
    A column of text is no input, and no target.
    """
    serve(size=[1.0, 2.0], kind=["a", "b"])
    with pytest.raises(DataError) as as_input:
        load_rows("made", columns=("size", "kind"), target="size")
    with pytest.raises(DataError) as as_target:
        load_rows("made", columns="size", target="kind")

    assert str(as_input.value) == str(as_target.value)
    assert str(as_input.value) == "made/train: column 'kind' does not hold numbers."


def test_gaps_are_nan(serve: Any) -> None:
    """
    A missing number is NaN, as in pandas.
    """
    serve(size=[1.0, None], label=[0, 1])

    assert load_rows("made", columns="size").input.isnan().tolist() == [[False], [True]]


def test_pictures_of_different_size(serve: Any) -> None:
    """
    Pictures that do not stack are refused.
    """
    serve(image=[Image.new("L", (2, 2)), Image.new("L", (2, 3))], label=[0, 1])

    with pytest.raises(DataError, match=r"^made/train: the pictures differ in size\.$"):
        load_rows("made")


@pytest.mark.parametrize(
    ("mode", "channels"), [("L", 1), ("1", 1), ("RGB", 3), ("P", 3), ("RGBA", 3)]
)
def test_pictures_of_every_mode(serve: Any, mode: str, channels: int) -> None:
    """
    Bits become bytes, and palettes colours, under any column name.
    """
    white = Image.new("RGB", (2, 2), "white").convert(mode)
    serve(photo=[white, white], label=[0, 1])

    found = load_rows("made", columns="photo").input

    assert found.equal(torch.full((2, channels, 2, 2), 255, dtype=torch.uint8))


def test_bytes_are_prepared_as_floats() -> None:
    """
    Bytes become floats in 0..1; floats stay as they are, and nothing changes in place.
    """
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8)

    assert to_model_input(pixels).tolist() == pytest.approx([0, 0.2, 1])
    assert pixels.tolist() == [0, 51, 255]
    assert to_model_input(torch.tensor([7.0])).tolist() == [7.0]


def test_slices_keep_rows_together() -> None:
    """
    A slice, a mask and an order give input and target of the same rows.
    """
    for picked in (slice(1, 3), torch.tensor([2, 0]), torch.arange(5) > 2):
        part = rows(5)[picked]

        assert part.input[:, 0].tolist() == part.target.tolist()
        assert len(part) == 2


def test_a_split_takes_every_row_once() -> None:
    """
    The two parts hold all rows between them, in an order the seed decides.
    """
    first, second = rows(10).split(0.7, seed=1)

    assert (len(first), len(second)) == (7, 3)
    assert sorted([*first.target.tolist(), *second.target.tolist()]) == list(range(10))
    assert torch.equal(first.target, rows(10).split(0.7, seed=1)[0].target)
    assert not torch.equal(first.target, rows(10).split(0.7, seed=2)[0].target)


@pytest.mark.parametrize("fraction", [0.0, 1.0, 1.5, -1.0, 0.01])
def test_a_split_with_an_empty_part(fraction: float) -> None:
    """
    A part without rows is refused: nothing can be measured on it.
    """
    with pytest.raises(DataError) as caught:
        rows(10).split(fraction, seed=0)

    assert str(caught.value) == f"made/train: 10 rows can't be split at {fraction}."


def test_a_stand_in_for_pictures() -> None:
    """
    Noise has the shape of the data, and is the same every time.
    """
    expected = ImageInput(height=4, width=6)
    one, again = (synthetic_rows(expected, LABELS, 5, "made/train") for _ in range(2))

    assert one.input.shape == (5, 3, 4, 6)
    assert one.input.dtype == torch.uint8
    assert one.target.max() < 3
    assert torch.equal(one.input, again.input)
    assert one.fingerprint == "stand-in"


def test_a_stand_in_for_a_table() -> None:
    """
    Noise lies in the range of each column.
    """
    expected = TabularInput(
        columns=(Column(name="a", low=-5, high=-4), Column(name="b", low=10, high=20))
    )

    given = synthetic_rows(expected, LABELS, 50, "made/train").input

    assert ((given[:, 0] >= -5) & (given[:, 0] <= -4)).all()
    assert ((given[:, 1] >= 10) & (given[:, 1] <= 20)).all()


def test_a_stand_in_for_several_labels() -> None:
    """
    With `multi_label` every row answers every label.
    """
    meaning = ClassOutput(labels=("a", "b", "c"), multi_label=True)

    target = synthetic_rows(
        ImageInput(height=2, width=2), meaning, 20, "made/train"
    ).target

    assert target.shape == (20, 3)
    assert set(target.flatten().tolist()) == {0.0, 1.0}


def test_what_learns_to_draw_is_given_pictures() -> None:
    """
    A smoke run of a model that takes noise gets rows of what it makes, where the data
    can't be had; in earnest the error stays.
    """
    spec = replace(zoo.get_spec("vae-mnist"), input=zoo.NoiseInput(latent_dim=5))

    def absent(name: str, split: str) -> None:
        raise DataError("not here")

    rows = in_memory.load_or_synthetic(absent, "mnist", "train", {}, spec)

    assert rows.input.shape[1:] == (1, 28, 28)
    assert rows.input.dtype == torch.uint8
    with pytest.raises(DataError):
        in_memory.load_or_synthetic(absent, "mnist", "train", {}, None)


def test_the_first_rows_alone_are_read() -> None:
    """
    They are those of the whole, and no more are decoded; of fewer rows, all are taken.
    """
    few, whole = load_rows("digits", "train", first=5), load_rows("digits", "train")

    assert len(few) == 5
    assert torch.equal(few.input, whole.input[:5])
    assert torch.equal(few.target, whole.target[:5])
    assert few.fingerprint != whole.fingerprint
    assert len(load_rows("iris", columns="sepal_length", first=1_000)) == 150
