"""Objects with masks: what the task promises of any model that gives them."""

import base64
import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from pycocotools import mask as coco_masks
from torch import Tensor, nn

import zoo
from zoo import ImageInput, InstanceOutput, License, MaskOutput, ModelSpec
from zoo.errors import DataError, InputError, OptionError, SpecError
from zoo.models.metadata import ModelMetadata, attach
from zoo.results import Box, Instance, Instances
from zoo.specs import Output
from zoo.tasks import get_task, task_of

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


def test_users_masks_of_single_objects_are_refused(tmp_path: Any) -> None:
    """
    With the way that there is.
    """
    (tmp_path / "a").mkdir()
    picture().save(tmp_path / "a" / "one.png")
    with pytest.raises(DataError) as told:
        zoo.evaluate(red_disk(), tmp_path)

    assert str(told.value) == (
        f"{tmp_path}: masks of single objects are not read from folders and tables "
        "yet. A recipe reads them: 'zoo eject' gives you that of a model for your own "
        "data."
    )


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
