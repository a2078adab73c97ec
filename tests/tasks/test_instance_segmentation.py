"""Objects with masks: what the task promises of any model that gives them."""

import base64
import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from pycocotools import mask as coco_masks
from torch import Tensor, nn

import zoo
from zoo import ImageInput, InstanceOutput, License, MaskOutput, ModelSpec
from zoo.datasets.custom.reader import read_part
from zoo.errors import InputError, OptionError, SettingsError, SpecError
from zoo.evaluation.evaluate import predict_examples
from zoo.finetuning import preconditions
from zoo.finetuning.strategies import Settings
from zoo.inference.features import targets
from zoo.models.metadata import ModelMetadata, attach
from zoo.results import Box, Instance, Instances
from zoo.runtime.boxes import NO_BOX
from zoo.specs import Output
from zoo.tasks import get_task, task_of
from zoo.tasks._instance_segmentation import object_boxes

SIDE = 8  # places of a mask
TWO = InstanceOutput(labels=("disk", "square"), mask_size=SIDE)
FRAME = ImageInput(height=32, width=64, fit="stretch")


class RedDisk(nn.Module):
    """A disk in the box around what is red, and another one that is less sure."""

    def __init__(self) -> None:
        super().__init__()
        self.sure = nn.Parameter(torch.tensor(4.0))

    def forward(self, image: Tensor) -> Tensor:
        rows = []
        for one in image[:, 0] - image[:, 1] > 0.5:
            y, x = one.nonzero().unbind(dim=1)
            if not len(x):
                rows.append(torch.full((2, 7 + SIDE**2), -9.0))
                continue
            ends = [x.min() / 64, y.min() / 32, (x.max() + 1) / 64, (y.max() + 1) / 32]
            place = (torch.arange(SIDE) + 0.5) / SIDE - 0.5
            disk = 100 * (0.25 - place[:, None] ** 2 - place**2)
            sure = torch.stack([*ends, self.sure, self.sure + 5, self.sure - 5])
            less = torch.stack([*ends, self.sure - 6, self.sure - 5, self.sure + 5])
            whole = torch.full((SIDE, SIDE), 9.0)
            rows.append(
                torch.stack(
                    [
                        torch.cat([sure, disk.flatten()]),
                        torch.cat([less, whole.flatten()]),
                    ]
                )
            )
        return torch.stack(rows)


def red_disk(output: Output = TWO) -> Any:
    spec = ModelSpec(
        name="red-disk",
        summary="A disk where it is red.",
        task="image-segmentation",
        build="red_disk:RedDisk",
        card="card.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=1,
        input=FRAME,
        output=output,
        trained_on=(),
    )
    return attach(RedDisk().eval(), ModelMetadata(spec=spec, options={}))


def picture(width: int = 64, height: int = 32) -> Image.Image:
    """Return a white picture with a red box, from a quarter to three quarters."""
    shown = Image.new("RGB", (width, height), "white")
    shown.paste((255, 0, 0), (width // 4, height // 4, 3 * width // 4, 3 * height // 4))
    return shown


def test_the_output_tells_which_task_of_a_tag_it_is() -> None:
    """
    Both have the Hub's tag image-segmentation.
    """
    model = red_disk()
    known = get_task("image-segmentation")

    assert task_of(model.zoo.spec) is not known
    assert task_of(model.zoo.spec).output_types == (InstanceOutput,)
    assert known.output_types == (MaskOutput,)
    assert task_of(zoo.get_spec("unet-pet")) is known


@pytest.mark.parametrize("size", [(64, 32), (640, 640), (31, 77)])
def test_a_mask_has_the_pixels_of_the_picture(size: tuple[int, int]) -> None:
    """
    Whatever its size: the disk is the ellipse that fills the box, to a few pixels.
    """
    (one,) = zoo.predict(red_disk(), [picture(*size)])
    (disk,) = one.objects
    mask = np.asarray(disk.mask) > 0
    box = disk.box
    ideal = Image.new("L", disk.mask.size)
    ImageDraw.Draw(ideal).ellipse((0, 0, ideal.width - 1, ideal.height - 1), fill=255)
    same = (mask == (np.asarray(ideal) > 0)).mean()

    assert disk.mask.size == (box.xmax - box.xmin, box.ymax - box.ymin)
    assert disk.area == mask.sum()
    assert disk.area / box.area == pytest.approx(np.pi / 4, abs=0.05)
    assert same > 0.93
    assert one.labels == ("disk",)
    assert one.mask_of(0).size == size
    assert one.mask_of(0).histogram()[255] == disk.area
    assert str(one).startswith("disk (98.")


def test_the_threshold_and_the_overlap_are_options() -> None:
    """
    What is less sure is a square, so no disk hides it.
    """
    found = zoo.predict(red_disk(), picture(), threshold=0.1)

    assert [one.label for one in found.objects] == ["disk", "square"]
    assert found.objects[1].area == found.objects[1].box.area
    with pytest.raises(OptionError, match="threshold=2 should be a number from 0 to"):
        zoo.predict(red_disk(), picture(), threshold=2)


def test_of_a_picture_without_an_object_the_answer_is_empty() -> None:
    """
    In every form.
    """
    found = zoo.predict(red_disk(), Image.new("RGB", (50, 40), "white"))

    assert found.objects == ()
    assert str(found) == "nothing found"
    assert found.to_dict() == {"segments": [], "size": [50, 40]}
    assert found.to_coco() == []
    assert found.to_tensors()["masks"].shape == (0, 1, 40, 50)
    assert found.render().size == (50, 40)


def test_broken_outputs_are_told() -> None:
    """
    NaN is the model's fault, in a box and in a mask, and an output without room for the
    masks is the spec's.
    """
    model = red_disk()
    task = task_of(model.zoo.spec)
    for place in (0, 20):
        output = torch.zeros(1, 2, 7 + SIDE**2)
        output[0, 0, place] = torch.nan
        with pytest.raises(InputError, match=r"The model's output holds NaN: its wei"):
            task.postprocess(output, [picture()], TWO)
    with pytest.raises(SpecError) as told:
        task.postprocess(torch.zeros(1, 2, 8), [picture()], TWO)

    assert str(told.value) == (
        "InstanceOutput: mask_size=8 should be such that its square and 7 are what the "
        "model's output has, (1, 2, 8)."
    )


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"labels": ()}, "labels=() should be at least one, all different."),
        ({"mask_size": 0}, "mask_size=0 should be at least 1."),
        ({"threshold": 2}, "threshold=2 should be from 0 to 1."),
        (
            {"function_to_apply": "none"},
            "function_to_apply='none' should be 'softmax' or 'sigmoid'.",
        ),
    ],
)
def test_specs_that_make_no_sense_are_refused(
    changed: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SpecError) as told:
        InstanceOutput(**{"labels": ("a", "b"), "mask_size": 8, **changed})

    assert str(told.value) == f"InstanceOutput: {problem}"


# A user's own pictures


def folder_of_red(place: Path) -> Path:
    """Write two pictures with a red box, with a mask of its disk and one of something
    else, and one picture without an object."""
    for kind in ("images", "masks"):
        (place / kind).mkdir(parents=True)
    for name in ("right", "wrong", "empty"):
        shown = Image.new("RGB", (64, 32), "white") if name == "empty" else picture()
        shown.save(place / "images" / f"{name}.png")
        mask = Image.new("L", (64, 32))
        if name == "right":
            ImageDraw.Draw(mask).ellipse((16, 8, 47, 23), fill=3)
        if name == "wrong":
            ImageDraw.Draw(mask).rectangle((0, 0, 9, 31), fill=3)
        mask.save(place / "masks" / f"{name}.png")
    return place


DISK = InstanceOutput(labels=("disk",), mask_size=SIDE)


class OneLabel(RedDisk):
    """The same, of one label."""

    def forward(self, image: Tensor) -> Tensor:
        output = super().forward(image)
        return torch.cat([output[..., :6], output[..., 7:]], dim=2)


def one_label() -> Any:
    spec = replace(red_disk().zoo.spec, output=DISK)
    return attach(OneLabel().eval(), ModelMetadata(spec=spec, options={}))


@pytest.mark.filterwarnings("ignore::zoo.errors.DataWarning")
def test_a_users_masks_are_measured(tmp_path: Path) -> None:
    """
    One of two disks is right, and one object is not found.
    """
    measured = zoo.evaluate(one_label(), folder_of_red(tmp_path / "red"))

    assert measured["f1_50"] == 0.5
    assert measured["map_50"] > 0.4


@pytest.mark.filterwarnings("ignore::zoo.errors.DataWarning")
def test_the_worst_pictures_are_drawn(tmp_path: Path) -> None:
    """
    The one with most mistakes first: in white the box around what was not found.
    """
    model = one_label()
    rows = read_part(
        folder_of_red(tmp_path / "red"), FRAME, DISK, ["test"], labels=DISK.labels
    ).rows
    output = predict_examples(model, rows)
    task = task_of(model.zoo.spec)
    drawn = task.draw_errors(model, rows, output, targets(model, rows))
    assert drawn is not None
    shown = np.asarray(Image.open(BytesIO(drawn.png)).convert("RGB")).astype(int)

    assert drawn.name == "masks"
    assert drawn.caption.format(part="test").startswith("The test rows with the most")
    assert shown.std() > 0


def test_boxes_around_objects_are_shares() -> None:
    """
    And a number without a pixel only fills up.
    """
    target = torch.zeros(1, 2, 10, 20, dtype=torch.int16)
    target[0, 0, 2:4, 5:10], target[0, 0, 6:, 10:] = 1, 3
    target[0, 1, 6:, 10:] = 1

    assert object_boxes(target)[0].tolist() == [
        pytest.approx([0, 0.25, 0.2, 0.5, 0.4]),
        [NO_BOX, 0, 0, 0, 0],
        pytest.approx([1, 0.5, 0.6, 1, 1]),
    ]


@pytest.mark.parametrize("kind", ["none", "flip", "flip-crop"])
def test_masks_move_with_their_pictures(kind: str) -> None:
    """
    What is bright in the picture is where the object is, to the border's pixels.
    """
    image = torch.zeros(8, 3, 64, 96)
    image[..., 20:40, 10:56] = 1
    target = torch.zeros(8, 2, 64, 96, dtype=torch.int16)
    target[:, :, 20:40, 10:56] = 1
    random = torch.Generator().manual_seed(3)
    task = task_of(red_disk().zoo.spec)
    seen, moved = task.augment(image, target, kind, random, TWO)
    same = (seen[:, 0] > 0.5) == (moved[:, 0] == 1)

    assert moved.shape == target.shape
    assert moved.dtype == target.dtype
    assert torch.equal(moved[:, 0], moved[:, 1])
    assert same.float().mean() > 0.99
    assert torch.equal(moved, target) == (kind == "none")


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        (
            {"balance": True},
            "balance=True weighs classes, and 'red-disk' has a loss of its own: leave "
            "it out.",
        ),
        (
            {"augmented_copies": 2, "augment": "flip-crop"},
            "augmented_copies=2 keeps the features of copies, and masks move with "
            "their pictures anew in every epoch: leave augmented_copies out.",
        ),
    ],
)
def test_settings_that_are_not_for_masks_are_refused(
    setting: dict[str, Any], problem: str
) -> None:
    spec = replace(red_disk().zoo.spec, head="head")
    with pytest.raises(SettingsError) as told:
        preconditions.check(spec, Settings(**setting))

    assert str(told.value) == problem


# Forms


def instance(left: int, upper: int, rows: list[str], **known: Any) -> Instance:
    """Return an object at a place, its pixels where rows have an x."""
    pixels = np.array([[255 * (one == "x") for one in row] for row in rows], np.uint8)
    box = Box(
        xmin=left,
        ymin=upper,
        xmax=left + pixels.shape[1],
        ymax=upper + pixels.shape[0],
    )
    return Instance(box=box, mask=Image.fromarray(pixels), **known)


FOUND = Instances(
    objects=(
        instance(1, 2, ["xx.", ".xx"], label="dog", score=0.9),
        instance(0, 0, ["xxx"], label="cat", score=0.6),
    ),
    size=(6, 5),
    known=("cat", "dog"),
)


def test_objects_become_segments_as_on_the_hub() -> None:
    """
    Each with a mask as large as the picture, as a PNG.
    """
    told = json.loads(json.dumps(FOUND.to_dict()))
    first = told["segments"][0]
    mask = Image.open(BytesIO(base64.b64decode(first["mask"])))

    assert (first["label"], first["score"]) == ("dog", 0.9)
    assert first["box"] == {"xmin": 1, "ymin": 2, "xmax": 4, "ymax": 4}
    assert mask.size == (6, 5)
    assert mask.convert("L").tobytes() == FOUND.mask_of(0).tobytes()
    assert told["size"] == [6, 5]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_masks_become_coco_annotations() -> None:
    """
    pycocotools decodes the runs to the same pixels.
    """
    for number, made in enumerate(FOUND.to_coco(image_id=3)):
        coded = coco_masks.frPyObjects(made["segmentation"], 5, 6)
        decoded = coco_masks.decode(coded)

        assert np.array_equal(255 * decoded, np.asarray(FOUND.mask_of(number)))
        assert made["area"] == decoded.sum() == FOUND.objects[number].area
    assert FOUND.to_coco()[0]["bbox"] == [1, 2, 3, 2]


def test_masks_become_torchvisions_tensors() -> None:
    made = FOUND.to_tensors()

    assert made["masks"].shape == (2, 1, 5, 6)
    assert made["masks"].sum(dim=(1, 2, 3)).tolist() == [4, 3]
    assert made["masks"][0, 0, 2].tolist() == [0, 1, 1, 0, 0, 0]
    assert made["labels"].tolist() == [1, 0]


def test_a_color_lies_on_each_object() -> None:
    """
    And on nothing else; without a picture, on black.
    """
    found = zoo.predict(red_disk(), picture())
    before, after = (np.asarray(one) for one in (picture(), found.render()))
    changed = (before != after).any(axis=2)
    alone = np.asarray(FOUND.render()).any(axis=2)

    assert np.array_equal(changed, np.asarray(found.mask_of(0)) > 0)
    assert alone.sum() == 7
