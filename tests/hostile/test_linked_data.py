"""Links in a folder of data: what they lead to outside of it is not opened.

The folder comes from somebody else; the files that its links name are the user's.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from small import pictures

import zoo
from zoo._utils import paths
from zoo.datasets.custom.reader import read_data
from zoo.errors import DataError, InputError
from zoo.inference.sources import ReadInputs, find_source
from zoo.specs import BoxOutput, ImageInput

PHOTO = ImageInput(height=8, width=8)
ALLOW = "If that is meant, give allow_outside=True (--allow-outside)."
Lead = Callable[[Path, Path], Path]  # the folder and the user's own, to the link


def a_picture(folder: Path, own: Path) -> Path:
    (link := folder / "down" / "x.png").symlink_to(own / "across" / "0.png")
    return link


def a_class(folder: Path, own: Path) -> Path:
    (link := folder / "more").symlink_to(own / "across")
    return link


def a_hidden_folder(folder: Path, own: Path) -> Path:
    """Lead to a hidden folder within, and from there out."""
    (hidden := folder / ".hidden").mkdir()
    (hidden / "x.png").symlink_to(own / "across" / "0.png")
    (folder / "more").symlink_to(".hidden")
    return hidden / "x.png"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return pictures(tmp_path / "theirs", 2)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return pictures(tmp_path / "own", 2)


@pytest.mark.parametrize("lead", [a_picture, a_class, a_hidden_folder])
def test_a_link_out_of_the_data(folder: Path, own: Path, lead: Lead) -> None:
    """
    To learn from, to evaluate on and to predict, it is refused, unless it is meant.
    """
    link = lead(folder, own)
    problem = f"{link} is a link to {link.resolve()}, which is not in {folder}. {ALLOW}"

    with pytest.raises(DataError) as learnt:
        read_data(folder, PHOTO)
    with pytest.raises(InputError) as predicted:
        find_source(folder, PHOTO, ReadInputs())

    assert (str(learnt.value), predicted.value.problem) == (problem, problem)
    assert len(read_data(folder, PHOTO, allow_outside=True).training) > 4


def test_a_pattern_finds_no_link_out(folder: Path, own: Path) -> None:
    """
    What a pattern finds lies in the folder before its first star.
    """
    link = a_picture(folder, own)

    with pytest.raises(InputError) as caught:
        find_source(f"{folder}/*/*.png", PHOTO, ReadInputs())

    assert caught.value.problem == (
        f"{link} is a link to {link.resolve()}, which is not in {folder}. {ALLOW}"
    )
    allowed = find_source(f"{folder}/*/*.png", PHOTO, ReadInputs(allow_outside=True))
    assert allowed is not None
    assert allowed.count == 5


def test_a_link_within_the_data(folder: Path, tmp_path: Path) -> None:
    """
    It is followed, and so is one to the data as a whole, and one that is the data.
    """
    (folder / "down" / "x.png").symlink_to("../across/0.png")
    (folder / "down" / "loop").symlink_to("..")  # without end, if it were walked
    (folder / "down" / "gone.png").symlink_to(tmp_path / "nothing")
    (tmp_path / "link").symlink_to(folder)

    for place in (folder, tmp_path / "link"):
        assert len(read_data(place, PHOTO).training) == 5


def test_pictures_beside_an_annotation_file(folder: Path, own: Path) -> None:
    """
    The file that is named speaks of a folder, and that one is looked at.
    """
    link = a_picture(folder, own)
    (path := folder / "annotations").mkdir()
    path = path / "boxes.json"
    held = [{"id": 1, "file_name": "down/x.png", "width": 28, "height": 28}]
    path.write_text(json.dumps({"images": held, "annotations": [], "categories": []}))

    with pytest.raises(DataError) as caught:
        read_data(path, PHOTO, BoxOutput(labels=("x",)))

    assert str(caught.value).startswith(f"{link} is a link to ")


def test_a_snapshot_of_the_hub_is_made_of_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Into its own repository they may lead, and into no other.
    """
    monkeypatch.setattr(paths, "hub_cache_dir", lambda: tmp_path)
    blob, other = tmp_path / "datasets--a--b/blobs/1", tmp_path / "models--a--c/blobs/2"
    folder = tmp_path / "datasets--a--b/snapshots/0"
    for place in (blob, other):
        place.parent.mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(place, "PNG")
    for name in ("x", "y"):
        (folder / name).mkdir(parents=True)
        (folder / name / "1.png").symlink_to(blob)

    assert len(read_data(folder, PHOTO).training) == 2
    (folder / "x" / "2.png").symlink_to(other)
    with pytest.raises(DataError, match="is a link to"):
        read_data(folder, PHOTO)


def test_the_command_says_so(
    folder: Path, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    And the option that permits it is there for folders too.
    """
    from zoo.cli import main

    a_picture(folder, own)
    words = ["predict", "lenet5-mnist", str(folder)]

    assert main(words) != 0
    assert ALLOW in " ".join(capsys.readouterr().err.split())
    assert main([*words, "--allow-outside"]) == 0
    with pytest.raises(DataError, match="is a link to"):
        zoo.evaluate("lenet5-mnist", folder)
