"""A label for each pixel: what the task promises of any model that gives masks."""

import base64
import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import f1_score, jaccard_score
from torch import Tensor
from torchmetrics.functional import segmentation
from torchmetrics.functional.classification import (
    binary_jaccard_index,
    multiclass_jaccard_index,
)

from zoo.datasets.in_memory import check_labels, synthetic_rows
from zoo.errors import InputError, SpecError
from zoo.preprocessing.image import image_to_tensor
from zoo.runtime.augmentation import augment_with_mask
from zoo.specs import ClassOutput, ImageInput, License, MaskOutput, ModelSpec
from zoo.tasks import get_task
from zoo.tasks.image_segmentation import certain
from zoo.tasks.results.segmentation import coloured
from zoo.tasks.results.vision import Segmentation

PET = MaskOutput(labels=("background", "pet"), function_to_apply="sigmoid")
SCENE = MaskOutput(labels=("ground", "road", "sky"))
FRAME = ImageInput(height=32, width=32, fit="stretch")
TASK: Any = get_task("image-segmentation")


def photo(width: int = 90, height: int = 45) -> Image.Image:
    """Return a dark picture with a white box in its left lower quarter."""
    picture = Image.new("RGB", (width, height))
    picture.paste("white", (0, height // 2, width // 2, height))
    return picture


def bright(picture: Image.Image) -> Segmentation:
    """Return what a model would say that finds what is bright."""
    given = TASK.collate([TASK.load_item(picture, FRAME)], FRAME)
    (found,) = TASK.postprocess(20 * (given[:, :1] - 0.5), [picture], PET)
    return found  # type: ignore[no-any-return]


def numbers(found: Segmentation) -> Any:
    return np.asarray(found.mask)


def scores(seed: int = 0, rows: int = 4, labels: int = 3) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(rows, labels, 12, 10, generator=random)


# Where the mask lies


@pytest.mark.parametrize("size", [(90, 45), (37, 101), (32, 32), (3, 200), (1, 1)])
def test_a_mask_is_as_large_as_the_picture(size: tuple[int, int]) -> None:
    """
    Whatever the picture's shape, and though the model sees a square.
    """
    assert bright(photo(*size)).mask.size == size


@pytest.mark.parametrize("size", [(90, 45), (37, 101), (151, 149)])
def test_a_mask_lies_where_the_thing_lies(size: tuple[int, int]) -> None:
    """
    Each pixel of the box is found where it is in the picture itself, but for the blur
    of the small frame at its edges.
    """
    picture = photo(*size)
    true = np.asarray(picture.convert("L")) > 127
    found = numbers(bright(picture)) == 1
    middle = [(side * 3 // 4, side // 4) for side in size]

    assert (found & true).sum() / (found | true).sum() > 0.93
    assert found[middle[1][0], middle[0][1]]
    assert not found[middle[1][1], middle[0][0]]


def test_a_huge_picture_is_masked_with_less_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Its mask is as large as it is, and lies where it lies.
    """
    picture = photo(300, 200)
    wanted = numbers(bright(picture)) == 1
    monkeypatch.setattr("zoo.runtime.image_segmentation.MOST_NUMBERS", 20_000)
    found = numbers(bright(picture)) == 1

    assert found.shape == (200, 300)
    assert (found & wanted).sum() / (found | wanted).sum() > 0.97


def test_a_mirrored_picture_has_the_mirrored_mask() -> None:
    """
    Pixel by pixel, with a model that knows no left and right.
    """
    picture = photo()
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    assert (numbers(bright(mirrored)) == numbers(bright(picture))[:, ::-1]).all()


def test_a_moved_picture_has_the_moved_mask() -> None:
    """
    Moved by eight pixels of a picture that is as large as the frame.
    """
    picture = photo(32, 32)
    moved = Image.fromarray(np.roll(np.asarray(picture), 8, axis=1))

    assert (numbers(bright(moved)) == np.roll(numbers(bright(picture)), 8, 1)).all()


def test_a_stretched_picture_is_seen_whole() -> None:
    """
    Its corners are in the frame; with fit="crop" they are cut off.
    """
    picture = Image.new("RGB", (90, 30))
    picture.paste("white", (0, 0, 6, 30))
    cut = ImageInput(height=32, width=32)

    assert image_to_tensor(picture, FRAME)[:, :, 0].min() > 0.9
    assert image_to_tensor(picture, cut).max() == 0


def test_prepared_pixels_have_a_mask_of_the_frames_size() -> None:
    """
    Nobody knows what picture they were made from.
    """
    (found,) = TASK.postprocess(
        torch.zeros(1, 1, 32, 32), [torch.zeros(3, 32, 32)], PET
    )

    assert found.mask.size == (32, 32)
    assert found.picture is None
    assert found.render().size == (32, 32)


# What a result tells


def test_a_result_tells_labels_shares_and_scores() -> None:
    """
    The box is a quarter of the picture; the model is surer than half of all it says.
    """
    found = bright(photo(64, 64))

    assert found.labels == ("background", "pet")
    assert found.shares["pet"] == pytest.approx(0.25, abs=0.02)
    assert sum(found.shares.values()) == pytest.approx(1)
    assert all(0.5 < score <= 1 for score in found.scores.values())
    assert str(found) == (
        f"background {found.shares['background']:.2%}, pet {found.shares['pet']:.2%}"
    )


def test_a_label_that_no_pixel_has_is_not_found() -> None:
    """
    Its share and its score are zero, and no segment is its.
    """
    found = bright(Image.new("RGB", (20, 10)))

    assert found.labels == ("background",)
    assert (found.shares["pet"], found.scores["pet"]) == (0, 0)
    assert [one["label"] for one in found.to_dict()["segments"]] == ["background"]


def test_the_dict_holds_a_black_and_white_png_for_each_label() -> None:
    """
    The form of the Hub: label, score, and the mask in base64.
    """
    found = bright(photo())
    told = found.to_dict()
    pet = next(one for one in told["segments"] if one["label"] == "pet")
    mask = Image.open(io.BytesIO(base64.b64decode(pet["mask"])))

    assert told["size"] == [90, 45]
    assert mask.mode == "L"
    assert (np.asarray(mask) == 255 * (numbers(found) == 1)).all()


def test_the_drawing_colours_what_was_found_and_leaves_the_ground() -> None:
    """
    Pixels of the first label are the picture's own.
    """
    picture = photo()
    found = bright(picture)
    drawn, was = np.asarray(found.render()), np.asarray(picture)
    ground = numbers(found) == 0

    assert (drawn[ground] == was[ground]).all()
    assert (drawn[~ground] != was[~ground]).any(axis=1).all()
    assert "<img" in found._repr_html_()


def test_thirteen_labels_have_colours_of_their_own() -> None:
    """
    The ground is black, and twelve others can be told apart.
    """
    every = Image.fromarray(np.arange(13, dtype=np.uint8)[None])
    colours = np.asarray(coloured(every).convert("RGB"))[0]

    assert not colours[0].any()
    assert len({tuple(one) for one in colours.tolist()}) == 13


# Loss and measures


@pytest.mark.parametrize("seed", range(3))
def test_the_measures_are_those_of_others(seed: int) -> None:
    """
    torchmetrics and scikit-learn count the same overlaps, of two labels and of three.
    """
    output = scores(seed)
    random = torch.Generator().manual_seed(seed)
    target = torch.randint(3, (4, 12, 10), generator=random)
    said = output.argmax(dim=1)
    two = {"said": (output[:, :1] > 0)[:, 0].long(), "true": (target > 0).long()}
    both = TASK.compute_metrics(output[:, :1], two["true"], PET)
    each = [
        jaccard_score(true.flatten(), one.flatten())
        for true, one in zip(two["true"], two["said"], strict=True)
    ]
    three = TASK.compute_metrics(output, target, SCENE)
    dice = segmentation.dice_score(
        two["said"].reshape(1, 1, -1), two["true"].reshape(1, 1, -1), num_classes=1
    )

    assert both["iou"] == pytest.approx(
        binary_jaccard_index(two["said"], two["true"]).item()
    )
    assert both["image_iou"] == pytest.approx(np.mean(each))
    assert both["dice"] == pytest.approx(
        f1_score(two["true"].flatten(), two["said"].flatten())
    )
    assert both["dice"] == pytest.approx(dice.item())
    assert both["pixel_accuracy"] == pytest.approx(
        (two["said"] == two["true"]).float().mean().item()
    )
    assert three["iou"] == pytest.approx(
        multiclass_jaccard_index(said, target, num_classes=3).item()
    )
    assert three["dice"] == pytest.approx(
        f1_score(target.flatten(), said.flatten(), average="macro")
    )


def test_nothing_rightly_found_counts_as_right() -> None:
    """
    A picture without a pet, where none is found, has no overlap to count.
    """
    nothing = torch.zeros(2, 4, 4, dtype=torch.uint8)
    found = TASK.compute_metrics(certain(nothing, PET), nothing, PET)

    assert found == {"iou": 1, "image_iou": 1, "dice": 1, "pixel_accuracy": 1}


def test_the_loss_is_the_mean_cross_entropy_of_pixels() -> None:
    """
    One logit and two softmax scores that say the same cost the same, weighed or not.
    """
    logit = scores(labels=1)
    target = (scores(seed=5, labels=1) > 0)[:, 0].byte()
    two = torch.cat([torch.zeros_like(logit), logit], dim=1)
    pair = MaskOutput(labels=PET.labels)
    weight = torch.tensor([0.5, 1.5])

    assert torch.allclose(TASK.loss(logit, target, PET), TASK.loss(two, target, pair))
    assert TASK.loss(logit, target, PET, weight) == pytest.approx(
        (
            torch.nn.functional.binary_cross_entropy_with_logits(
                logit[:, 0], target.float(), reduction="none"
            )
            * weight[target.long()]
        ).mean()
    )


# What moves together


@pytest.mark.parametrize("kind", ["none", "flip", "flip-crop"])
def test_masks_move_with_their_pictures(kind: str) -> None:
    """
    What is bright stays under its mask, wherever both are brought.
    """
    random = torch.Generator().manual_seed(0)
    mask = (torch.rand(16, 4, 4, generator=random) > 0.5).repeat_interleave(8, 1)
    mask = mask.repeat_interleave(8, 2).byte()
    picture = mask[:, None].expand(-1, 3, -1, -1).float()
    seen, moved = augment_with_mask(
        picture, mask, kind, torch.Generator().manual_seed(1)
    )

    assert moved.dtype == torch.uint8
    assert set(moved.unique().tolist()) == {0, 1}
    assert ((seen[:, 0] > 0.5) == moved.bool()).double().mean() > 0.97
    assert torch.equal(moved, mask) == (kind == "none")


def test_labels_of_rows_stay_where_they_are() -> None:
    """
    Only masks move: a label number is that of the row.
    """
    random = torch.Generator().manual_seed(0)
    classes = get_task("image-classification")
    label = torch.arange(4)
    output_spec = ClassOutput(labels=("cat", "dog"))
    pictures = torch.rand(4, 3, 8, 8)
    seen, kept = classes.augment(pictures, label, "flip-crop", random, output_spec)

    assert seen.shape == (4, 3, 8, 8)
    assert torch.equal(kept, label)


# What is refused


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"labels": ("pet",)},
            "MaskOutput: labels=('pet',) should be at least two.",
        ),
        (
            {"labels": ("pet", "pet")},
            "MaskOutput: labels=('pet', 'pet') should be all different.",
        ),
        (
            {"labels": ("a", "b"), "function_to_apply": "none"},
            "MaskOutput: function_to_apply='none' should be 'softmax' or 'sigmoid'.",
        ),
        (
            {"labels": ("a", "b", "c"), "function_to_apply": "sigmoid"},
            "MaskOutput: function_to_apply='sigmoid' should be 'softmax', because a "
            "logit is for the second of two labels.",
        ),
    ],
)
def test_impossible_masks_are_refused(wrong: dict[str, Any], message: str) -> None:
    """
    Before any model is built.
    """
    with pytest.raises(SpecError) as caught:
        MaskOutput(**wrong)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"fit": "fill"},
            "ImageInput: fit='fill' should be 'crop', 'stretch' or 'keep'.",
        ),
        (
            {"fit": "stretch", "crop": 0.9},
            "ImageInput: fit='stretch' should be 'crop', because what is stretched is "
            "neither cut nor put on paper.",
        ),
    ],
)
def test_impossible_frames_are_refused(wrong: dict[str, Any], message: str) -> None:
    """
    A picture can't be stretched to a frame and cut at the same time.
    """
    with pytest.raises(SpecError) as caught:
        ImageInput(height=8, width=8, **wrong)

    assert str(caught.value) == message


def test_a_model_of_masks_sees_the_whole_picture() -> None:
    """
    Where the frame cuts off ends, no mask could cover them.
    """
    with pytest.raises(SpecError) as caught:
        ModelSpec(
            name="mine",
            summary="Mine.",
            task="image-segmentation",
            build="mine:make",
            card="card.md",
            license=License(code="mit", weights="mit", data="mit"),
            parameters=1,
            input=ImageInput(height=8, width=8),
            output=PET,
            trained_on=(),
        )

    assert str(caught.value) == (
        "Model 'mine': input.fit='crop' should be 'stretch', so that a mask covers the "
        "whole picture."
    )


def test_an_output_of_another_shape_is_refused() -> None:
    """
    A model of one logit does not give two.
    """
    with pytest.raises(SpecError) as caught:
        TASK.postprocess(torch.zeros(1, 2, 4, 4), [torch.zeros(3, 4, 4)], PET)

    assert str(caught.value) == (
        "MaskOutput: labels=('background', 'pet') should be one for each number of the "
        "model's output, (1, 2, 4, 4)."
    )


def test_an_output_that_is_no_number_is_refused() -> None:
    """
    A mask of it would look like any other.
    """
    with pytest.raises(InputError, match="The model's output holds NaN"):
        TASK.postprocess(
            torch.full((1, 1, 4, 4), torch.nan), [torch.zeros(3, 4, 4)], PET
        )


def test_a_label_out_of_range_is_refused_before_training() -> None:
    """
    Whole masks are looked through.
    """
    target = torch.zeros(2, 4, 4)
    target[1, 2, 3] = 7

    with pytest.raises(Exception, match="the label 7 is out of range"):
        check_labels(target, SCENE, "mine/train")


def test_noise_stands_in_for_masks() -> None:
    """
    As large as the model's frame, with all its labels.
    """
    rows = synthetic_rows(FRAME, SCENE, 3, "noise")

    assert rows.target.shape == (3, 32, 32)
    assert rows.target.unique().tolist() == [0, 1, 2]
