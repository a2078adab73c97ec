"""A user's own masks of objects: what is in them, and what is wrong with them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from colored_shapes import (
    LABELS,
    SIZE,
    Shapes,
    mask_of,
    shapes,
    write_masks,
    write_outlines,
)
from PIL import Image, ImageDraw
from pycocotools import mask as coco_masks

from zoo.datasets.custom.reader import read_data, read_part
from zoo.errors import DataError, DataWarning
from zoo.specs import ImageInput, InstanceOutput
from zoo.tasks.targets.annotations import outlines
from zoo.tasks.targets.annotations.outlines import MaskMark

FRAME = ImageInput(height=120, width=160, fit="stretch")
TWO = InstanceOutput(labels=("cat", "dog"), mask_size=8)


@pytest.fixture(scope="module")
def drawn() -> list[Shapes]:
    return shapes(4, seed=3)


def found(data: Any, **how: Any) -> Any:
    return read_data(data, FRAME, TWO, **how)


def complaint(data: Any, **how: Any) -> str:
    with pytest.raises(DataError) as caught:
        found(data, **how)
    return str(caught.value)


def changed(folder: Path, change: Any) -> Path:
    """Change the annotations of a file of COCO's form."""
    place = folder / "annotations.json"
    whole = json.loads(place.read_text())
    change(whole)
    place.write_text(json.dumps(whole))
    return folder


def first(change: Any) -> Any:
    """Return what changes the segmentation of the first annotation."""
    return lambda whole: whole["annotations"][0].update(segmentation=change)


# The same rows in both forms


def test_outlines_and_masks_give_the_same_maps(
    drawn: list[Shapes], tmp_path: Path
) -> None:
    """
    Runs and polygons of a file, and a mask for each picture: the same object at nearly
    every pixel; the file has the labels too.
    """
    coco = found(write_outlines(tmp_path / "coco", drawn))
    masks = found(write_masks(tmp_path / "masks", drawn))
    maps = [
        read.kind.tensor(read.training.targets, FRAME, TWO) for read in (coco, masks)
    ]
    expected = torch.stack(
        [torch.from_numpy(np.array(mask_of(one))).short() for one in drawn]
    )

    assert (coco.labels, masks.labels) == (LABELS, ("object",))
    assert (coco.notes, masks.notes) == ((), ())
    assert torch.equal(maps[1][:, 0], expected)
    assert (maps[0][:, 0] == expected).float().mean() > 0.99
    for row, one in enumerate(drawn):
        for number, (label, _) in enumerate(one.objects, 1):
            of = maps[0][row, 1][maps[0][row, 0] == number]
            assert of.unique().tolist() == [LABELS.index(label)]
    assert masks.counts() == {"object": sum(len(one.objects) for one in drawn)}
    assert sum(coco.counts().values()) == sum(masks.counts().values())


def test_a_table_names_masks(drawn: list[Shapes], tmp_path: Path) -> None:
    """
    In a column `mask`, beside the pictures.
    """
    folder = write_masks(tmp_path / "masks", drawn)
    lines = [f"images/{n:03}.png,masks/{n:03}.png" for n in range(4)]
    (folder / "rows.csv").write_text("\n".join(["image,mask", *lines]))
    read = found(folder / "rows.csv")

    assert [one.labels for one in read.training.targets] == [
        (0,) * len(one.objects) for one in drawn
    ]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_packed_runs_are_unpacked_by_pycocotools(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    And without it, the error says what to do.
    """
    mask = np.zeros((120, 160), dtype=np.uint8)
    mask[30:50, 20:90] = 1
    packed = coco_masks.encode(np.asfortranarray(mask))
    given = {"counts": packed["counts"].decode(), "size": [120, 160]}
    mark = MaskMark(given, "cat", "a.json, annotation 1")
    found = mark.drawn((160, 120))
    monkeypatch.setattr(
        outlines, "import_module", lambda name: __import__("no " + name)
    )
    with pytest.raises(DataError) as told:
        mark.drawn((160, 120))

    assert np.array_equal(found, mask > 0)
    assert str(told.value) == (
        "a.json, annotation 1: its counts are packed, and pycocotools, which unpacks "
        "them, is not installed: pip install pycocotools, or write polygons or a list "
        "of counts."
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("seed", range(4))
def test_polygons_are_filled_as_pycocotools_fills_them(seed: int) -> None:
    """
    To a few pixels at the border.
    """
    random = np.random.default_rng(seed)
    angles = np.sort(random.uniform(0, 2 * np.pi, 9))
    ends = [80, 60] + random.uniform(20, 50, (9, 1)) * np.stack(
        [np.cos(angles), np.sin(angles)], axis=1
    )
    polygon = ends.ravel().tolist()
    ours = MaskMark([polygon], "cat", "here").drawn((160, 120))
    theirs = coco_masks.decode(coco_masks.frPyObjects([polygon], 120, 160))[..., 0] > 0

    assert (ours & theirs).sum() / (ours | theirs).sum() > 0.97


# What overlaps, and what is empty


def test_a_later_object_lies_on_top(tmp_path: Path) -> None:
    """
    It is said where that hides more than a tenth; what is covered whole is not there.
    """
    folder = tmp_path / "coco"
    folder.mkdir()
    Image.new("RGB", SIZE).save(folder / "a.png")
    boxes = [(0, 0, 40, 40), (50, 50, 60, 60), (38, 0, 80, 40), (45, 45, 100, 100)]
    annotations = [
        {
            "id": n,
            "image_id": 1,
            "category_id": 1 + n % 2,
            "segmentation": [[a, b, c, b, c, d, a, d]],
        }
        for n, (a, b, c, d) in enumerate(boxes)
    ]
    whole = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    (folder / "annotations.json").write_text(json.dumps(whole))
    with pytest.warns(DataWarning) as told:
        read = found(folder)
    (number, label), *_ = read.kind.tensor(read.training.targets, FRAME, TWO)

    assert [str(one.message) for one in told] == [
        "coco: 1 object is hidden by later ones by more than a tenth, the first at "
        "coco/annotations.json, annotation 2 (id 1). Where objects overlap, the later "
        "one lies on top."
    ]
    assert read.training.targets[0].labels == (0, 0, 1)
    assert (number[10, 10], number[10, 39], number[55, 55]) == (1, 2, 3)
    assert (label[10, 10], label[55, 55], number[110, 10]) == (0, 1, 0)


def test_an_object_without_a_pixel_in_the_frame_is_not_counted() -> None:
    """
    Numbers have no gaps then.
    """
    small = ImageInput(height=12, width=16, fit="stretch")
    mask = Image.new("L", SIZE)
    pen = ImageDraw.Draw(mask)
    pen.point((1, 1), 7)
    pen.rectangle((50, 50, 90, 90), 9)
    pen.rectangle((100, 50, 130, 90), 200)
    rows: Any = {"image": [Image.new("RGB", SIZE)], "mask": [mask]}
    read = found(pd.DataFrame(rows))
    made = read.kind.tensor(read.training.targets, small, TWO)

    assert read.training.targets[0].labels == (0, 0, 0)
    assert made[0, 0].unique().tolist() == [0, 1, 2]


def test_pictures_without_objects_and_single_objects_are_said(
    drawn: list[Shapes], tmp_path: Path
) -> None:
    """
    A black and white mask is one object, in as many parts as it has.
    """
    folder = write_masks(tmp_path / "masks", drawn)
    for number in range(4):
        place = folder / "masks" / f"{number:03}.png"
        with Image.open(place) as mask:
            mask.point(lambda v, n=number: 255 * (v > 0 and n > 0)).save(place)
    with pytest.warns(DataWarning) as told:
        found(folder)

    assert [str(one.message) for one in told] == [
        "masks: 1 of 4 training pictures shows no object, as it is annotated.",
        "masks: no mask has two numbers beside 0, so each of the training pictures "
        "shows one object at most. Give every object a number of its own.",
    ]


# What is wrong


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda w: w["annotations"][0].pop("segmentation"),
            "coco/annotations.json, annotation 1 (id 1) has no 'segmentation'.",
        ),
        (
            first([]),
            "coco/annotations.json, annotation 1 (id 1): its segmentation is []. Give "
            "polygons, [[x1, y1, x2, y2, ...], ...], or the lengths of runs, "
            "{'counts': ..., 'size': [height, width]}.",
        ),
        (
            first([[1, 2, 3, 4]]),
            "coco/annotations.json, annotation 1 (id 1): a polygon of its segmentation "
            "is [1, 2, 3, 4], and should be x and y of three corners at least: [x1, "
            "y1, x2, y2, x3, y3].",
        ),
        (
            first([[1, 2, 3, 4, "a", 6]]),
            "coco/annotations.json, annotation 1 (id 1): a corner of its segmentation "
            "is 'a', which is no number.",
        ),
        (
            first([[1, 2, 300, 4, 5, 60]]),
            "coco/annotations.json, annotation 1 (id 1): its segmentation is not "
            "inside its picture, which is 160x120.",
        ),
        (
            first({"counts": [1, 2], "size": [160, 120]}),
            "coco/annotations.json, annotation 1 (id 1): the size of its segmentation "
            "is [160, 120], and its picture has [120, 160], the height and the width.",
        ),
        (
            first({"counts": [1, 2], "size": [120, 160]}),
            "coco/annotations.json, annotation 1 (id 1): the counts of its "
            "segmentation should be whole numbers whose sum is 19,200, all pixels of "
            "its picture.",
        ),
        (
            first({"counts": [19200], "size": [120, 160]}),
            "coco/annotations.json, annotation 1 (id 1): its segmentation has no "
            "pixel.",
        ),
        (
            lambda w: w["annotations"].clear(),
            "coco: no picture has an object, so there is nothing to find.",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::zoo.errors.DataWarning")
def test_wrong_outlines_are_told(
    change: Any, problem: str, drawn: list[Shapes], tmp_path: Path
) -> None:
    folder = changed(write_outlines(tmp_path / "coco", drawn), change)

    assert complaint(folder) == problem


def test_wrong_masks_are_told(drawn: list[Shapes], tmp_path: Path) -> None:
    """
    Of another size, of colours, and none at all.
    """
    folder = write_masks(tmp_path / "masks", drawn)
    place = folder / "masks" / "001.png"
    Image.new("L", (8, 9), 1).save(place)
    sized = complaint(folder)
    drawn[0].picture.save(place)
    noise = complaint(folder)
    place.unlink()
    gone = complaint(folder)

    assert sized == (
        "masks: the mask of 001 is 8x9, and its picture is 160x120. Make masks as "
        "large as their pictures, by the nearest pixel."
    )
    assert noise.startswith("The mask of 001 is no mask of numbers: shape (120, 160, 3")
    assert gone.startswith(f"{folder}: there is no mask for ")


def test_two_forms_in_one_folder_are_told(drawn: list[Shapes], tmp_path: Path) -> None:
    folder = write_masks(tmp_path / "masks", drawn)
    (folder / "annotations.json").write_text("{}")

    assert complaint(folder) == (
        f"{folder} holds masks in 2 forms: pictures (masks) and a JSON file "
        "(annotations.json). Which are meant can't be told: keep those of one."
    )


def test_masks_without_names_have_one_label(
    drawn: list[Shapes], tmp_path: Path
) -> None:
    """
    Where a model with two is measured on them, that is said.
    """
    folder = write_masks(tmp_path / "masks", drawn)

    assert found(folder, labels=["shape"]).labels == ("shape",)
    with pytest.raises(DataError) as told:
        read_part(folder, FRAME, TWO, ["test"], labels=TWO.labels)
    assert str(told.value) == (
        "masks: its masks number objects and do not name them, and there are 2 "
        "labels: cat, dog. Give outlines in a file of COCO's form, where each object "
        "has a category."
    )
