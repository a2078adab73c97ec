"""A user's own points: what is in them, and what is wrong with them."""

import json
import math
from pathlib import Path
from typing import Any

import datasets as library
import pandas as pd
import pytest
from drawn_triangles import (
    CORNERS,
    SIZE,
    Triangle,
    triangles,
    write_point_table,
    write_points_coco,
)
from PIL import Image

from zoo.datasets.custom.reader import read_data, read_part
from zoo.errors import DataError, DataWarning
from zoo.specs import ImageInput, KeypointOutput
from zoo.tasks.targets.keypoints import Points, mirrored

FRAME = ImageInput(height=32, width=64, fit="stretch")
THREE = KeypointOutput(labels=("nose", "left eye", "right eye"))


@pytest.fixture(scope="module")
def drawn() -> list[Triangle]:
    return triangles(4, seed=3)


def found(data: Any, **how: Any) -> Any:
    return read_data(data, FRAME, THREE, **how)


def complaint(data: Any, **how: Any) -> str:
    with pytest.raises(DataError) as caught:
        found(data, **how)
    return str(caught.value)


def pixels(target: Points) -> list[tuple[float, float]]:
    return [(round(x * SIZE[0], 3), round(y * SIZE[1], 3)) for x, y in target.points]


def changed(folder: Path, change: Any) -> Path:
    """Change the annotations of a file of COCO's form."""
    place = folder / "annotations.json"
    whole = json.loads(place.read_text())
    change(whole)
    place.write_text(json.dumps(whole))
    return folder


def table(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """Write a table with the pictures that it names."""
    folder.mkdir()
    for row in rows:
        if row["image"]:
            Image.new("RGB", SIZE).save(folder / row["image"])
    pd.DataFrame(rows).to_csv(folder / "points.csv", index=False)
    return folder / "points.csv"


# The same rows in all forms


def test_a_file_and_a_table_give_the_same_points(
    drawn: list[Triangle], tmp_path: Path
) -> None:
    """
    To the pixel, in the order of the file; lines come from the file alone.
    """
    coco = found(write_points_coco(tmp_path / "coco", drawn))
    listed = found(write_point_table(tmp_path / "table", drawn))
    alone = found(tmp_path / "coco" / "annotations.json")

    for read in (coco, listed, alone):
        assert (read.labels, read.notes) == (CORNERS, ())
        for target, one in zip(read.training.targets, drawn, strict=True):
            assert pixels(target) == [*one.corners]
    assert coco.training.targets[0].skeleton == ((0, 1), (1, 2), (2, 0))
    assert listed.training.targets[0].skeleton == ()
    assert coco.counts() == dict.fromkeys(CORNERS, 4)


def test_splits_are_the_names_of_files(drawn: list[Triangle], tmp_path: Path) -> None:
    """
    As COCO has them; files of boxes and captions beside them are of something else.
    """
    folder = tmp_path / "coco"
    for name, part in (("train", drawn[:3]), ("val", drawn[3:])):
        made = write_points_coco(folder / name, part)
        written = made / "annotations.json"
        written.rename(folder / f"person_keypoints_{name}2017.json")
    (folder / "instances_train2017.json").write_text("{}")
    rows = found(folder)

    assert {name: len(part) for name, part in rows.parts().items()} == {
        "training": 3,
        "validation": 1,
    }


def test_a_dataset_with_lists_of_points(drawn: list[Triangle]) -> None:
    """
    Points without names are those of the model, if it has as many; else numbers.
    """
    made = library.Dataset.from_dict(
        {
            "image": [one.picture for one in drawn],
            "keypoints": [[list(map(float, c)) for c in one.corners] for one in drawn],
        },
        features=library.Features(
            {
                "image": library.Image(),
                "keypoints": library.Sequence(
                    library.Sequence(library.Value("float32"))
                ),
            }
        ),
    )
    with pytest.warns(DataWarning) as told:
        named = found(made, known=THREE.labels)
    with pytest.warns(DataWarning) as others:
        numbered = found(made)

    assert (named.labels, numbered.labels) == (THREE.labels, ("1", "2", "3"))
    assert pixels(named.training.targets[2]) == [*drawn[2].corners]
    assert [str(one.message) for one in told] == [
        "the dataset: the points have no names. They are taken for nose, left eye, "
        "right eye, in this order."
    ]
    assert str(others[0].message).endswith("They are taken for 1, 2, 3, in this order.")


def test_columns_may_be_numbered(tmp_path: Path) -> None:
    """
    With x1, y1 and so on the points have no names.
    """
    rows = [{"image": "a.png", "x1": 3, "y1": 4, "x2": 80, "y2": 60.0}]
    with pytest.warns(DataWarning):
        read = found(table(tmp_path / "t", rows))

    assert read.labels == ("1", "2")
    assert pixels(read.training.targets[0]) == [(3, 4), (80, 60)]


def test_points_that_are_not_annotated_are_missing(
    drawn: list[Triangle], tmp_path: Path
) -> None:
    """
    By v, or by two empty cells; a picture without any point is left out, and said.
    """
    folder = write_points_coco(tmp_path / "coco", drawn)

    def hide(whole: Any) -> None:
        whole["annotations"][0]["keypoints"][:3] = [0, 0, 0]
        whole["annotations"][1]["keypoints"] = [0] * 9

    rows = [
        {"image": "a.png", "nose_x": 9, "nose_y": 9, "left eye_x": 5, "left eye_y": 6},
        {"image": "b.png", "nose_x": 7, "nose_y": 8},
        {"image": "c.png"},
    ]
    with pytest.warns(DataWarning) as first:
        coco = found(changed(folder, hide))
    with pytest.warns(DataWarning) as second:
        listed = found(table(tmp_path / "t", rows))

    assert math.isnan(coco.training.targets[0].points[0][0])
    assert coco.counts() == {"top": 2, "left foot": 3, "right foot": 3}
    assert listed.counts() == {"nose": 2, "left eye": 1}
    assert [path.name for path in listed.training.items] == ["a.png", "b.png"]
    assert coco.training.targets[0] == coco.training.pick([0]).targets[0]
    sentence = "1 of {} training pictures was left out, in which no point is annotated."
    assert [str(one.message) for one in (*first, *second)] == [
        f"coco: {sentence.format(4)}",
        f"points.csv: {sentence.format(3)}",
        "points.csv: the names of the points do not say which of them are left and "
        "right ('left eye' and 'right eye'), so no picture is mirrored.",
    ]


def test_points_stand_in_the_order_of_the_model(tmp_path: Path) -> None:
    """
    Whatever the order of the columns, lines and reference points with them.
    """
    names = ("left eye", "nose", "right eye")
    ends = {f"{n}_{a}": 10 * k + 5 for k, n in enumerate(names, 1) for a in "xy"}
    read = read_part(
        table(tmp_path / "t", [{"image": "a.png", **ends}]),
        FRAME,
        THREE,
        ["test"],
        labels=THREE.labels,
    )

    assert pixels(read.rows.targets[0]) == [(25, 25), (15, 15), (35, 35)]


def test_a_file_may_name_reference_points(
    drawn: list[Triangle], tmp_path: Path
) -> None:
    folder = write_points_coco(tmp_path / "coco", drawn)
    rows = found(
        changed(folder, lambda w: w["categories"][0].update(reference=[2, 3])),
        known=("right foot", "left foot", "top"),
    )
    target = rows.training.targets[0]

    assert (target.reference, target.skeleton) == ((1, 0), ((2, 1), (1, 0), (0, 2)))
    assert rows.kind.fitted_output(rows.training.targets, THREE) == KeypointOutput(
        labels=THREE.labels, reference=(1, 0), skeleton=target.skeleton
    )


# What the names say


@pytest.mark.parametrize(
    ("names", "sides"),
    [
        (("nose", "left_eye", "Right_Eye"), None),
        (("nose", "left_eye", "right_eye"), (0, 2, 1)),
        (("Left Foot", "right foot"), (1, 0)),
        (("leftover", "rightly"), None),
        (("left eye 1", "right eye 1"), None),
        (("left eye", "nose"), None),
        (("top", "bottom"), None),
    ],
)
def test_the_mirror_exchanges_left_and_right(
    names: tuple[str, ...], sides: tuple[int, ...] | None
) -> None:
    """
    Where the names say which those are: as words, and not with numbers after them.
    """
    expected = (0, 2, 1) if names[-1] == "Right_Eye" else sides

    assert mirrored(names) == expected


# What is wrong


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda w: w["annotations"][1].update(keypoints=[1, 2, 2]),
            "coco/annotations.json, annotation 2 (id 2): its keypoints are 3 numbers, "
            "and should be 9: x, y and v of each point (top, left foot, right foot).",
        ),
        (
            lambda w: w["annotations"][1]["keypoints"].__setitem__(2, 3),
            "coco/annotations.json, annotation 2 (id 2): v of 'top' is 3, and should "
            "be 0 (not annotated), 1 (hidden) or 2 (seen).",
        ),
        (
            lambda w: w["annotations"][1]["keypoints"].__setitem__(4, math.nan),
            "coco/annotations.json, annotation 2 (id 2): y of 'left foot' is nan, "
            "which is no number.",
        ),
        (
            lambda w: w["annotations"][1]["keypoints"].__setitem__(3, 162),
            "coco/annotations.json, annotation 2 (id 2): the point 'left foot' (162, ",
        ),
        (
            lambda w: w["annotations"][1].update(image_id=0),
            "coco/annotations.json, annotation 2 (id 2): 000.png has the points of "
            "another object already, coco/annotations.json, annotation 1 (id 1). The "
            "model finds those of one: cut each object out into a picture of its own.",
        ),
        (
            lambda w: w["categories"][0].pop("keypoints"),
            "coco/annotations.json, category 1 has no 'keypoints'.",
        ),
        (
            lambda w: w["categories"][0].update(skeleton=[[0, 1]]),
            "coco/annotations.json, category 1: its skeleton is [[0, 1]], and should "
            "be pairs of numbers from 1 to 3.",
        ),
        (
            lambda w: w["annotations"].clear(),
            "coco: no picture has a point, so there is nothing to do.",
        ),
        (
            lambda w: (
                w["categories"].append({"id": 2, "name": "b", "keypoints": ["p", "q"]}),
                w["annotations"][1].update(category_id=2, keypoints=[5, 5, 2] * 2),
            ),
            "coco/annotations.json, annotation 2 (id 2): its points are p, q, and "
            "those of coco/annotations.json, annotation 1 (id 1) are top, left foot, "
            "right foot. All pictures have the same points.",
        ),
        (
            lambda w: [a.update(keypoints=[0.5, 0.5, 2] * 3) for a in w["annotations"]],
            "coco/annotations.json, annotation 1 (id 1): no point of any picture has a "
            "number above 1: they seem to be shares. Give pixels.",
        ),
        (
            lambda w: w["images"][0].update(width=10),
            "coco/annotations.json, image 1: it says that 000.png is 10x120, and the "
            "picture is 160x120. A point is counted in the pixels of its own picture.",
        ),
    ],
)
def test_wrong_files_are_told(
    change: Any, problem: str, drawn: list[Triangle], tmp_path: Path
) -> None:
    folder = changed(write_points_coco(tmp_path / "coco", drawn), change)

    assert complaint(folder).startswith(problem)


ROW = {"image": "a.png", "a_x": 5, "a_y": 6, "b_x": 7, "b_y": 8}


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (
            [ROW, ROW | {"image": "b.png", "b_y": None}],
            "{}, line 3 has 'b_x', and no 'b_y'. Leave both empty of a point that is "
            "not annotated.",
        ),
        (
            [ROW | {"a_x": "left"}],
            "{}, line 2: a_x is 'left', which is no number.",
        ),
        (
            [ROW, ROW],
            "{}, line 3: 'a.png' is the picture of {}, line 2 already. A picture has "
            "one row: the model finds the points of one object.",
        ),
        (
            [{"image": "a.png", "a_x": 1, "a_y": 2, "b_x": 3}],
            "{} has a column 'b_x', and none of y of 'b'. It has image, a_x, a_y, b_x.",
        ),
        (
            [{"image": "a.png", "label": "b"}],
            "{} has no columns of points. It has image, label. Give a row for each "
            "picture, with NAME_x and NAME_y of each point, in pixels.",
        ),
        (
            [{"image": "a.png", "keypoints": "[[1, 2]]"}],
            "{}, line 2: 'keypoints' holds '[[1, 2]]', and should hold a list of [x, "
            "y]. A CSV file has columns NAME_x and NAME_y of each point instead.",
        ),
        (
            [{"image": "a.png", "a_x": 5, "a_y": 6}],
            "{}, line 2: its points are a, and should be at least two, all different.",
        ),
        (
            [ROW | {"b_x": None, "b_y": None}],
            "points.csv: no picture has two points, so no error can be measured.",
        ),
    ],
)
def test_wrong_tables_are_told(
    rows: list[dict[str, Any]], problem: str, tmp_path: Path
) -> None:
    place = table(tmp_path / "t", rows)

    assert complaint(place) == problem.replace("{}", str(place))


def test_a_row_without_a_picture_is_told() -> None:
    assert complaint(pd.DataFrame([ROW | {"image": None}])) == (
        "row 1 is missing, and points are counted in the pixels of a picture: give "
        "picture files, or pictures of Pillow."
    )


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    """
    As a table, and as a file of COCO's form.
    """
    empty = tmp_path / "points.csv"
    empty.write_text("")
    Image.new("RGB", SIZE).save(tmp_path / "a.png")
    (tmp_path / "annotations.json").write_text("")

    assert complaint(empty) == f"{empty} is empty."
    assert complaint(tmp_path).endswith(
        "/annotations.json, line 1: it is not JSON (Expecting value)."
    )


def test_a_folder_without_points_says_what_is_missing(tmp_path: Path) -> None:
    Image.new("RGB", SIZE).save(tmp_path / "a.png")

    assert complaint(tmp_path) == (
        f"{tmp_path} holds 1 picture, and no points. Put beside it a JSON file of "
        "COCO's form with keypoints (annotations.json, or person_keypoints_train.json "
        "and person_keypoints_val.json), or give a table with a row for each picture, "
        "and NAME_x and NAME_y of each point."
    )


def test_points_that_the_model_has_not_are_told(
    drawn: list[Triangle], tmp_path: Path
) -> None:
    """
    Where it is measured on them.
    """
    place = write_point_table(tmp_path / "table", drawn)
    with pytest.raises(DataError) as told:
        read_part(place, FRAME, THREE, ["test"], labels=THREE.labels)

    assert str(told.value) == (
        f"{place}, line 2: its points are top, left foot, right foot, and should be "
        "those of the model: nose, left eye, right eye."
    )


def test_a_point_at_the_border_is_moved_into_the_picture(tmp_path: Path) -> None:
    """
    By up to a pixel, and said.
    """
    rows = [ROW | {"a_x": 160.5, "a_y": -0.5}]
    with pytest.warns(DataWarning) as told:
        read = found(table(tmp_path / "t", rows))

    assert read.training.targets[0].points[0] == (1, 0)
    assert str(told[0].message) == (
        "points.csv: 1 point lies up to a pixel outside of the picture, and is moved "
        "to its border."
    )
