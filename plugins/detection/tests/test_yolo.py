"""What only YOLO and its data promise; the rest is in zoo.testing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from zoo_detection import pictures
from zoo_detection.cells import Augmentation, augment
from zoo_detection.color_baseline import Thresholds, components, find_by_color
from zoo_detection.yolo import (
    ANCHORS,
    LossWeights,
    decode,
    priors,
    responsible,
    yolo,
    yolo_loss,
)

import zoo
from zoo.cli import main
from zoo.errors import DataError, OptionError
from zoo.recipes import images
from zoo.recipes.boxes import NO_BOX, Found, areas, hits, iou, move_boxes

NAME = "yolo-mini"
SPEC: Any = zoo.get_spec(NAME)
ONE = torch.tensor([[[1.0, 0.30, 0.20, 0.50, 0.60]]])  # a box, of the label 1


def smear() -> Image.Image:
    with Image.open(zoo.example(NAME)) as picture:
        return picture.convert("RGB")


# The architecture


def test_boxes_are_where_the_equations_say() -> None:
    """
    Of the cell in row 2 and column 3 of a grid of four by eight, and of its second
    anchor.
    """
    anchors = ((0.1, 0.1), (0.2, 0.4))
    prior = priors(anchors, 4, 8)
    number = (2 * 8 + 3) * 2 + 1
    raw = torch.zeros(1, 64, 6)
    raw[0, number] = torch.tensor([0.4, -0.2, 0.3, -0.5, 7.0, 8.0])
    box = decode(raw, prior)[0, number]
    x = (3 + torch.tensor(0.4).sigmoid().item()) / 8
    y = (2 + torch.tensor(-0.2).sigmoid().item()) / 4
    width, height = 0.2 * np.exp(0.3), 0.4 * np.exp(-0.5)

    assert box[:4].tolist() == pytest.approx(
        [x - width / 2, y - height / 2, x + width / 2, y + height / 2], abs=1e-6
    )
    assert box[4:].tolist() == [7, 8]


@pytest.mark.parametrize("side", [(64, 96), (192, 256), (32, 32)])
def test_a_box_moves_with_its_cell(side: tuple[int, int]) -> None:
    """
    Each cell of sixteen pixels has a box of each anchor, in a picture of any size.
    """
    model = yolo(width=2).eval()
    output = model(torch.rand(1, 3, *side))

    assert output.shape == (1, side[0] // 16 * side[1] // 16 * len(ANCHORS), 8)


def test_a_fresh_model_finds_nothing() -> None:
    """
    It starts from the belief that there are no objects.
    """
    torch.manual_seed(0)
    model = zoo.build(NAME).eval()

    assert zoo.predict(model, smear()).objects == ()


# Learning


def test_the_box_that_answers_is_of_the_centres_cell_and_of_the_nearest_shape() -> None:
    """
    At the borders of the picture too.
    """
    prior = priors(ANCHORS, 12, 16)
    true = torch.tensor(
        [[0.30, 0.20, 0.50, 0.60], [0.0, 0.0, 0.05, 0.08], [0.9, 0.9, 1.0, 1.0]]
    )
    number = responsible(true, prior)

    assert (number // 3 // 16).tolist() == [4, 0, 11]
    assert (number // 3 % 16).tolist() == [6, 0, 15]
    assert (number % 3).tolist() == [2, 0, 0]


def certain(target: Tensor, prior: Tensor) -> Tensor:
    """Return the output that is right about one picture, and sure of it."""
    raw = torch.zeros(1, len(prior), 8)
    output = decode(raw, prior)
    output[..., 4] = -30
    for label, *box in target[0].tolist():
        if label != NO_BOX:
            number = int(responsible(torch.tensor([box]), prior))
            output[0, number, :4] = torch.tensor(box)
            output[0, number, 4] = output[0, number, 5 + int(label)] = 30
    return output


def test_the_loss_of_the_right_answer_is_nothing() -> None:
    """
    And each thing that is wrong costs something: the place, the size, the label, an
    object that is not seen, and one that is not there.
    """
    prior, weights = priors(ANCHORS, 12, 16), LossWeights()
    filled = torch.cat([ONE, torch.tensor([[[NO_BOX, 0, 0, 0, 0]]])], dim=1)
    right = certain(filled, prior)
    number = int(responsible(ONE[0, :, 1:], prior))
    changes = {
        "place": (number, slice(0, 4), 0.01),
        "size": (number, slice(2, 4), 0.02),
        "label": (number, slice(5, 6), 60),
        "not seen": (number, slice(4, 5), -60),
        "not there": (0, slice(4, 5), 60),
    }

    assert yolo_loss(right, filled, prior, weights).item() == pytest.approx(0, abs=1e-5)
    for name, (box, part, step) in changes.items():
        wrong = right.clone()
        wrong[0, box, part] += step
        assert yolo_loss(wrong, filled, prior, weights) > 0.001, name


def test_a_second_box_around_an_object_is_no_mistake() -> None:
    """
    From an overlap of a half on: which of the two is nearer is decided by the anchor.
    """
    prior, weights = priors(ANCHORS, 12, 16), LossWeights()
    right = certain(ONE, prior)
    twice = right.clone()
    twice[0, 0, :5] = torch.tensor([0.30, 0.20, 0.50, 0.58, 30.0])
    apart = twice.clone()
    apart[0, 0, :4] = torch.tensor([0.6, 0.2, 0.8, 0.6])

    assert yolo_loss(twice, ONE, prior, weights).item() == pytest.approx(0, abs=1e-5)
    assert yolo_loss(apart, ONE, prior, weights) > 10


def test_a_picture_without_objects_teaches_that() -> None:
    prior = priors(ANCHORS, 12, 16)
    empty = torch.tensor([[[NO_BOX, 0.0, 0, 0, 0]]])
    output = decode(torch.zeros(1, len(prior), 8), prior).requires_grad_()
    loss = yolo_loss(output, empty, prior, LossWeights())
    loss.backward()

    assert loss > 0
    assert output.grad is not None
    assert (output.grad[..., 4] > 0).all()


# Augmentation


@pytest.mark.parametrize("seed", range(12))
def test_a_box_follows_its_pixels(seed: int) -> None:
    """
    Flipped, scaled, stretched and shifted: what is bright in the picture stays where
    the box is, to a pixel.
    """
    image = torch.zeros(1, 3, 192, 256)
    image[..., 60:100, 90:150] = 1
    target = torch.tensor([[[2.0, 90 / 256, 60 / 192, 150 / 256, 100 / 192]]])
    plain = Augmentation(brightness_contrast_std=0, channel_shift_std=0)
    generator = torch.Generator().manual_seed(seed)
    moved, boxes = augment(image, target, plain, generator)
    y, x = (moved[0, 0] > 0.5).nonzero().unbind(dim=1)
    seen = torch.tensor([x.min(), y.min(), x.max() + 1, y.max() + 1])

    assert boxes[0, 0, 0] == 2
    assert (boxes[0, 0, 1:] * torch.tensor([256, 192, 256, 192]) - seen).abs().max() < 1


def test_moves_differ_and_follow_the_generator() -> None:
    target = ONE.expand(64, 1, 5)
    image = torch.zeros(64, 3, 32, 32)
    one, other, third = (
        augment(image, target, Augmentation(), torch.Generator().manual_seed(seed))[1]
        for seed in (0, 0, 1)
    )

    assert torch.equal(one, other)
    assert not torch.equal(one, third)
    assert len(one.unique(dim=0)) > 60


def test_a_box_is_cut_at_the_border_and_left_out_beyond_it() -> None:
    """
    One of which less than two fifths is left is no object any more.
    """
    target = torch.tensor([[[1.0, 0.0, 0.4, 0.2, 0.6], [0.0, NO_BOX, 0, 0, 0]]])
    target[0, 1] = torch.tensor([NO_BOX, 0, 0, 0, 0])
    scale = torch.ones(1, 2)
    half, most = (
        move_boxes(target, scale, torch.tensor([[2 * shift, 0.0]]))
        for shift in (-0.1, -0.15)
    )

    assert half[0, 0].tolist() == pytest.approx([1, 0, 0.4, 0.1, 0.6], abs=1e-6)
    assert most[0, :, 0].tolist() == [NO_BOX, NO_BOX]
    assert most[0, :, 1:].abs().max() == 0


def test_no_box_is_left_without_an_area() -> None:
    random = torch.Generator().manual_seed(0)
    low = 0.8 * torch.rand(32, 9, 2, generator=random)
    boxes = torch.cat([torch.ones(32, 9, 1), low, low + 0.1], dim=2)
    _, moved = augment(torch.zeros(32, 3, 16, 16), boxes, Augmentation(), random)
    kept = moved[moved[..., 0] != NO_BOX]

    assert 32 < len(kept) < 32 * 9
    assert areas(kept[:, 1:]).min() > 0
    assert kept[:, 1:].min() >= 0
    assert kept[:, 1:].max() <= 1


# Data


def stored(boxes: Any, labels: Any) -> Any:
    class Rows(dict[str, Any]):
        def select(self, rows: Any) -> Any:
            return Rows({name: [v[n] for n in rows] for name, v in self.items()})

    shown = [smear() for _ in boxes]
    return Rows(image=shown, boxes=boxes, labels=labels)


def test_rows_are_pictures_and_their_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = stored([[[0, 0, 128, 96]], [[64, 48, 256, 192]]], [[1], [2]])
    monkeypatch.setattr(pictures.datasets, "load_dataset", lambda *_: rows)
    read = pictures.read_rows(
        "cells", "train", input_spec=SPEC.input, output_spec=SPEC.output, first=2
    )

    assert read.input.shape == (2, 3, 192, 256)
    assert np.array_equal(read.input[0], np.asarray(smear()).transpose(2, 0, 1))
    assert read.target[0].tolist() == [[1, 0, 0, 0.5, 0.5]]
    assert read.target[1].tolist() == [[2, 0.25, 0.25, 1, 1]]


def test_a_degenerate_box_is_told_with_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = stored([[[0, 0, 9, 9]], [[5, 9, 5, 20]]], [[0], [0]])
    monkeypatch.setattr(pictures.datasets, "load_dataset", lambda *_: rows)
    with pytest.raises(DataError) as told:
        pictures.read_rows(
            "cells", "train", input_spec=SPEC.input, output_spec=SPEC.output, first=None
        )

    assert str(told.value) == (
        "cells/train, row 1: the box [5, 9, 5, 20] has no area; xmin should be below "
        "xmax, and ymin below ymax."
    )


# The baseline, and the report


def test_pixels_that_touch_are_one_component() -> None:
    """
    At sides or corners, as far as they go; others have other numbers.
    """
    mask = torch.zeros(1, 8, 8, dtype=torch.bool)
    mask[0, 0, 0] = mask[0, 1, 1] = mask[0, 2, 2] = mask[0, 2, 3] = True
    mask[0, 6, 1:7] = True
    numbers = components(mask)[0]

    assert len(numbers.unique()) == 3
    assert len(numbers[[0, 1, 2, 2], [0, 1, 2, 3]].unique()) == 1
    assert numbers[~mask[0]].max() == 0


def test_color_finds_what_is_blue_and_what_is_red() -> None:
    """
    Large and blue is a white cell, small and blue a platelet.
    """
    image = torch.full((1, 3, 192, 256), 200, dtype=torch.uint8)
    for y, x, side, color in (
        (20, 20, 60, (120, 100, 220)),
        (120, 40, 16, (120, 100, 220)),
        (100, 160, 40, (200, 140, 130)),
    ):
        image[0, :, y : y + side, x : x + side] = torch.tensor(color)[:, None, None]
    (found,) = find_by_color(image, Thresholds(grown=0))
    size = torch.tensor([256, 192, 256, 192])

    assert found.labels.tolist() == [1, 0, 2]
    assert (found.boxes * size).tolist() == [
        [20, 20, 80, 80],
        [160, 100, 200, 140],
        [40, 120, 56, 136],
    ]


def test_hits_are_of_the_right_label_and_once() -> None:
    true = torch.tensor([[0.0, 0.1, 0.1, 0.3, 0.3], [1.0, 0.5, 0.5, 0.7, 0.7]])
    found = Found(
        torch.tensor(
            [[0.1, 0.1, 0.3, 0.3], [0.1, 0.1, 0.3, 0.31], [0.5, 0.5, 0.7, 0.7]]
        ),
        torch.tensor([0, 0, 0]),
        torch.tensor([0.9, 0.8, 0.7]),
    )
    right, met = hits(found, true)

    assert right.tolist() == [True, False, False]
    assert met.tolist() == [True, False]


# The shipped model


def test_cells_of_the_example_are_found() -> None:
    """
    A white cell, platelets, and most red cells, in the picture's own pixels: of one
    twice as large, boxes twice as large.
    """
    model = zoo.load(NAME)
    small = smear()
    large = small.resize((512, 384), Image.Resampling.BICUBIC)
    one, two = (zoo.predict(model, each) for each in (small, large))
    names = [each.label for each in one.objects]
    first, second = (each.to_tensors()["boxes"] for each in (one, two))

    assert names.count("WBC") == 1
    assert names.count("Platelets") >= 1
    assert names.count("RBC") >= 8
    assert (iou(2 * first, second).amax(dim=1) > 0.7).float().mean() > 0.8


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_gray_and_transparent_pictures_are_answered(mode: str) -> None:
    """
    Without colour it finds fewer cells; an alpha channel of no hole changes nothing.
    """
    model = zoo.load(NAME)
    found = zoo.predict(model, smear().convert(mode))

    if mode == "RGBA":
        assert found.objects == zoo.predict(model, smear()).objects
    assert found.size == (256, 192)


def test_a_strip_and_an_empty_picture_are_answered() -> None:
    """
    In 8 by 4,000 pixels all boxes lie inside; of the ground alone it finds nothing.
    """
    model = zoo.load(NAME)
    strip, empty = zoo.predict(
        model,
        [smear().resize((8, 4000)), Image.new("RGB", (256, 192), (205, 195, 200))],
    )

    assert empty.objects == ()
    for one in strip.objects:
        assert 0 <= one.box.xmin < one.box.xmax <= 8
        assert 0 <= one.box.ymin < one.box.ymax <= 4000


def test_it_is_ahead_of_color() -> None:
    """
    By the receipt, on the test rows, and by what was asked of it.
    """
    receipt = zoo.load(NAME).zoo.receipt
    measured = {m["name"]: m["value"] for m in receipt["metrics"]}
    by_color = receipt["baselines"]["color thresholds"]

    assert measured["map_50"] > max(0.75, by_color["map_50"] + 0.2)
    assert measured["map"] > by_color["map"]


def test_the_command_draws_the_boxes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    With a threshold, as lines and as JSON.
    """
    drawn, example = tmp_path / "drawn.png", str(zoo.example(NAME))
    main(["predict", NAME, example, "--save", str(drawn), "--threshold", "0.9"])
    shown = capsys.readouterr().out.splitlines()
    few = [line for line in shown if "%" in line]  # beside them is the picture
    main(["predict", NAME, example, "--json", "--threshold", "0.3"])
    many = json.loads(capsys.readouterr().out)["objects"]

    assert 0 < len(few) < len(many)
    assert many[0]["score"] >= many[-1]["score"] >= 0.3
    assert set(many[0]["box"]) == {"xmin", "ymin", "xmax", "ymax"}
    with Image.open(drawn) as picture:
        assert picture.size == (256, 192)
        assert not np.array_equal(np.asarray(picture), np.asarray(smear()))


def test_prepared_pixels_are_the_pictures() -> None:
    model = zoo.load(NAME)
    given = images.image_to_tensor(smear(), SPEC.input)

    assert zoo.predict(model, given).objects == zoo.predict(model, smear()).objects


def test_fine_tuning_is_refused() -> None:
    with pytest.raises(OptionError) as told:
        zoo.finetune(NAME, "cells")

    assert (
        "it declares no head, so there is nothing to fine-tune on top of it. "
        "'zoo eject yolo-mini FOLDER' makes its recipe yours"
    ) in str(told.value)
