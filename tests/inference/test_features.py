"""What comes before the head: the same from everywhere, and kept on disk."""

from pathlib import Path
from typing import Any

import datasets as library
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from small import Small, lesson_rows, pictures, small
from torch import Tensor, nn

import zoo
from zoo._utils import paths as folders
from zoo.datasets.custom.reader import read_data
from zoo.errors import DataError, InputError, OptionError
from zoo.inference import features
from zoo.runtime.augmentation import Copies

DIGITS = "mlp-mnist"


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> Path:
    place: Path = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("ZOO_CACHE", str(place))
    return place


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return pictures(tmp_path / "photos")


def kept() -> list[Path]:
    return sorted((folders.cache_dir() / "features").glob("*.safetensors"))


@torch.no_grad()
def test_features_are_what_the_head_is_given(photos: Path) -> None:
    """
    The head of them is the model's output.
    """
    model = zoo.load(DIGITS)
    paths = sorted(photos.rglob("*.png"))

    found = zoo.features(model, paths)

    scores = model.head(found).softmax(dim=1).max(dim=1).values
    assert found.shape == (16, 128)
    assert [one.score for one in zoo.predict(model, paths)] == pytest.approx(
        scores.tolist(), abs=1e-5
    )


def test_features_leave_modes_as_they_were() -> None:
    """
    A model in training goes on training.
    """
    model = small().train()

    zoo.features(model, list(torch.rand(2, 3, 32, 32)))

    assert all(part.training for part in model.modules())


def test_features_of_nonsense_are_refused() -> None:
    """
    As by zoo.predict.
    """
    with pytest.raises(InputError):
        zoo.features(zoo.load(DIGITS), [])


class Twice(Small):
    """A network whose head runs twice in a pass."""

    def forward(self, image: Tensor) -> Tensor:
        return super().forward(image) + super().forward(image.flip(-1))


def test_a_head_that_runs_twice_has_no_features() -> None:
    """
    There is no one input of it.
    """
    model = small()
    model.__class__ = Twice

    with pytest.raises(OptionError) as caught:
        zoo.features(model, list(torch.rand(2, 3, 32, 32)))

    assert str(caught.value) == (
        "Model 'small': its head 'head' runs 2 times in one pass. Options: none."
    )


def test_files_are_looked_at_once(photos: Path, tmp_path: Path) -> None:
    """
    The same content in another place is known; other content is not.
    """
    model = zoo.load(DIGITS)
    rows = read_data(photos, model.zoo.spec.input).training
    moved = read_data(photos.rename(tmp_path / "moved"), model.zoo.spec.input).training

    first = features.example_features(zoo.load(DIGITS), moved)
    for path in moved.items:
        assert path.is_file()
    again = features.example_features(model, moved)
    fewer = features.example_features(model, moved.pick([0, 1]))

    assert len(rows) == 16
    assert len(kept()) == 2
    assert torch.equal(first, again)
    assert torch.allclose(fewer, first[:2], atol=1e-6)


def test_the_key_is_of_all_that_counts(photos: Path) -> None:
    """
    Other weights before the head, another activation or other copies are other
    features; another head is not.
    """
    model = zoo.load(DIGITS)
    rows = read_data(photos, model.zoo.spec.input).training
    features.example_features(model, rows)

    with torch.no_grad():
        model.head.weight.zero_()
    features.example_features(model, rows)
    assert len(kept()) == 1

    sigmoid = features.example_features(zoo.load(DIGITS, activation="sigmoid"), rows)
    assert len(kept()) == 2
    assert (sigmoid > 0).all()

    features.example_features(model, rows, Copies(kind="flip"))
    assert len(kept()) == 3

    with torch.no_grad():
        model.layers[1].weight[0, 0] += 1
    features.example_features(model, rows)
    assert len(kept()) == 4


def squares() -> library.Dataset:
    """Return pictures in colour, each of one label."""
    held = {
        "image": [Image.new("RGB", (32, 32), hue) for hue in ("red", "blue", "lime")],
        "label": ["red", "blue", "green"],
    }
    features = library.Features(
        {"image": library.Image(), "label": library.Value("string")}
    )
    return library.Dataset.from_dict(held, features=features)


def test_how_pictures_are_decoded_counts() -> None:
    """
    The same file in grey has other features, and its own place in the cache.
    """
    model, rows = small(), squares()
    grey = rows.cast_column("image", library.Image(mode="L"))

    first, second = (
        features.example_features(model, read_data(r, model.zoo.spec.input).training)
        for r in (rows, grey)
    )

    assert not torch.equal(first, second)
    assert len(kept()) == 2


def test_a_transform_of_a_dataset_is_applied_and_not_kept() -> None:
    """
    It may give something else every time; the targets are those that are stored.
    """
    model, rows = small(), squares()
    calls: list[int] = []

    def turned(batch: dict[str, Any]) -> dict[str, Any]:
        calls.append(len(batch["image"]))
        return {"image": [one.transpose(2).convert("L") for one in batch["image"]]}

    changed = read_data(rows.with_transform(turned), model.zoo.spec.input)
    grey = rows.cast_column("image", library.Image(mode="L"))
    plain = read_data(grey, model.zoo.spec.input)

    first = features.example_features(model, changed.training)

    assert torch.equal(first, features.example_features(model, plain.training))
    assert changed.training.targets == plain.training.targets
    assert changed.labels == ("blue", "green", "red")
    assert len(calls) >= 3
    assert len(kept()) == 1  # of the plain one
    assert (
        changed.training.fingerprint()
        == read_data(rows, model.zoo.spec.input).training.fingerprint()
    )


def test_a_format_of_a_dataset_changes_nothing() -> None:
    """
    Tensors for a loop of one's own are not what a model's reader takes.
    """
    model, rows = small(), squares()

    plain, torches = (
        features.example_features(model, read_data(r, model.zoo.spec.input).training)
        for r in (rows, rows.with_format("torch"))
    )

    assert torch.equal(plain, torches)


def test_a_transform_that_gives_no_picture_is_told() -> None:
    """
    The columns that it gives are listed; one of them can be named.
    """
    model = small()

    def prepared(batch: dict[str, Any]) -> dict[str, Any]:
        return {"pixel_values": [torch.zeros(3, 32, 32) for _ in batch["image"]]}

    rows = squares().with_transform(prepared)
    with pytest.raises(DataError) as caught:
        read_data(rows, model.zoo.spec.input)

    assert str(caught.value) == (
        "the dataset has no picture column 'image' or 'img' or 'picture' or 'photo'. "
        "It has pixel_values; name it with column=... (--column)."
    )
    named = read_data(rows, model.zoo.spec.input, column="pixel_values").training
    assert features.example_features(model, named).shape == (3, 16)


def test_a_cut_file_is_made_again(photos: Path) -> None:
    """
    A full disk costs time, no features.
    """
    model = zoo.load(DIGITS)
    rows = read_data(photos, model.zoo.spec.input).training
    first = features.example_features(model, rows)
    kept()[0].write_bytes(kept()[0].read_bytes()[:50])

    again = features.example_features(model, rows)

    assert torch.equal(first, again)


def test_copies_follow_the_rows() -> None:
    """
    First all rows as they are, then all mirrored.
    """
    model, rows = small(), lesson_rows(6).training

    plain = features.example_features(model, rows)
    found = features.example_features(model, rows, Copies(kind="flip"))

    mirrored = [item.flip(-1) for item in rows.items]
    assert torch.allclose(found[:6], plain, atol=1e-6)
    assert torch.allclose(found[6:], zoo.features(model, mirrored), atol=1e-5)


def test_what_cannot_be_opened_is_known_by_row(photos: Path) -> None:
    """
    Why, too.
    """
    (photos / "across" / "3.png").write_bytes(b"no picture")
    model = zoo.load(DIGITS)
    rows = read_data(photos, model.zoo.spec.input).training

    found = features.unreadable_rows(model, rows)

    assert list(found) == [3]
    assert "is not a picture" in found[3]


def test_evaluating_a_folder_of_one_part(photos: Path) -> None:
    """
    All its rows count; labels must be the model's.
    """
    model = zoo.finetune(DIGITS, photos, l2_sp=0.01)
    other = pictures(photos.parent / "other", 2, ("across", "askew"))

    assert zoo.evaluate(model, photos)["accuracy"] > 0.9
    with pytest.raises(DataError) as caught:
        zoo.evaluate(model, other)
    assert str(caught.value) == (
        "other: rows have labels that are no classes: askew. Classes: across, down."
    )


def test_evaluating_takes_test_rows_before_others(tmp_path: Path) -> None:
    """
    Then those for validation.
    """
    for name, count in (("train", 4), ("val", 3), ("test", 2)):
        pictures(tmp_path / "data" / name, count)
    model = zoo.finetune(DIGITS, tmp_path / "data" / "train", l2_sp=0.01)
    counted: list[int] = []
    model.register_forward_hook(lambda _, args, out: counted.append(len(out)))

    zoo.evaluate(model, tmp_path / "data")
    for path in (tmp_path / "data" / "test").rglob("*.png"):
        path.unlink()
    for path in (tmp_path / "data" / "test").iterdir():
        path.rmdir()
    zoo.evaluate(model, tmp_path / "data")

    assert counted == [4, 6]
    assert isinstance(model, nn.Module)


def test_features_that_others_moved_are_computed_again(photos: Path) -> None:
    """
    The rows of a kept file in another order are not what its name says.
    """
    model = zoo.load(DIGITS)
    rows = read_data(photos, model.zoo.spec.input).training
    expected = features.example_features(model, rows, features.NO_COPIES)
    (path,) = kept()
    held = load_file(path)
    save_file({"features": held["features"].roll(7, 0).contiguous()}, path)

    found = features.example_features(model, rows, features.NO_COPIES)

    assert torch.equal(found, expected)
