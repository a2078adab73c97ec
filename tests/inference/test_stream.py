"""Answers for any number of inputs: `zoo.predict_iter`, and what holds inputs."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from small import small

import zoo
from zoo.errors import DataWarning, InputError, OptionError
from zoo.tasks.results.vision import Classification

IRIS = "perceptron-iris"
ROW = {"sepal_length": 5.1, "petal_length": 1.4}


def photos(count: int) -> list[Image.Image]:
    random = np.random.default_rng(0)
    return [
        Image.fromarray(random.integers(0, 256, (40, 36, 3), np.uint8))
        for _ in range(count)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten photographs in a folder and one below it, and a file that is none."""
    place = tmp_path / "photos"
    (place / "more").mkdir(parents=True)
    for number, photo in enumerate(photos(10)):
        photo.save(place / ("more" if number > 7 else "") / f"{number}.png")
    return place


def scores(results: Any) -> list[float]:
    return [one.score for one in results]


def expected() -> list[float]:
    return scores(zoo.predict(small(), photos(10)))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_folder_is_answered_in_the_order_of_its_paths(
    folder: Path, workers: int
) -> None:
    """
    By one process and by several, as a list of the pictures would be.
    """
    made = zoo.predict_iter(small(), folder, batch_size=3, workers=workers)

    assert scores(made) == pytest.approx(expected(), abs=1e-6)
    assert scores(zoo.predict(small(), str(folder))) == pytest.approx(expected())


def test_a_pattern(folder: Path) -> None:
    """
    Its files, sorted; with ** also those below.
    """
    flat = zoo.predict(small(), f"{folder}/*.png")
    deep = zoo.predict(small(), f"{folder}/**/*.png")

    assert scores(flat) == pytest.approx(expected()[:8])
    assert scores(deep) == pytest.approx(expected())


@pytest.mark.parametrize("ending", ["tar", "tar.gz"])
def test_a_tar_of_pictures(tmp_path: Path, ending: str) -> None:
    """
    As WebDataset lays them out: what is no picture of a sample is passed over.
    """
    path = tmp_path / f"shard.{ending}"
    with tarfile.open(path, "w:gz" if ending == "tar.gz" else "w") as archive:
        for number, photo in enumerate(photos(10)):
            held = io.BytesIO()
            photo.save(held, "PNG")
            for suffix, content in (("cls", b"3"), ("png", held.getvalue())):
                member = tarfile.TarInfo(f"{number:03}.{suffix}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))

    assert scores(zoo.predict(small(), path)) == pytest.approx(expected())


@pytest.mark.parametrize("kind", [*"LKxgX"])
@pytest.mark.parametrize("first", [True, False])
def test_a_tar_with_a_header_without_end_is_refused(
    tmp_path: Path, kind: str, first: bool
) -> None:
    """
    A small archive may say that the name of a file has gigabytes: nothing of it is
    read, also after a good file.
    """
    path, stored = tmp_path / "photos.tar.gz", io.BytesIO()
    photos(1)[0].save(stored, "PNG")
    good, header = tarfile.TarInfo("a.png"), tarfile.TarInfo("././@LongLink")
    good.size, header.size, header.type = len(stored.getvalue()), 3 << 30, kind.encode()
    with gzip.open(path, "wb") as file:
        if not first:
            file.write(good.tobuf(tarfile.GNU_FORMAT))
            file.write(stored.getvalue().ljust(-(-good.size // 512) * 512, b"\0"))
        file.write(header.tobuf(tarfile.GNU_FORMAT) + bytes(1024))

    with pytest.raises(InputError) as caught:
        zoo.predict(small(), path)

    assert caught.value.problem == (
        f"{path} can't be read as a tar (ReadError: a header has 3,221,225,472 bytes, "
        "and 1,048,576 are read at most)."
    )


def test_pictures_of_a_tar_are_known_by_their_content(tmp_path: Path) -> None:
    """
    Whatever their endings; what is no picture and belongs to none is said.
    """
    path = tmp_path / "shard.tar"
    with tarfile.open(path, "w") as archive:
        for number, photo in enumerate(photos(3)):
            held = io.BytesIO()
            photo.save(held, "PNG")
            member = tarfile.TarInfo(f"{number}.{('png', 'jfif', 'img')[number]}")
            member.size = len(held.getvalue())
            archive.addfile(member, io.BytesIO(held.getvalue()))
        member = tarfile.TarInfo("notes.md")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"text"))

    with pytest.warns(DataWarning) as caught:
        made = zoo.predict(small(), path)
    assert scores(made) == pytest.approx(expected()[:3])
    assert [str(one.message) for one in caught] == [
        "shard.tar: 1 file left out, because no picture could be read: 1 .md "
        "(notes.md)."
    ]


def test_a_dataset_and_a_stream_of_one() -> None:
    """
    Of the usual column, and of the one that is named.
    """
    library = pytest.importorskip("datasets")
    rows = library.Dataset.from_dict({"image": photos(10), "mine": photos(10)})
    rows = rows.cast_column("image", library.Image()).cast_column(
        "mine", library.Image()
    )
    stream = rows.to_iterable_dataset()

    for given in (rows, stream):
        assert scores(zoo.predict(small(), given)) == pytest.approx(expected())
        named = zoo.predict(small(), given, column="mine")
        assert scores(named) == pytest.approx(expected())
    with pytest.raises(InputError) as caught:
        zoo.predict(small(), stream, column="minee")
    assert caught.value.problem == (
        "The dataset has no picture column 'minee'. Did you mean 'mine'? It has image, "
        "mine; name it with column=... (--column)."
    )


def test_a_dataset_of_several_splits() -> None:
    """
    Which one is meant can't be told.
    """
    library = pytest.importorskip("datasets")
    rows = library.Dataset.from_dict({"image": ["a.png"]})
    both = library.DatasetDict({"train": rows, "test": rows})

    with pytest.raises(InputError) as caught:
        zoo.predict(small(), both)
    assert caught.value.problem == (
        "A dataset of several splits ('train', 'test'): give one of them."
    )


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_rows_of_a_table(tmp_path: Path, ending: str) -> None:
    """
    Each row is an input; one that is no row is its own fault alone.
    """
    pandas = pytest.importorskip("pandas")
    path = tmp_path / f"flowers.{ending}"
    rows = [ROW, {"sepal_length": 6.5, "petal_length": 4.6}, ROW]
    frame = pandas.DataFrame(rows)
    if ending == "csv":
        frame.to_csv(path, index=False)
    elif ending == "jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    else:
        frame.to_parquet(path)

    made = list(zoo.predict_iter(IRIS, path, batch_size=2))

    assert [one.label for one in made if isinstance(one, Classification)] == [
        "setosa",
        "versicolor",
        "setosa",
    ]


def test_a_bad_row_of_a_table_is_named(tmp_path: Path) -> None:
    """
    The others are answered.
    """
    path = tmp_path / "flowers.csv"
    path.write_text("sepal_length,petal_length\n5.1,1.4\n5.1,long\n6.5,4.6\n")

    made = list(zoo.predict_iter(IRIS, path, on_error="return"))

    assert [type(one).__name__ for one in made] == [
        "Classification",
        "InputError",
        "Classification",
    ]
    with pytest.raises(InputError) as caught:
        list(zoo.predict_iter(IRIS, path))
    assert caught.value.problem == (
        f"{path}, line 3: column 'petal_length' holds 'long', not a number."
    )


def test_a_generator_is_read_as_it_is_needed() -> None:
    """
    Of an endless one, no more than some batches are ever taken.
    """
    taken = 0

    def endless() -> Iterator[Image.Image]:
        nonlocal taken
        while True:
            taken += 1
            yield Image.new("RGB", (8, 8))

    made = zoo.predict_iter(small(), endless(), batch_size=4)
    for _ in range(10):
        next(made)

    assert taken == 12


def test_texts_share_a_batch_with_those_of_like_length() -> None:
    """
    And come back in their order.
    """
    model = zoo.load("gru-imdb")
    texts = ["Fine.", "A long and tiring film. " * 30, "Dull.", "It is a joy. " * 40]
    widths = []
    handle = model.register_forward_pre_hook(
        lambda _, args: widths.append(args[0].shape[1])
    )

    made = list(zoo.predict_iter(model, iter(texts), batch_size=2))
    handle.remove()

    assert len(widths) == 2
    assert widths[0] < 10 < 100 < widths[1]
    assert scores(made) == pytest.approx(
        scores(zoo.predict(model, one) for one in texts), abs=1e-4
    )


def test_a_folder_of_texts(tmp_path: Path) -> None:
    """
    A Path is a folder, a str is a text.
    """
    for name, text in (("a", "A fine film."), ("b", "It is dull.")):
        (tmp_path / f"{name}.txt").write_text(text)
    model = zoo.load("gru-imdb")

    made = zoo.predict(model, tmp_path)

    assert scores(made) == pytest.approx(
        scores(zoo.predict(model, ["A fine film.", "It is dull."]))
    )
    assert isinstance(zoo.predict(model, str(tmp_path)), Classification)


def test_texts_of_a_folder_and_of_a_tar_are_in_the_encoding_that_is_named(
    tmp_path: Path,
) -> None:
    """
    One that is not in it is an error in the place of its result.
    """
    place, tar = tmp_path / "reviews", tmp_path / "reviews.tar"
    place.mkdir()
    (place / "a.txt").write_bytes("A fine film.".encode("utf-16"))
    with tarfile.open(tar, "w") as archive:
        archive.add(place / "a.txt", "a.txt")
    model = zoo.load("gru-imdb")
    expected = scores([zoo.predict(model, "A fine film.")])

    for source in (place, tar):
        made = zoo.predict(model, source, encoding="utf-16")
        assert scores(made) == pytest.approx(expected)
        (wrong,) = zoo.predict_iter(model, source, encoding="ascii", on_error="return")
        assert isinstance(wrong, InputError)
        assert "a.txt is not ascii text (byte 0)." in wrong.problem


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"column": "x"}, "column='x' names a column, and {} is no table."),
        (
            {"encoding": "cp949"},
            "encoding='cp949' is that of texts, and {} holds none.",
        ),
    ],
)
def test_what_is_of_no_use_in_a_folder_of_pictures_is_refused(
    how: dict[str, str], problem: str, folder: Path
) -> None:
    with pytest.raises(InputError) as caught:
        zoo.predict(small(), str(folder), **how)

    assert caught.value.problem == problem.format(folder)


def test_a_picture_has_no_encoding(folder: Path) -> None:
    photo = min(folder.glob("*.png"))

    with pytest.raises(InputError) as caught:
        zoo.predict(small(), photo, encoding="cp949")

    assert caught.value.problem == (
        "encoding='cp949' is that of texts, and the input is none."
    )


@pytest.mark.parametrize("workers", [0, 1])
def test_errors_come_in_the_place_of_results(folder: Path, workers: int) -> None:
    """
    Of the inputs that are at fault; or the first of them is raised, by its name.
    """
    (folder / "2.png").write_bytes(b"no picture")
    made = list(
        zoo.predict_iter(
            small(), folder, batch_size=4, workers=workers, on_error="return"
        )
    )

    assert [number for number, one in enumerate(made) if isinstance(one, InputError)]
    assert isinstance(made[2], InputError)
    assert str(made[2]).startswith(f"{folder}/2.png is not a picture in a format")
    with pytest.raises(InputError, match=rf"^{folder}/2\.png: {folder}/2\.png is not"):
        list(zoo.predict_iter(small(), folder, workers=workers))


def test_windows_are_for_each_picture(folder: Path) -> None:
    """
    As for one picture alone.
    """
    windows = {"size": 32, "threshold": 0.0}
    made = list(zoo.predict_iter(small(), f"{folder}/[01].png", windows=windows))

    alone = [zoo.predict(small(), one, windows=windows) for one in photos(2)]
    assert [one.to_dict() for one in made] == [one.to_dict() for one in alone]


def test_what_is_left_out_of_a_folder_is_said(folder: Path) -> None:
    """
    A file that is no picture is named in a warning; a folder without any is refused.
    """
    (folder / "notes.docx").write_text("about the photos")

    with pytest.warns(DataWarning, match=r"1 file left out, .*\.docx \(notes\.docx\)"):
        assert len(zoo.predict(small(), folder)) == 10
    for path in folder.rglob("*.png"):
        path.unlink()
    with pytest.raises(InputError) as caught:
        zoo.predict(small(), folder)
    assert caught.value.problem == (
        f"{folder} holds no pictures (.jpg, .jpeg, .png, .webp, .bmp, .gif, .tif, "
        ".tiff, .ppm). It holds 1 .docx."
    )


REFUSED: list[tuple[Any, str]] = [
    (iter([]), "There is no input."),
    ("no/such/*.png", "no/such/*.png holds no pictures."),
]


@pytest.mark.parametrize(("given", "problem"), REFUSED, ids=[p for _, p in REFUSED])
def test_nothing_to_answer(given: Any, problem: str) -> None:
    """
    It is refused, and not answered with an empty list.
    """
    with pytest.raises(InputError) as caught:
        zoo.predict(small(), given)

    assert caught.value.problem == problem


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"workers": -1}, "workers=-1 should be 0 or more. Options: workers."),
        ({"on_error": "skip"}, "on_error='skip' should be 'raise' or 'return'."),
        ({"batch_size": 0}, "batch_size=0 should be 1 or more."),
        ({"invrt": True}, "zoo.predict_iter has no option 'invrt'. Did you mean"),
    ],
    ids=str,
)
def test_options_are_checked_before_the_first_answer(
    options: dict[str, Any], problem: str
) -> None:
    """
    When the iterator is made, not when it is used.
    """
    with pytest.raises(OptionError) as caught:
        zoo.predict_iter(small(), iter(photos(1)), **options)

    assert problem in str(caught.value)


def test_the_mode_of_a_model_is_left_as_it_was() -> None:
    """
    A model in training trains on when the iterator is at its end.
    """
    model = small().train()

    list(zoo.predict_iter(model, iter(photos(2))))

    assert model.training
    assert torch.is_grad_enabled()


def test_the_folder_that_one_is_in_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What is left out of "." is said of the folder by its name.
    """
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    Image.new("L", (28, 28)).save("one.png")
    Path("notes.txt").write_text("x")

    with pytest.warns(DataWarning) as said:
        zoo.predict("lenet5-mnist", ".")

    assert [str(one.message) for one in said] == [
        "mine: 1 file left out, because no picture could be read: 1 .txt (notes.txt)."
    ]
