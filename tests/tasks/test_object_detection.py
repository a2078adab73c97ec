"""Objects in pictures: what the task promises of any model that gives boxes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pycocotools.coco import COCO
from torch import Tensor, nn

import zoo
from zoo import BoxOutput, ImageInput, License, ModelSpec
from zoo.datasets.in_memory import synthetic_rows
from zoo.errors import DataError, InputError, OptionError, SpecError
from zoo.finetuning import preconditions
from zoo.finetuning.strategies import Settings
from zoo.models.metadata import ModelMetadata, attach
from zoo.runtime.object_detection import find
from zoo.tasks import get_task
from zoo.tasks.results.vision import Box, Detection, Detections
from zoo.tasks.targets.boxes import BoxTargets

FRAME = ImageInput(height=32, width=64, fit="stretch")
TWO = BoxOutput(labels=("cat", "dog"))
TASK: Any = get_task("object-detection")
RED_BOX = 16, 8, 40, 24  # of the frame, in pixels


class RedBox(nn.Module):
    """One box around what is red, another beside it that is less sure, and one of
    nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.sure = nn.Parameter(torch.tensor(4.0))

    def forward(self, image: Tensor) -> Tensor:
        red = image[:, 0] - image[:, 1] > 0.5  # (B, H, W)
        ends = [
            (one.float() * places).amax(dim=(1, 2))
            for one, places in (
                (red, 1 - torch.arange(64) / 64),
                (red, (1 - torch.arange(32) / 32)[:, None]),
                (red, torch.arange(1, 65) / 64),
                (red, (torch.arange(1, 33) / 32)[:, None]),
            )
        ]
        box = torch.stack([1 - ends[0], 1 - ends[1], ends[2], ends[3]], dim=1)
        here = torch.where(red.any(dim=2).any(dim=1), self.sure, -self.sure)[:, None]
        dog = torch.tensor([[-9.0, 9.0]]).expand(len(image), -1)
        first = torch.cat([box, here, dog], dim=1)
        second = torch.cat([box + 0.01, here - 1, dog], dim=1)
        nothing = torch.cat([box, torch.full_like(here, -9.0), -dog], dim=1)
        return torch.stack([second, nothing, first], dim=1)


def red_box(**changed: Any) -> Any:
    known: dict[str, Any] = {
        "name": "red-box",
        "summary": "A box around what is red.",
        "task": "object-detection",
        "build": "red_box:RedBox",
        "card": "card.md",
        "license": License(code="mit", weights="mit", data="mit"),
        "parameters": 1,
        "input": FRAME,
        "output": TWO,
        "trained_on": (),
    }
    spec = ModelSpec(**known | changed)
    return attach(RedBox().eval(), ModelMetadata(spec=spec, options={}))


def picture(width: int = 64, height: int = 32) -> Image.Image:
    """Return a white picture with a red box at the same shares of it."""
    shown = Image.new("RGB", (width, height), "white")
    box = [
        round(end * size / frame)
        for end, size, frame in zip(
            RED_BOX, (width, height) * 2, (64, 32) * 2, strict=True
        )
    ]
    shown.paste((255, 0, 0), tuple(box))
    return shown


def ends(found: Detections) -> list[tuple[int, ...]]:
    boxes = [one.box for one in found.objects]
    return [(box.xmin, box.ymin, box.xmax, box.ymax) for box in boxes]


def test_a_box_is_in_the_pixels_of_the_picture() -> None:
    """
    Whatever its size: the whole picture is stretched to the model's frame.
    """
    model = red_box()
    (one,) = zoo.predict(model, [picture(640, 640)])

    assert ends(one) == [(160, 160, 400, 480)]
    assert one.size == (640, 640)
    assert one.labels == ("dog",)
    assert one.objects[0].score == pytest.approx(torch.tensor(4.0).sigmoid().item())
    assert str(one) == "dog (98.20%) at 160, 160 to 400, 480"


def test_of_a_picture_without_an_object_the_answer_is_empty() -> None:
    """
    In every form.
    """
    found = zoo.predict(red_box(), Image.new("RGB", (50, 40), "white"))

    assert found.objects == ()
    assert str(found) == "nothing found"
    assert found.to_dict() == {"objects": [], "size": [50, 40]}
    assert found.to_coco() == []
    assert found.to_tensors()["boxes"].shape == (0, 4)
    assert found.render().size == (50, 40)
    assert "nothing" not in found._repr_html_()


def test_a_strip_of_eight_pixels_has_boxes_inside_it() -> None:
    """
    8x4000 and 4000x8: no box is empty, and none leaves the picture.
    """
    model = red_box()
    high, wide = zoo.predict(model, [picture(8, 4000), picture(4000, 8)])

    assert ends(high) == [(2, 1000, 5, 3000)]
    assert ends(wide) == [(1000, 2, 2500, 6)]


def test_a_box_smaller_than_a_pixel_is_one() -> None:
    """
    At the border too.
    """
    output = torch.zeros(1, 2, 7)
    output[0, :, :4] = torch.tensor([[0.0, 0, 0.01, 0.01], [0.99, 0.99, 1, 1]])
    output[0, :, 4] = torch.tensor([9.0, 8.0])
    output[0, :, 5] = 9
    (found,) = TASK.postprocess(output, [picture(8, 8)], TWO)

    assert ends(found) == [(0, 0, 1, 1), (7, 7, 8, 8)]


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P", "1", "CMYK", "I;16"])
def test_pictures_of_any_mode_are_looked_at(mode: str) -> None:
    """
    In grey nothing is red; with an alpha channel, in a palette and in CMYK it still is.
    """
    shown = Image.new("I;16", (64, 32), 60000) if mode == "I;16" else picture()
    shown = shown if mode == "I;16" else shown.convert(mode)
    found = zoo.predict(red_box(), shown)

    assert ends(found) == ([RED_BOX] if mode in ("RGBA", "P", "CMYK") else [])


def test_transparent_parts_are_white() -> None:
    """
    What lies under them is not seen.
    """
    shown = picture().convert("RGBA")
    shown.paste((255, 0, 0, 0), (0, 0, 64, 8))

    assert ends(zoo.predict(red_box(), shown)) == [RED_BOX]


def test_prepared_pixels_have_the_frame() -> None:
    tensor = torch.from_numpy(np.asarray(picture()).copy()).permute(2, 0, 1) / 255
    found = zoo.predict(red_box(), tensor)

    assert ends(found) == [RED_BOX]
    assert (found.size, found.picture, found.render()) == ((64, 32), None, None)


def test_the_threshold_and_the_overlap_are_options() -> None:
    """
    Of `zoo.predict`; by default they are those of the spec.
    """
    model = red_box()
    counts = [
        len(zoo.predict(model, picture(), **options).objects)
        for options in (
            {},
            {"threshold": 0.99},
            {"overlap": 1.0},
            {"overlap": 1.0, "threshold": 0.97},
            {"overlap": 1.0, "threshold": 0.0},
        )
    ]

    assert counts == [1, 0, 2, 1, 3]
    assert (
        len(
            zoo.predict(
                red_box(output=BoxOutput(labels=("a", "b"), overlap=1.0)), picture()
            ).objects
        )
        == 2
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            {"threshold": 2},
            "Model 'red-box': threshold=2 should be a number from 0 to 1. Options: "
            "threshold, overlap.",
        ),
        (
            {"overlap": "x"},
            "Model 'red-box': overlap='x' should be a number from 0 to 1. Options: "
            "threshold, overlap.",
        ),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(OptionError) as told:
        zoo.predict(red_box(), picture(), **options)

    assert str(told.value) == problem


def test_objects_are_the_surest_first_and_no_more_than_the_spec_says() -> None:
    output = torch.zeros(1, 40, 7)
    output[0, :, :2] = torch.arange(40)[:, None] / 50
    output[0, :, 2:4] = output[0, :, :2] + 0.01
    output[0, :, 4] = torch.arange(40) / 10 + 1
    output[0, :, 5] = 9
    few = BoxOutput(labels=("cat", "dog"), max_objects=7)
    (found,) = find(output, few)

    assert len(found.scores) == 7
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)
    assert (
        found.scores[0] == output[0, -1, 4].sigmoid() * output[0, 0, 5:].softmax(0)[0]
    )


def test_labels_by_sigmoid_are_judged_each() -> None:
    """
    The chance is that of an object times that of the label.
    """
    output = torch.tensor([[[0.1, 0.1, 0.9, 0.9, 0.0, 2.0, 2.0]]])
    each = BoxOutput(labels=("a", "b"), function_to_apply="sigmoid", threshold=0.0)
    one_of = BoxOutput(labels=("a", "b"), threshold=0.0)

    assert find(output, each)[0].scores.item() == pytest.approx(0.5 * 0.8808, abs=1e-4)
    assert find(output, one_of)[0].scores.item() == pytest.approx(0.25)


def test_broken_outputs_are_told() -> None:
    """
    NaN is the model's fault, and an output without room for the labels is the spec's.
    """
    output = torch.zeros(1, 2, 7)
    output[0, 0, 0] = torch.nan
    with pytest.raises(InputError, match=r"The model's output holds NaN: its weights"):
        TASK.postprocess(output, [picture()], TWO)
    with pytest.raises(SpecError) as told:
        TASK.postprocess(torch.zeros(1, 2, 8), [picture()], TWO)

    assert str(told.value) == (
        "BoxOutput: labels=('cat', 'dog') should be five less than the model's output "
        "has, (1, 2, 8)."
    )


# Forms


FOUND = Detections(
    objects=(
        Detection(label="dog", score=0.9, box=Box(xmin=1, ymin=2, xmax=5, ymax=9)),
        Detection(label="cat", score=0.6, box=Box(xmin=0, ymin=0, xmax=3, ymax=4)),
    ),
    size=(20, 10),
    known=("cat", "dog", "bird"),
)


def test_objects_become_json_as_on_the_hub() -> None:
    first = {"xmin": 1, "ymin": 2, "xmax": 5, "ymax": 9}
    told = json.loads(json.dumps(FOUND.to_dict()))

    assert told["objects"][0] == {"label": "dog", "score": 0.9, "box": first}
    assert told["size"] == [20, 10]
    assert set(told) == {"objects", "size"}


def test_objects_become_coco_annotations(tmp_path: Path) -> None:
    """
    pycocotools reads them, and finds the boxes and the labels again.
    """
    annotations = FOUND.to_coco(image_id=3, first_id=10)
    categories = [{"id": n, "name": name} for n, name in enumerate(FOUND.known)]
    images = [{"id": 3, "width": 20, "height": 10, "file_name": "a.png"}]
    whole = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "coco.json").write_text(json.dumps(whole))
    read = COCO(tmp_path / "coco.json")

    assert read.getAnnIds(imgIds=[3]) == [10, 11]
    first = read.loadAnns([10])[0]
    assert read.loadCats([first["category_id"]])[0]["name"] == "dog"
    assert (first["bbox"], first["area"], first["iscrowd"]) == ([1, 2, 4, 7], 28, 0)


def test_objects_become_torchvisions_tensors() -> None:
    made = FOUND.to_tensors()

    assert made["boxes"].tolist() == [[1, 2, 5, 9], [0, 0, 3, 4]]
    assert (made["labels"].tolist(), made["labels"].dtype) == ([1, 0], torch.int64)
    assert made["scores"].tolist() == pytest.approx([0.9, 0.6])
    assert made["boxes"].dtype == torch.float32


def test_frames_are_drawn_around_the_objects() -> None:
    """
    On their outermost pixels, and nowhere else in a picture too small for names.
    """
    found = zoo.predict(red_box(), picture())
    before, after = (np.asarray(one) for one in (picture(), found.render()))
    changed = (before != after).any(axis=2)
    inner = changed[9:23, 17:39]

    assert changed[8:24, 16:40].sum() == changed.sum() == 2 * (24 + 16) - 4
    assert not inner.any()


# What can't be done


def test_models_that_find_objects_are_not_fine_tuned_yet() -> None:
    """
    Nor with a head, until they can be.
    """
    spec = replace(red_box().zoo.spec, head="head")
    with pytest.raises(OptionError) as told:
        preconditions.check(spec, Settings())

    assert str(told.value) == (
        "Model 'red-box': zoo.finetune does not teach models that find objects yet. "
        "Options: none."
    )


def test_a_users_boxes_are_not_measured_yet() -> None:
    with pytest.raises(OptionError) as told:
        zoo.evaluate(red_box(), "photos")

    assert "zoo.evaluate has no measure for its task, object-detection." in str(
        told.value
    )


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"labels": ()}, "BoxOutput: labels=() should be at least one, all different."),
        (
            {"labels": ("a", "a")},
            "BoxOutput: labels=('a', 'a') should be at least one, all different.",
        ),
        ({"threshold": 2}, "BoxOutput: threshold=2 should be from 0 to 1."),
        ({"overlap": -1}, "BoxOutput: overlap=-1 should be from 0 to 1."),
        ({"max_objects": 0}, "BoxOutput: max_objects=0 should be at least 1."),
        (
            {"function_to_apply": "none"},
            "BoxOutput: function_to_apply='none' should be 'softmax' or 'sigmoid'.",
        ),
    ],
)
def test_outputs_that_make_no_sense_are_refused(
    changed: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SpecError) as told:
        BoxOutput(**{"labels": ("a",), **changed})

    assert str(told.value) == problem


def test_the_whole_picture_has_to_be_looked_at() -> None:
    with pytest.raises(SpecError) as told:
        red_box(input=ImageInput(height=32, width=64))

    assert str(told.value) == (
        "Model 'red-box': input.fit='crop' should be 'stretch', so that a box has its "
        "place in the whole picture."
    )


def test_stand_in_boxes_have_an_area_and_lie_inside() -> None:
    target = synthetic_rows(FRAME, TWO, 50, "stand-in").target

    assert target.shape == (50, 3, 5)
    assert set(target[..., 0].unique().tolist()) == {0, 1}
    assert (target[..., 3:] - target[..., 1:3]).min() > 0.1
    assert 0 <= target[..., 1:].min() < target[..., 1:].max() <= 1


def test_boxes_of_a_folder_are_not_read_yet(tmp_path: Path) -> None:
    with pytest.raises(DataError) as told:
        BoxTargets().read_folder(tmp_path, FRAME)

    assert str(told.value) == (
        f"{tmp_path}: boxes are not read from folders and tables yet. A recipe reads "
        "them: 'zoo eject' gives you that of a model for your own data."
    )
