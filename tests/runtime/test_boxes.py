"""Boxes: what two share and which stay, as torchvision has it; and as targets."""

import pytest
import torch
from torch import Tensor
from torchvision import ops

from zoo.errors import DataError
from zoo.runtime.boxes import (
    NO_BOX,
    areas,
    encode_boxes,
    iou,
    non_maximum_suppression,
)


def some_boxes(count: int, seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    low = torch.rand(count, 2, generator=random)
    return torch.cat([low, low + torch.rand(count, 2, generator=random)], dim=1)


def test_areas_and_overlaps_are_torchvisions() -> None:
    """
    To the rounding; also of boxes that are apart, inside each other, and the same.
    """
    first = torch.cat([some_boxes(30, 0), torch.tensor([[0.2, 0.2, 0.8, 0.8]])])
    second = torch.cat([some_boxes(20, 1) + 0.5, first[-1:], first[-1:] * 0.5 + 0.2])

    assert torch.allclose(areas(first), ops.box_area(first))
    assert torch.allclose(iou(first, second), ops.box_iou(first, second), atol=1e-6)
    assert iou(first[-1:], second[-2:-1]).item() == pytest.approx(1)


def test_boxes_without_an_area_overlap_with_nothing() -> None:
    """
    Not with themselves either, and there is no NaN.
    """
    empty = torch.tensor([[0.5, 0.5, 0.5, 0.9], [0.6, 0.6, 0.4, 0.4]])

    assert iou(empty, empty).tolist() == [[0, 0], [0, 0]]


def test_overlaps_of_a_batch_are_those_of_its_rows() -> None:
    first, second = some_boxes(12, 0).view(3, 4, 4), some_boxes(6, 1).view(3, 2, 4)
    each = [iou(one, other) for one, other in zip(first, second, strict=True)]

    assert torch.equal(iou(first, second), torch.stack(each))


@pytest.mark.parametrize("overlap", [0.0, 0.3, 0.7, 1.0])
def test_the_boxes_that_stay_are_torchvisions(overlap: float) -> None:
    """
    Of three labels, the surest first.
    """
    boxes, random = some_boxes(200, 2), torch.Generator().manual_seed(3)
    scores = torch.rand(200, generator=random)
    labels = torch.randint(3, (200,), generator=random)
    ours = non_maximum_suppression(boxes, scores, labels, overlap)

    assert torch.equal(ours, ops.batched_nms(boxes, scores, labels, overlap))


def test_of_no_boxes_none_stay() -> None:
    nothing = torch.empty(0)
    kept = non_maximum_suppression(torch.empty(0, 4), nothing, nothing.long(), 0.5)

    assert kept.tolist() == []


def test_targets_are_shares_of_each_picture() -> None:
    """
    Filled up with rows of the label -1.
    """
    target = encode_boxes(
        [[[0, 10, 50, 20], [25, 0, 100, 20]], []],
        [[1, 0], []],
        [(100, 20), (8, 4000)],
        ["first", "second"],
        num_labels=2,
    )

    assert target.shape == (2, 2, 5)
    assert target[0].tolist() == [[1, 0, 0.5, 0.5, 1], [0, 0.25, 0, 1, 1]]
    assert target[1, :, 0].tolist() == [NO_BOX, NO_BOX]


@pytest.mark.parametrize(
    ("box", "label", "problem"),
    [
        (
            [5, 1, 5, 9],
            0,
            "cat.png: the box [5, 1, 5, 9] has no area; xmin should be below xmax, and "
            "ymin below ymax.",
        ),
        (
            [5, 9, 8, 2],
            0,
            "cat.png: the box [5, 9, 8, 2] has no area; xmin should be below xmax, and "
            "ymin below ymax.",
        ),
        (
            [5, float("nan"), 8, 9],
            0,
            "cat.png: the box [5, nan, 8, 9] has no area; xmin should be below xmax, "
            "and ymin below ymax.",
        ),
        (
            [5, 1, 21, 9],
            0,
            "cat.png: the box [5, 1, 21, 9] is not inside its picture, which is 20x10.",
        ),
        (
            [5, 1, 9],
            0,
            "cat.png: the box [5, 1, 9] should be (xmin, ymin, xmax, ymax).",
        ),
        (
            [5, 1, 8, 9],
            2,
            "cat.png: the label 2 is out of range; the model has 2 labels, 0 to 1.",
        ),
    ],
)
def test_wrong_boxes_are_refused(box: list[float], label: int, problem: str) -> None:
    """
    With the name of their picture.
    """
    with pytest.raises(DataError) as told:
        encode_boxes([[box]], [[label]], [(20, 10)], ["cat.png"], num_labels=2)

    assert str(told.value) == problem


def test_each_box_has_a_label() -> None:
    with pytest.raises(DataError) as told:
        encode_boxes([[[0, 0, 1, 1]]], [[0, 1]], [(20, 10)], ["a"], num_labels=2)

    assert str(told.value) == "a has 1 boxes and 2 labels."
