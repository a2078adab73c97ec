"""Precision of masks: as pycocotools counts it, and small cases by hand."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torchmetrics.detection import MeanAveragePrecision

from zoo.runtime.instance_metrics import hits, mask_overlaps, metrics
from zoo.runtime.instance_segmentation import FoundInstances, find, mask_in_box
from zoo.runtime.object_detection import pixel_boxes
from zoo.specs import InstanceOutput

SIDE, FRAME = 6, 40
LABELS = InstanceOutput(
    labels=("cat", "dog"), mask_size=SIDE, overlap=1.0, threshold=0.3
)


def random_rows(seed: int, pictures: int = 8) -> tuple[Tensor, Tensor]:
    """Return maps of rectangles, and an output of masks that are near them."""
    random = torch.Generator().manual_seed(seed)
    target = torch.zeros(pictures, 2, FRAME, FRAME, dtype=torch.uint8)
    output = torch.full((pictures, 8, 7 + SIDE**2), -9.0)
    for row in range(pictures):
        for number in range(int(torch.randint(0, 5, (), generator=random))):
            low = torch.randint(0, 28, (2,), generator=random)
            high = low + torch.randint(5, 12, (2,), generator=random)
            label = int(torch.randint(2, (), generator=random))
            part = slice(low[1], high[1]), slice(low[0], high[0])
            target[row, 0][part], target[row, 1][part] = number + 1, label
            moved = torch.randn(4, generator=random)
            said = output[row, number]
            said[:4] = ((torch.cat([low, high]) + moved) / FRAME).clamp(0, 1)
            said[4] = torch.randn((), generator=random)
            wrong = torch.rand((), generator=random) < 0.1
            said[5:7] = torch.tensor([9.0, -9.0]) * (1 if (label == 0) ^ wrong else -1)
            said[7:] = 2 + 2 * torch.randn(SIDE**2, generator=random)
        # Numbers of objects that are hidden by others are taken out.
        _, target[row, 0] = target[row, 0].unique(return_inverse=True)
    return output, target


@pytest.mark.parametrize("seed", range(3))
def test_it_is_pycocotools(seed: int) -> None:
    """
    Of two labels in eight pictures, some of which have nothing.
    """
    output, target = random_rows(seed)
    theirs = MeanAveragePrecision(iou_type="segm")
    said, true = [], []
    for one, objects in zip(find(output, LABELS, threshold=0.01), target, strict=True):
        whole = torch.zeros(len(one.scores), FRAME, FRAME, dtype=torch.bool)
        places = zip(
            whole,
            one.masks,
            one.boxes * FRAME,
            pixel_boxes(one.boxes, (FRAME, FRAME)),
            strict=True,
        )
        for mask, small, ends, box in places:
            part = slice(box["ymin"], box["ymax"]), slice(box["xmin"], box["xmax"])
            mask[part] = mask_in_box(small, ends, box)
        said.append({"masks": whole, "labels": one.labels, "scores": one.scores})
        numbers = range(1, int(objects[0].max()) + 1)
        masks = [objects[0] == number for number in numbers]
        labels = [int(objects[1][mask][0]) for mask in masks]
        true.append(
            {
                "masks": torch.stack(masks) if masks else whole[:0],
                "labels": torch.tensor(labels).long(),
            }
        )
    theirs.update(said, true)
    expected: Any = theirs.compute()
    ours = metrics(output, target, LABELS)

    assert 0.1 < ours["map_50"] < 0.99
    assert ours["map"] == pytest.approx(expected["map"].item(), abs=1e-6)
    assert ours["map_50"] == pytest.approx(expected["map_50"].item(), abs=1e-6)


def one_found(box: tuple[int, ...], label: int = 0) -> FoundInstances:
    """Return an object that fills a box, in pixels of the frame."""
    return FoundInstances(
        torch.tensor([box]) / FRAME,
        torch.tensor([label]),
        torch.tensor([0.9]),
        torch.ones(1, SIDE, SIDE),
    )


def two_objects() -> Tensor:
    target = torch.zeros(2, FRAME, FRAME, dtype=torch.uint8)
    target[0, :10, :10], target[0, :10, 10:20] = 1, 2
    target[1, :10, 10:20] = 1
    return target


def test_overlaps_are_of_pixels() -> None:
    """
    Half of one object and half of the next: 50 of 150 pixels each.
    """
    overlaps = mask_overlaps(one_found((5, 0, 15, 10)), two_objects())

    assert overlaps.tolist() == [[pytest.approx(1 / 3), pytest.approx(1 / 3)]]


def test_a_right_object_has_the_right_label() -> None:
    right, met = hits(one_found((10, 0, 20, 10), label=1), two_objects())
    wrong, unmet = hits(one_found((10, 0, 20, 10), label=0), two_objects())

    assert (right.tolist(), met.tolist()) == ([True], [False, True])
    assert (wrong.tolist(), unmet.tolist()) == ([False], [False, False])


def test_f1_counts_what_is_found_at_the_default_threshold() -> None:
    """
    One of two objects is found surely, the other at less than the threshold.
    """
    output = torch.full((1, 2, 7 + SIDE**2), 9.0)
    output[0, :, :4] = torch.tensor([[0, 0, 10, 10], [10, 0, 20, 10]]) / FRAME
    output[0, :, 5:7] = torch.tensor([[9.0, -9], [-9, 9]])
    output[0, 1, 4] = -1.0  # a chance of .27
    measured = metrics(output, two_objects()[None], LABELS)

    assert measured == {
        "map_50": pytest.approx(1),
        "map": pytest.approx(1),
        "f1_50": pytest.approx(2 / 3),
    }


def test_pictures_without_an_object_are_measured() -> None:
    """
    Of none at all there is no precision.
    """
    empty = torch.zeros(2, 2, FRAME, FRAME, dtype=torch.uint8)
    output = torch.full((2, 3, 7 + SIDE**2), -9.0)

    assert metrics(output, empty, LABELS) == {"map_50": 0.0, "map": 0.0, "f1_50": 0.0}
