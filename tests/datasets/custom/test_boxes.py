"""A user's own boxes: what is in them, and what is wrong with them."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import datasets as library
import pandas as pd
import pytest
from colored_shapes import (
    LABELS,
    SIZE,
    Shapes,
    shapes,
    write_coco,
    write_voc,
    write_yolo,
)
from PIL import Image

from zoo.datasets.custom.reader import read_data, read_part
from zoo.errors import DataError, DataWarning
from zoo.specs import BoxOutput, ImageInput
from zoo.tasks.targets.annotations.coco import read_coco
from zoo.tasks.targets.annotations.marks import CORNER_SIZE, Mark, Marked
from zoo.tasks.targets.annotations.pascal_voc import read_voc
from zoo.tasks.targets.annotations.yolo_text import read_names, read_yolo
from zoo.tasks.targets.base import Rows
from zoo.tasks.targets.boxes import Boxes, BoxTargets

FRAME = ImageInput(height=32, width=64, fit="stretch")
TWO = BoxOutput(labels=("cat", "dog"))
WRITERS = (write_coco, write_voc, write_yolo)


@pytest.fixture(scope="module")
def drawn() -> list[Shapes]:
    return shapes(6, seed=3)


def found(data: Any, **how: Any) -> Any:
    return read_data(data, FRAME, TWO, **how)


def complaint(data: Any, **how: Any) -> str:
    with pytest.raises(DataError) as caught:
        found(data, **how)
    return str(caught.value)


def objects(target: Boxes, labels: tuple[str, ...]) -> list[Any]:
    """Return objects as they were drawn: label and box in pixels."""
    width, height = SIZE
    return [
        (
            labels[number],
            tuple(
                round(end * of)
                for end, of in zip(box, (width, height) * 2, strict=True)
            ),
        )
        for box, number in zip(target.boxes, target.labels, strict=True)
    ]


# The same rows in all forms


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_each_form_gives_the_same_rows(
    write: Any, drawn: list[Shapes], tmp_path: Path
) -> None:
    """
    The pictures in order, with the shapes that were drawn, to the pixel, in the order
    of the files' own numbers.
    """
    rows = found(write(tmp_path / "shapes", drawn))

    assert (rows.source, rows.labels, rows.notes) == ("shapes", LABELS, ())
    assert [path.stem for path in rows.training.items] == [f"{n:03}" for n in range(6)]
    for target, one in zip(rows.training.targets, drawn, strict=True):
        assert objects(target, rows.labels) == one.objects
    assert sum(rows.counts().values()) == sum(len(one.objects) for one in drawn)
    assert isinstance(rows.kind, BoxTargets)


def test_the_forms_agree_in_shares(drawn: list[Shapes], tmp_path: Path) -> None:
    """
    To the sixth digit, with which the text files are written.
    """
    read = [found(write(tmp_path / write.__name__, drawn)) for write in WRITERS]
    for one, two, three in zip(*(rows.training.targets for rows in read), strict=True):
        assert one == two
        assert one.labels == three.labels
        for ours, theirs in zip(one.boxes, three.boxes, strict=True):
            assert ours == pytest.approx(theirs, abs=2e-6)


def table_rows(folder: Path, drawn: list[Shapes]) -> list[dict[str, Any]]:
    """Write pictures, and return a row for each object."""
    folder.mkdir()
    rows = []
    for number, one in enumerate(drawn):
        name = f"{number:03}.png"
        one.picture.save(folder / name)
        for label, box in one.objects:
            ends = dict(zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
            rows.append({"filename": name, **ends, "class": label})
    return rows


def test_a_table_with_a_row_for_each_object(
    drawn: list[Shapes], tmp_path: Path
) -> None:
    """
    Rows of one picture belong together; one without a box is a picture without objects.
    """
    rows = table_rows(tmp_path / "shapes", drawn)
    Image.new("RGB", SIZE).save(tmp_path / "shapes" / "empty.png")
    table = pd.DataFrame([*rows, {"filename": "empty.png"}])
    table.to_csv(tmp_path / "shapes" / "boxes.csv", index=False)
    with pytest.warns(DataWarning, match="1 of 7 training pictures shows no object"):
        read = found(tmp_path / "shapes" / "boxes.csv")

    assert read.labels == LABELS
    assert list(read.training.names)[-1] == "empty.png"
    assert read.training.targets[-1] == Boxes(boxes=(), labels=())
    for target, one in zip(read.training.targets[:-1], drawn, strict=True):
        assert objects(target, read.labels) == one.objects


def test_a_table_with_lists(drawn: list[Shapes], tmp_path: Path) -> None:
    """
    JSONL as the Hub has it for folders of pictures: `bbox` is COCO's.
    """
    folder = tmp_path / "shapes"
    folder.mkdir()
    lines = []
    for number, one in enumerate(drawn):
        one.picture.save(folder / f"{number}.png")
        boxes = [[a, b, c - a, d - b] for _, (a, b, c, d) in one.objects]
        held = {"bbox": boxes, "category": [label for label, _ in one.objects]}
        lines.append(json.dumps({"file_name": f"{number}.png", "objects": held}))
    (folder / "metadata.jsonl").write_text("\n".join(lines))
    read = found(folder / "metadata.jsonl")

    for target, one in zip(read.training.targets, drawn, strict=True):
        assert objects(target, read.labels) == one.objects


@pytest.mark.parametrize("form", ["objects", "columns", "list of objects"])
def test_a_dataset_with_objects(form: str, drawn: list[Shapes]) -> None:
    """
    Named classes keep their names; `boxes` are ends, and `bbox` COCO's.
    """
    names = library.ClassLabel(names=list(LABELS))
    pictures = [one.picture for one in drawn]
    numbers = [[LABELS.index(label) for label, _ in one.objects] for one in drawn]
    ends = [[list(map(float, box)) for _, box in one.objects] for one in drawn]
    sides = [[[a, b, c - a, d - b] for a, b, c, d in each] for each in ends]
    box = library.Sequence(library.Value("float32"), length=4)
    columns: dict[str, Any] = {"image": pictures}
    features: dict[str, Any] = {"image": library.Image()}
    if form == "columns":
        columns |= {"boxes": ends, "labels": numbers}
        features |= {"boxes": library.Sequence(box), "labels": library.Sequence(names)}
    elif form == "objects":
        columns["objects"] = [
            {"bbox": b, "category": c} for b, c in zip(sides, numbers, strict=True)
        ]
        features["objects"] = {
            "bbox": library.Sequence(box),
            "category": library.Sequence(names),
        }
    else:
        columns["objects"] = [
            [{"bbox": b, "category": c} for b, c in zip(*each, strict=True)]
            for each in zip(sides, numbers, strict=True)
        ]
        features["objects"] = [{"bbox": box, "category": names}]
    made = library.Dataset.from_dict(columns, features=library.Features(features))
    read = found(made)

    assert set(read.labels) == {*LABELS}
    for target, one in zip(read.training.targets, drawn, strict=True):
        assert objects(target, read.labels) == one.objects


@pytest.mark.data
def test_a_registered_dataset() -> None:
    """
    Its labels are those of its spec, and its splits its own.
    """
    rows = found("bccd")

    assert rows.labels == ("RBC", "WBC", "Platelets")
    assert [len(part) for part in rows.parts().values()] == [198, 83, 72]
    assert rows.counts() == {"RBC": 2295, "WBC": 207, "Platelets": 200}


# Splits


def test_splits_of_cocos_files(drawn: list[Shapes], tmp_path: Path) -> None:
    """
    As COCO itself has them, and as Roboflow writes them.
    """
    coco, robo = tmp_path / "coco", tmp_path / "robo"
    for place, folders in (
        (coco, ("train2017", "val2017")),
        (robo, ("train", "valid")),
    ):
        for name, part in zip(folders, (drawn[:4], drawn[4:]), strict=True):
            write_coco(place / name, part)
    (coco / "annotations").mkdir()
    for name in ("train2017", "val2017"):
        written = coco / name / "annotations.json"
        written.rename(coco / "annotations" / f"instances_{name}.json")
    for name in ("train", "valid"):
        written = robo / name / "annotations.json"
        written.rename(robo / name / "_annotations.coco.json")
    for place in (coco, robo):
        rows = found(place)
        sizes = {name: len(part) for name, part in rows.parts().items()}
        assert sizes == {"training": 4, "validation": 2}
        assert objects(rows.validation.targets[1], LABELS) == drawn[5].objects


def test_one_file_of_coco_is_data_too(drawn: list[Shapes], tmp_path: Path) -> None:
    folder = write_coco(tmp_path / "shapes", drawn)
    rows = found(folder / "annotations.json")

    assert (rows.source, len(rows.training)) == ("annotations.json", 6)


def test_splits_of_pascal_voc_are_lists(drawn: list[Shapes], tmp_path: Path) -> None:
    """
    `trainval` is of both, and lists of one class are of none.
    """
    folder = write_voc(tmp_path / "shapes", drawn)
    sets = folder / "ImageSets" / "Main"
    sets.mkdir(parents=True)
    (sets / "train.txt").write_text("000\n001\n002\n")
    (sets / "val.txt").write_text("003\n")
    (sets / "trainval.txt").write_text("000\n001\n002\n003\n")
    (sets / "test.txt").write_text("004\n")
    (sets / "circle_train.txt").write_text("000 1\n001 -1\n")
    with pytest.warns(DataWarning) as told:
        rows = found(folder)

    assert [len(part) for part in rows.parts().values()] == [3, 1, 1]
    assert [str(one.message) for one in told] == [
        "shapes: 1 picture in no split was left out (JPEGImages/005.png)."
    ]


@pytest.mark.parametrize("above", [True, False])
def test_splits_of_yolo_are_folders(
    above: bool, drawn: list[Shapes], tmp_path: Path
) -> None:
    """
    `train/images` or `images/train`.
    """
    folder = tmp_path / "shapes"
    for name, part in (("train", drawn[:4]), ("val", drawn[4:])):
        made = write_yolo(tmp_path / name, part)
        for kind in ("images", "labels"):
            place = folder / name / kind if above else folder / kind / name
            shutil.copytree(made / kind, place)
        shutil.copy(made / "data.yaml", folder)
    rows = found(folder)

    assert [len(part) for part in rows.parts().values()] == [4, 2]
    assert objects(rows.validation.targets[0], rows.labels) == drawn[4].objects


# What is left out, and said


def test_pictures_and_annotations_that_are_alone(
    drawn: list[Shapes], tmp_path: Path
) -> None:
    """
    Of COCO and VOC they are left out; of YOLO a picture without a file has no objects.
    """
    coco, voc, yolo = (write(tmp_path / write.__name__, drawn) for write in WRITERS)
    (coco / "001.png").unlink()
    (voc / "JPEGImages" / "001.png").unlink()
    (yolo / "images" / "001.png").unlink()
    drawn[0].picture.save(coco / "new.png")
    drawn[0].picture.save(voc / "JPEGImages" / "new.png")
    (yolo / "labels" / "004.txt").unlink()
    notes = {}
    for place in (coco, voc, yolo):
        with pytest.warns(DataWarning):
            rows = found(place)
        notes[place.name] = list(rows.notes)
        assert len(rows.training) == 5

    assert notes == {
        "write_coco": [
            "write_coco: 1 picture that is annotated, but not there, was left out "
            "(001.png).",
            "write_coco: 1 picture without annotations was left out (new.png).",
        ],
        "write_voc": [
            "write_voc: 1 picture without an annotation was left out "
            "(JPEGImages/new.png).",
            "write_voc: 1 annotation without a picture was left out "
            "(Annotations/001.xml).",
        ],
        "write_yolo": [
            "write_yolo: 1 text file without a picture was left out (labels/001.txt).",
            "write_yolo: 1 picture has no text file, and is taken to show no object "
            "(images/004.png).",
            "write_yolo: 1 of 5 training pictures shows no object, as it is annotated.",
        ],
    }


def changed(folder: Path, change: Any) -> Path:
    """Change the annotations of a file of COCO's form."""
    place = folder / "annotations.json"
    whole = json.loads(place.read_text())
    change(whole)
    place.write_text(json.dumps(whole, indent=1))
    return folder


def test_crowds_are_left_out(drawn: list[Shapes], tmp_path: Path) -> None:
    def crowd(whole: Any) -> None:
        whole["annotations"][0]["iscrowd"] = 1

    with pytest.warns(DataWarning) as told:
        rows = found(changed(write_coco(tmp_path / "shapes", drawn), crowd))

    assert [str(one.message) for one in told] == [
        "shapes: 1 crowd (iscrowd), of which one box surrounds many, was left out."
    ]
    assert len(rows.training.targets[0].labels) == len(drawn[0].objects) - 1


def test_difficult_objects_are_taken(drawn: list[Shapes], tmp_path: Path) -> None:
    folder = write_voc(tmp_path / "shapes", drawn)
    file = folder / "Annotations" / "000.xml"
    text = file.read_text()
    hard = text.replace("</bndbox>", "</bndbox><difficult>1</difficult>", 1)
    file.write_text(hard)
    with pytest.warns(DataWarning) as told:
        rows = found(folder)

    assert [str(one.message) for one in told] == [
        "shapes: 1 object is marked as difficult; they are taken as any other."
    ]
    assert objects(rows.training.targets[0], rows.labels) == drawn[0].objects


def test_pixels_may_be_counted_from_zero(drawn: list[Shapes], tmp_path: Path) -> None:
    """
    Where one box begins at 0, all do so.
    """
    folder = write_voc(tmp_path / "shapes", drawn)
    file = folder / "Annotations" / "000.xml"
    text = file.read_text()
    first = drawn[0].objects[0][1][0] + 1
    file.write_text(text.replace(f"<xmin>{first}<", "<xmin>0<", 1))
    with pytest.warns(DataWarning) as told:
        rows = found(folder)
    width, height = SIZE
    box = rows.training.targets[1].boxes[0]

    assert [str(one.message) for one in told] == [
        "shapes: a box begins at 0, or has fractions, so pixels are counted from 0, "
        "and not from 1 as Pascal VOC does."
    ]
    assert box[0] * width == pytest.approx(drawn[1].objects[0][1][0] + 1)
    assert box[2] * width == pytest.approx(drawn[1].objects[0][1][2])
    assert box[1] * height == pytest.approx(drawn[1].objects[0][1][1] + 1)


def again(whole: Any) -> None:
    whole["annotations"].append(dict(whole["annotations"][0], id=999))


def twice_in_xml(folder: Path) -> None:
    place = sorted(folder.rglob("*.xml"))[0]
    before, mark, rest = place.read_text().partition("<object>")
    one, _, after = rest.partition("</object>")
    place.write_text(f"{before}{mark}{one}</object>{mark}{one}</object>{after}")


def twice_in_text(folder: Path) -> None:
    place = sorted((folder / "labels").rglob("*.txt"))[0]
    place.write_text(place.read_text() + place.read_text().splitlines()[0] + "\n")


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_a_box_that_is_given_again(
    write: Any, drawn: list[Shapes], tmp_path: Path
) -> None:
    """
    In each form it counts twice, which is said; evaluation says it too.
    """
    folder = write(tmp_path / "shapes", drawn)
    if write is write_coco:
        changed(folder, again)
    else:
        (twice_in_xml if write is write_voc else twice_in_text)(folder)
    count = sum(len(one.objects) for one in drawn)

    with pytest.warns(DataWarning) as told:
        rows = found(folder)
    with pytest.warns(DataWarning) as measured:
        read_part(folder, FRAME, BoxOutput(labels=LABELS), ["test"], labels=LABELS)

    (said,) = [str(one.message) for one in told]
    start, _, end = said.partition(", the first at ")
    assert start == (
        "shapes: 1 box is given again, with the same label and place in the picture"
    )
    assert end.endswith(". Each counts as an object: take them out.")
    assert [str(one.message) for one in measured] == [said]
    assert sum(rows.counts().values()) == count + 1


def test_boxes_that_may_be_ends(drawn: list[Shapes], tmp_path: Path) -> None:
    """
    All of them wider than their x and higher than their y: it is said. One that
    leaves its picture, and would not as ends, is refused with the advice.
    """
    boxes = [[1 + n % 3, 2, 20, 30] for n in range(99)]

    def ends(whole: Any) -> None:
        for one, box in zip(whole["annotations"], boxes, strict=False):
            one["bbox"] = box

    folder = changed(write_coco(tmp_path / "shapes", drawn), ends)
    count = sum(len(one.objects) for one in drawn)
    with pytest.warns(DataWarning) as told:
        found(folder)
    assert [said for one in told if "as xmin" in (said := str(one.message))] == [
        f"shapes: all {count} boxes (x, y, width, height) are wider than their x and "
        "higher than their y, as xmin, ymin, xmax, ymax would be. If they are these "
        "(look at shapes/annotations.json, annotation 1 (id 1)), write the width and "
        "the height."
    ]
    boxes[0] = [100, 10, 150, 50]
    assert complaint(changed(folder, ends)) == (
        "shapes/annotations.json, annotation 1 (id 1): the box [100, 10, 150, 50] (x, "
        "y, width, height) is not inside its picture, which is 160x120. It would be if "
        "its numbers are xmin, ymin, xmax, ymax: write the width and the height "
        "instead."
    )


def test_a_box_that_was_rounded_is_cut_off(drawn: list[Shapes], tmp_path: Path) -> None:
    def wider(whole: Any) -> None:
        whole["annotations"][0]["bbox"] = [-0.5, 0, 20, 30]

    with pytest.warns(DataWarning) as told:
        rows = found(changed(write_coco(tmp_path / "shapes", drawn), wider))

    assert [str(one.message) for one in told] == [
        "shapes: 1 box reaches beyond the border of its picture by up to a pixel, and "
        "is cut off there."
    ]
    assert rows.training.targets[0].boxes[0] == (0, 0, 19.5 / 160, 30 / 120)


def test_numbers_are_labels_where_nothing_names_them(
    drawn: list[Shapes], tmp_path: Path
) -> None:
    """
    Unless they are named by whoever reads them, or by classes.txt.
    """
    folder = write_yolo(tmp_path / "shapes", drawn)
    (folder / "data.yaml").unlink()
    with pytest.warns(DataWarning, match="no file has the names of the classes"):
        bare = found(folder)
    with pytest.warns(DataWarning, match="no file has the names"):
        named = found(folder, labels=["a", "b", "c"])
    (folder / "classes.txt").write_text("x\ny\nz\n")

    assert bare.labels == ("0", "1", "2")
    assert named.labels == ("a", "b", "c")
    assert found(folder).labels == ("x", "y", "z")
    assert found(folder, known=["z", "y", "x"]).labels == ("z", "y", "x")


# What is refused, with its file and line


def coco_fault(change: Any) -> Any:
    def broken(place: Path, drawn: list[Shapes]) -> Path:
        return changed(write_coco(place, drawn), change)

    return broken


def set_in(part: str, number: int, **values: Any) -> Any:
    return coco_fault(lambda whole: whole[part][number].update(values))


def drop(part: str, number: int, key: str) -> Any:
    return coco_fault(lambda whole: whole[part][number].pop(key))


def cut_off(place: Path, drawn: list[Shapes]) -> Path:
    file = write_coco(place, drawn) / "annotations.json"
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[:20]))
    return place


FILE = "shapes/annotations.json"


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (
            set_in("annotations", 1, bbox=[5, 9, 0, 20]),
            f"{FILE}, annotation 2 (id 2): the box [5, 9, 0, 20] (x, y, width, height) "
            "has no area.",
        ),
        (
            set_in("annotations", 1, bbox=[150, 9, 20, 20]),
            f"{FILE}, annotation 2 (id 2): the box [150, 9, 20, 20] (x, y, width, "
            "height) is not inside its picture, which is 160x120.",
        ),
        (
            set_in("annotations", 1, bbox=[5, 9, "wide", 20]),
            f"{FILE}, annotation 2 (id 2): the width is 'wide', which is no number.",
        ),
        (
            set_in("annotations", 1, bbox=[5, 9, 20]),
            f"{FILE}, annotation 2 (id 2): its bbox is [5, 9, 20], and should be [x, "
            "y, width, height].",
        ),
        (
            set_in("annotations", 1, category_id=9),
            f"{FILE}, annotation 2 (id 2): no category has the id 9. There are: 1, 2, "
            "3.",
        ),
        (
            set_in("annotations", 1, image_id=99),
            f"{FILE}, annotation 2 (id 2): no image has the id 99.",
        ),
        (
            drop("annotations", 1, "bbox"),
            f"{FILE}, annotation 2 (id 2) has no 'bbox'.",
        ),
        (drop("images", 2, "file_name"), f"{FILE}, image 3 has no 'file_name'."),
        (
            set_in("images", 2, file_name="../other.png"),
            f"{FILE}, image 3: its file_name '../other.png' leads out of {{folder}}. "
            "Pictures are files beside their annotations.",
        ),
        (
            set_in("images", 2, id=0),
            f"{FILE}, image 3: another image has the id 0 too.",
        ),
        (
            set_in("images", 2, width=120, height=160),
            f"{FILE}, image 3: it says that 002.png is 120x160, and the picture is "
            "160x120. A box is counted in the pixels of its own picture.",
        ),
        (
            set_in("categories", 1, name="circle"),
            f"{FILE}, category 2: another category has the id 2 or the name 'circle' "
            "too.",
        ),
        (
            coco_fault(lambda whole: whole.pop("categories")),
            f"{FILE} has no list 'categories'. A file of COCO's form has 'images', "
            "'annotations' and 'categories'.",
        ),
        (
            coco_fault(lambda whole: whole.update(annotations=[7])),
            f"{FILE}, annotation 1 is 7, and should be an object.",
        ),
        (
            coco_fault(lambda whole: whole.update(annotations=[])),
            "shapes: no picture has an object, so there is nothing to find.",
        ),
        (
            cut_off,
            f"{FILE}, line 20: it is not JSON (Expecting value). It seems to "
            "be cut off.",
        ),
    ],
)
def test_a_broken_file_of_coco(
    broken: Any, problem: str, drawn: list[Shapes], tmp_path: Path
) -> None:
    folder = broken(tmp_path / "shapes", drawn)

    assert complaint(folder) == problem.format(folder=folder)


def in_xml(before: str, after: str) -> Any:
    def broken(text: str) -> str:
        assert before in text
        return text.replace(before, after, 1)

    return broken


BOMB = '<!DOCTYPE a [<!ENTITY b "many"><!ENTITY c "&b;&b;&b;">]>\n<annotation>'


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (
            in_xml("<xmin>70</xmin>", "<xmin>107</xmin>"),
            "line 6: the box [107, 17, 107, 54] (xmin, ymin, xmax, ymax, pixels "
            "counted from 1) has no area.",
        ),
        (
            in_xml("<xmax>107</xmax>", "<xmax>700</xmax>"),
            "line 6: the box [70, 17, 700, 54] (xmin, ymin, xmax, ymax, pixels "
            "counted from 1) is not inside its picture, which is 160x120.",
        ),
        (
            in_xml("<xmin>70</xmin>", "<xmin>left</xmin>"),
            "line 6: xmin is 'left', which is no number.",
        ),
        (
            in_xml("<xmin>70</xmin>", ""),
            "line 6: the <bndbox> has no <xmin>.",
        ),
        (
            in_xml("<name>square</name>", "<name></name>"),
            "line 4: the <object> has no <name>.",
        ),
        (in_xml("bndbox>", "box>"), "line 9: it is not XML (mismatched tag)."),
        (lambda _: "", "line 1: it is not XML (no element found)."),
        (
            lambda _: "picture 1",
            "line 1: it is not XML (syntax error).",
        ),
        (
            lambda text: text.replace("annotation>", "labels>"),
            "line 1: it begins with <labels>, and a file of Pascal VOC with "
            "<annotation>.",
        ),
        (
            in_xml("<annotation>", BOMB),
            "line 1: it has a document type (<!DOCTYPE>), which is refused: no "
            "annotation needs one.",
        ),
        (lambda _: 40 * "<a>", "line 1: it is too deep."),
        (
            in_xml("<annotation>", "<annotation>" + 50_000 * "<a/>\n<b/>"),
            "line 50001: it has more than 100,000 elements, which no picture needs.",
        ),
    ],
)
def test_a_broken_file_of_pascal_voc(
    broken: Any, problem: str, drawn: list[Shapes], tmp_path: Path
) -> None:
    folder = write_voc(tmp_path / "shapes", drawn)
    file = folder / "Annotations" / "000.xml"
    file.write_text(broken(file.read_text()))

    assert complaint(folder) == f"shapes/Annotations/000.xml, {problem}"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "0 0.5 0.5 0 0.2",
            "line 2: the box [0.5, 0.5, 0, 0.2] (x, y, width, height, shares) has no "
            "area.",
        ),
        (
            "0 0.9 0.5 0.4 0.2",
            "line 2: the box [0.9, 0.5, 0.4, 0.2] (x, y, width, height, shares) is not "
            "inside its picture, which is 160x120.",
        ),
        (
            "0 80 60 20 20",
            "line 2: the box [80, 60, 20, 20] is not in shares of its picture, from 0 "
            "to 1. Divide x and the width by the picture's width, y and the height by "
            "its height.",
        ),
        (
            "0 0.5 0.5 0.2",
            "line 2: it has 4 values, and should have five: class x y width height.",
        ),
        (
            "circle 0.5 0.5 0.2 0.2",
            "line 2: the class is 'circle', and should be a whole number from 0.",
        ),
        ("0 0.5 y 0.2 0.2", "line 2: y is 'y', which is no number."),
        ("0 0.5 nan 0.2 0.2", "line 2: y is 'nan', which is no number."),
        (
            "7 0.5 0.5 0.2 0.2",
            "line 2: the class 7 has no name: shapes/data.yaml has 3, 0 to 2.",
        ),
    ],
)
def test_a_broken_file_of_yolo(
    line: str, problem: str, drawn: list[Shapes], tmp_path: Path
) -> None:
    folder = write_yolo(tmp_path / "shapes", drawn)
    (folder / "labels" / "000.txt").write_text(f"0 0.5 0.5 0.2 0.2\n{line}\n")

    assert complaint(folder) == f"shapes/labels/000.txt, {problem}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "nc: 3\n",
            "shapes/data.yaml has no 'names' of classes, numbered from 0, such as "
            "names: [cat, dog].",
        ),
        (
            "nc: 3\nnames: [a, b\n",
            "shapes/data.yaml, line 3: it is not YAML (expected ',' or ']', but got "
            "'<stream end>').",
        ),
    ],
)
def test_broken_names_of_classes(
    text: str, problem: str, drawn: list[Shapes], tmp_path: Path
) -> None:
    folder = write_yolo(tmp_path / "shapes", drawn)
    (folder / "data.yaml").write_text(text)

    assert complaint(folder) == problem


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            "000.png,5,5,3,20,cat",
            "line 2: the box [5, 5, 3, 20] (xmin, ymin, xmax, ymax) has no area.",
        ),
        (
            "000.png,5,5,300,20,cat",
            "line 2: the box [5, 5, 300, 20] (xmin, ymin, xmax, ymax) is not inside "
            "its picture, which is 160x120.",
        ),
        ("000.png,5,5,x,20,cat", "line 2: xmax is 'x', which is no number."),
        ("000.png,5,5,,20,cat", "line 2: xmax is '', which is no number."),
        ("000.png,5,5,20,20,", "line 2: the box has no label."),
        (
            "000.png,0.1,0.1,0.3,0.4,cat",
            "line 2: the box [0.1, 0.1, 0.3, 0.4] (xmin, ymin, xmax, ymax) has no "
            "number above 1, and no other box has: they seem to be shares. Give "
            "pixels.",
        ),
    ],
)
def test_a_broken_table(
    row: str, problem: str, drawn: list[Shapes], tmp_path: Path
) -> None:
    drawn[0].picture.save(tmp_path / "000.png")
    table = tmp_path / "boxes.csv"
    table.write_text(f"image,xmin,ymin,xmax,ymax,label\n{row}\n")

    assert complaint(table) == f"{table}, {problem}"


def test_a_table_without_boxes_or_labels(drawn: list[Shapes], tmp_path: Path) -> None:
    """
    What it should have is said.
    """
    drawn[0].picture.save(tmp_path / "000.png")
    table = tmp_path / "boxes.csv"
    table.write_text("image,xmin\n000.png,5\n")
    first = complaint(table)
    table.write_text("image,xmin,ymin,xmax,ymax\n000.png,5,5,9,9\n")
    second = complaint(table)

    assert first == (
        f"{table} has no columns of boxes. It has image, xmin. Give a row for each "
        "object with xmin, ymin, xmax, ymax and label; or for each picture a column of "
        "lists: objects, with bbox and category, or boxes, and labels."
    )
    assert second == (
        f"{table} has boxes (xmin), and no column with their labels. It has image, "
        "xmin, ymin, xmax, ymax; name it with target=... (--target)."
    )


def test_a_label_that_the_model_does_not_have(
    drawn: list[Shapes], tmp_path: Path
) -> None:
    """
    Where the labels are given, as they are to measure a model.
    """
    folder = write_voc(tmp_path / "shapes", drawn)
    with pytest.raises(DataError) as told:
        read_part(folder, FRAME, TWO, ["test"], labels=["Circle", "Square", "star"])

    assert str(told.value) == (
        "shapes/Annotations/000.xml, line 6: the label 'square' is none of Circle, "
        "Square, star. Did you mean 'Square' or 'star'?"
    )


def test_folders_that_say_too_little_or_too_much(
    drawn: list[Shapes], tmp_path: Path
) -> None:
    """
    Pictures alone, and boxes in two forms.
    """
    bare, both = tmp_path / "bare", write_coco(tmp_path / "both", drawn)
    bare.mkdir()
    drawn[0].picture.save(bare / "1.png")
    (both / "000.xml").write_text("<annotation></annotation>")

    assert complaint(bare) == (
        f"{bare} holds 1 picture, and no boxes. Put beside it a JSON file of "
        "COCO's form (annotations.json, or instances_train.json and "
        "instances_val.json), an XML file of Pascal VOC's form for each picture, or a "
        "text file of YOLO's form for each picture (in labels/)."
    )
    assert complaint(both) == (
        f"{both} holds boxes in 2 forms: a JSON file of COCO's form "
        "(annotations.json) and XML files (000.xml). Which are meant can't be told: "
        "keep those of one."
    )


BIG = "1" * 5000  # digits, more than Python makes a number of
LISTS = "\n".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 15)
)
STRANGE_NAMES = {
    "a bomb": f"a0: &a0 [x]\n{LISTS}\nnames: *a14",
    "a date": "names: [2001-99-99]",
    "no number": 'names: [!!int ""]',
    "a large number": f"names: [{BIG}]",
    "depth": f"names: {'[' * 20_000}",
}


@pytest.mark.parametrize("kind", STRANGE_NAMES)
def test_strange_names_of_classes(tmp_path: Path, kind: str) -> None:
    """
    A short file can't take the memory or the time that YAML lets it ask for.
    """
    (tmp_path / "data.yaml").write_text(STRANGE_NAMES[kind], encoding="utf-8")

    with pytest.raises(DataError):
        read_names(tmp_path / "data.yaml", "data.yaml")


@pytest.mark.parametrize(
    "names", ["[0x{0}]", "[cat, 0b{0}]", "{{? 0x{0} : cat}}", "{{0: 0x{0}}}"]
)
def test_a_name_of_a_class_that_is_a_number_of_thousands_of_digits(
    tmp_path: Path, names: str
) -> None:
    """
    YAML makes a number of it that Python does not spell out.
    """
    path = tmp_path / "data.yaml"
    path.write_text(f"names: {names.format('1' * 30_000)}", encoding="utf-8")

    with pytest.raises(DataError) as caught:
        read_names(path, "data.yaml")

    assert str(caught.value) == (
        "data.yaml: the name of a class is a number of too many digits. Put quotes "
        "around it, or give it a word."
    )


LONG = "1" * 4000
COCO_FAULTS = {
    "width": ({"width": "x" * 4000, "height": 1}, {}, {}),
    "file name": ({"file_name": int(LONG)}, {}, {}),
    "image": ({}, {"image_id": LONG, "id": LONG}, {}),
    "category": ({}, {"category_id": LONG}, {"id": "c" * 4000}),
    "box": ({}, {"bbox": [0, 0, 1, "x" * 4000]}, {}),
    "name": ({}, {}, {"id": [LONG], "name": LONG}),
}


@pytest.mark.parametrize("kind", COCO_FAULTS)
def test_a_message_is_no_longer_for_a_long_value_of_coco(
    tmp_path: Path, kind: str
) -> None:
    """
    What a stranger wrote is cut off, wherever it stands.
    """
    image, annotation, category = COCO_FAULTS[kind]
    held = {
        "images": [{"id": 1, "file_name": "a.png"} | image],
        "categories": [{"id": 1, "name": "cat"} | category],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2]}
            | annotation
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps(held), encoding="utf-8")

    with pytest.raises(DataError) as caught:
        read_coco(tmp_path / "a.json", "a.json")

    assert len(str(caught.value)) < 500
    assert "..." in str(caught.value)


def test_a_message_is_no_longer_for_a_long_word_of_a_text_file(tmp_path: Path) -> None:
    """
    Also in the other forms: tags of XML and of YAML, and the numbers of a box.
    """
    place, long = tmp_path / "a.yaml", "1" * 400_000
    for read, text, message in (
        (
            lambda: read_voc(place, "a"),
            f"<x{long}/>",
            f"a, line 1: it begins with <x{long[:56]}...>, and a file of Pascal VOC "
            "with <annotation>.",
        ),
        (
            lambda: read_yolo(place, "a", ["x"], "b"),
            f"0 0.{long} 0.5 1e{long} 0.1",
            f"a, line 1: the width is '1e{long[:54]}..., which is no number.",
        ),
        (
            lambda: read_names(place, "a"),
            f"names: !x{long} a",
            "a, line 1: it is not YAML (could not determine a constructor for the tag "
            f"'!x{long[:248]}...).",
        ),
    ):
        place.write_text(text, encoding="utf-8")
        with pytest.raises(DataError) as caught:
            read()
        assert str(caught.value) == message


def test_numbers_without_end(tmp_path: Path) -> None:
    """
    They are refused in each form, as what is no number is.
    """
    place = tmp_path / "a"
    for read, text in (
        (lambda: read_coco(place, "a"), f'{{"images": [{{"id": {BIG}}}]}}'),
        (lambda: read_yolo(place, "a", ["x"], "b"), f"{BIG} 0.1 0.1 0.1 0.1"),
    ):
        place.write_text(text, encoding="utf-8")
        with pytest.raises(DataError):
            read()


def test_a_long_file_takes_no_longer_than_its_length(tmp_path: Path) -> None:
    """
    A text of a million lines, and a hundred thousand categories, are read in seconds.
    """
    voc, coco = tmp_path / "a.xml", tmp_path / "a.json"
    lines = "\n" * (1 << 20)
    voc.write_text(f"<annotation>{lines}</annotation>", encoding="utf-8")
    categories = [{"id": n, "name": str(n)} for n in range(100_000)]
    whole = {"images": [], "annotations": [], "categories": categories}
    coco.write_text(json.dumps(whole), encoding="utf-8")

    started = time.process_time()
    read_voc(voc, "a")
    read_coco(coco, "a")
    assert time.process_time() - started < 30


@pytest.mark.parametrize(
    ("other", "what"), [("boX", "case"), ("box ", "case or in blanks around them")]
)
def test_names_that_differ_in_case_or_blanks_are_no_two_classes(
    other: str, what: str
) -> None:
    """
    A detector refuses them, as a classifier does.
    """
    marks = [Mark((0, 0, 9, 9), CORNER_SIZE, name, "here") for name in ("box", other)]
    rows = Rows([], [Marked(marks, None, "here")], ["1.jpg"])

    with pytest.raises(DataError) as caught:
        BoxTargets().parse("photos", {"training": rows}, None)

    first, second = sorted(["box", other])
    assert str(caught.value) == (
        f"photos: the labels {first!r} and {second!r} differ in {what} only. Write "
        "them alike, or rename one."
    )
