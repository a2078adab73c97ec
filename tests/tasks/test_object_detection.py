"""Objects in pictures: what the task promises of any model that gives boxes."""

import json
from dataclasses import replace
from io import BytesIO
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
from zoo.datasets.custom.reader import read_part
from zoo.datasets.in_memory import synthetic_rows
from zoo.errors import (
    DataWarning,
    InputError,
    OptionError,
    SettingsError,
    SpecError,
)
from zoo.evaluation.evaluate import predict_examples
from zoo.finetuning import preconditions
from zoo.finetuning.strategies import Settings
from zoo.inference.features import targets
from zoo.models.metadata import ModelMetadata, attach
from zoo.runtime.boxes import NO_BOX
from zoo.runtime.object_detection import find
from zoo.tasks import get_task
from zoo.tasks._detectors import mean_boxes
from zoo.tasks.results.vision import Box, Detection, Detections

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


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        (
            {"balance": True},
            "balance=True weighs classes, and 'red-box' has a loss of its own: leave "
            "it out.",
        ),
        (
            {"augmented_copies": 2, "augment": "flip-crop"},
            "augmented_copies=2 keeps the features of copies, and boxes move with "
            "their pictures anew in every epoch: leave augmented_copies out.",
        ),
    ],
)
def test_settings_that_are_not_for_boxes_are_refused(
    setting: dict[str, Any], problem: str
) -> None:
    spec = replace(red_box().zoo.spec, head="head")
    with pytest.raises(SettingsError) as told:
        preconditions.check(spec, Settings(**setting))

    assert str(told.value) == problem


def test_a_model_without_a_loss_of_its_own_is_not_fine_tuned() -> None:
    with pytest.raises(OptionError) as told:
        TASK.check_targets(red_box(), torch.zeros(1, 3, 32, 64), {})

    assert str(told.value) == (
        "Model 'red-box': it can't be fine-tuned: its forward(image) should take a "
        "target too, forward(image, target), and return its losses then. Options: none."
    )


# A user's own pictures


def folder_of_red(place: Path) -> Path:
    """Write two pictures with a red box, one of which is annotated as it is and one as
    the left half, and one picture without an object."""
    (place / "images").mkdir(parents=True)
    (place / "labels").mkdir()
    (place / "classes.txt").write_text("cat\ndog\n")
    for name, lines in (
        ("right", "1 0.4375 0.5 0.375 0.5\n"),
        ("wrong", "0 0.25 0.5 0.5 1\n"),
        ("empty", ""),
    ):
        shown = Image.new("RGB", (64, 32), "white") if name == "empty" else picture()
        shown.save(place / "images" / f"{name}.png")
        (place / "labels" / f"{name}.txt").write_text(lines)
    return place


def test_a_users_boxes_are_measured(tmp_path: Path) -> None:
    """
    Of the dogs the surer half of what is found is right, and the cat is not found.
    """
    with pytest.warns(DataWarning, match="1 of 3 pictures shows no object"):
        measured = zoo.evaluate(red_box(), folder_of_red(tmp_path / "red"))

    assert measured == {"map_50": 0.5, "map": 0.5}


def test_the_mean_box_is_the_baseline() -> None:
    """
    Of each label once, the commoner the surer.
    """
    target = torch.tensor(
        [
            [[0, 0.1, 0.1, 0.3, 0.3], [1, 0.5, 0.5, 0.7, 0.7]],
            [[1, 0.5, 0.3, 0.7, 0.7], [NO_BOX, 0, 0, 0, 0]],
        ]
    )
    (found,) = find(mean_boxes(target, 2)[None], TWO, threshold=0.0)

    assert found.labels.tolist() == [1, 0]
    assert found.boxes.flatten().tolist() == pytest.approx(
        [0.5, 0.4, 0.7, 0.7, 0.1, 0.1, 0.3, 0.3]
    )
    assert found.scores.tolist() == pytest.approx([2 / 3, 1 / 3], abs=1e-3)


def test_the_worst_pictures_are_drawn(tmp_path: Path) -> None:
    """
    The one with most mistakes first: a box too many, and in white the one not found.
    """
    model = red_box()
    folder = folder_of_red(tmp_path / "red")
    with pytest.warns(DataWarning, match="1 of 3 test pictures shows no object"):
        rows = read_part(folder, FRAME, TWO, ["test"], labels=TWO.labels).rows
    output = predict_examples(model, rows)
    drawn = TASK.draw_errors(model, rows, output, targets(model, rows))
    shown = np.asarray(Image.open(BytesIO(drawn.png)).convert("RGB")).astype(int)
    across = shown.shape[1] // 2

    assert drawn.caption.format(part="test").startswith("The test rows with the most")
    assert drawn.name == "boxes"
    assert (shown[:, :across] != shown[:, across : 2 * across]).any()


@pytest.mark.parametrize("kind", ["none", "flip", "flip-crop"])
def test_boxes_move_with_their_pictures(kind: str) -> None:
    """
    What is bright in the picture stays where the box is, to a pixel.
    """
    image = torch.zeros(16, 3, 64, 96)
    image[..., 20:40, 30:66] = 1
    box = torch.tensor([[[1.0, 30 / 96, 20 / 64, 66 / 96, 40 / 64]]])
    target = torch.cat([box, torch.tensor([[[NO_BOX, 0, 0, 0, 0]]])], dim=1)
    random = torch.Generator().manual_seed(3)
    seen, moved = TASK.augment(image, target.expand(16, 2, 5), kind, random, TWO)
    for picture_, (first, second) in zip(seen, moved, strict=True):
        assert second[0] == NO_BOX
        if first[0] == NO_BOX:  # cut off too far
            assert (picture_[0] > 0.5).float().mean() < 0.4
            continue
        y, x = (picture_[0] > 0.5).nonzero().unbind(dim=1)
        ends = torch.tensor([x.min(), y.min(), x.max() + 1, y.max() + 1])
        assert (first[1:] * torch.tensor([96, 64, 96, 64]) - ends).abs().max() < 1.1
    assert (len(moved.unique(dim=0)) > 2) == (kind == "flip-crop")


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
