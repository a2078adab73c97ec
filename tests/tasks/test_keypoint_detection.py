"""Keypoints: what the task promises of any model that gives maps of them."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from zoo import ImageInput, KeypointOutput, License, ModelSpec
from zoo.datasets.in_memory import synthetic_rows
from zoo.errors import InputError, OptionError, SpecError
from zoo.finetuning import preconditions
from zoo.finetuning.strategies import Settings
from zoo.runtime import lower_is_better
from zoo.runtime.keypoint_detection import cell_centers, decode
from zoo.runtime.keypoint_metrics import errors, of_points
from zoo.tasks import get_task
from zoo.tasks.results.vision import Keypoint, Keypoints

THREE = KeypointOutput(
    labels=("left", "right", "middle"), reference=(0, 1), skeleton=((0, 2), (2, 1))
)
FRAME = ImageInput(height=32, width=32, fit="stretch")
TASK: Any = get_task("keypoint-detection")


def maps(points: Tensor, rows: int = 8, columns: int = 8) -> Tensor:
    """Return what a model gives that is sure of points, (batch, points, 2)."""
    way = points[:, :, None, None] - cell_centers(rows, columns)
    cells = way * torch.tensor([columns, rows])
    heat = 12 * (1.2 - cells.norm(dim=-1))
    return torch.cat([heat, way[..., 0], way[..., 1]], dim=1)


@pytest.mark.parametrize("grid", [(8, 8), (4, 10), (1, 1)])
def test_points_are_between_the_cells(grid: tuple[int, int]) -> None:
    """
    By the offsets, whatever the grid: also at the borders of the picture.
    """
    random = torch.Generator().manual_seed(0)
    points = torch.rand(50, 3, 2, generator=random)
    points[0] = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    found, scores = decode(maps(points, *grid), THREE)

    assert torch.allclose(found, points, atol=1e-5)
    assert scores.min() > 0.5 or grid == (1, 1)


def test_centres_of_cells_are_in_x_and_y() -> None:
    centers = cell_centers(2, 4)

    assert centers.shape == (2, 4, 2)
    assert centers[1, 3].tolist() == [0.875, 0.75]


def test_a_point_is_the_weighted_vote_of_its_neighbourhood() -> None:
    """
    Of the cell with the highest probability and those around it, and of no other.
    """
    output = torch.full((1, 9, 4, 4), -30.0)
    output[:, 3:] = 0
    output[0, 0, 1, 1], output[0, 0, 1, 2], output[0, 0, 3, 3] = 2.0, 1.0, 1.9
    h = torch.tensor([2.0, 1.0]).sigmoid()
    x = ((h * torch.tensor([0.375, 0.625])).sum() / h.sum()).item()

    assert decode(output, THREE)[0][0, 0].tolist() == pytest.approx([x, 0.375])
    assert decode(output, THREE)[1][0, 0].item() == pytest.approx(h[0].item())


def test_points_are_in_the_pixels_of_the_picture() -> None:
    """
    Of prepared pixels, in the frame's.
    """
    points = torch.tensor([[[0.25, 0.5], [0.75, 0.5], [0.5, 0.1]]])
    shown = Image.new("RGB", (8, 4000))
    (one,) = TASK.postprocess(maps(points), [shown], THREE)
    (two,) = TASK.postprocess(maps(points), [torch.zeros(3, 32, 32)], THREE)

    assert (one.size, two.size) == ((8, 4000), (32, 32))
    assert (one.of("left").x, one.of("left").y) == pytest.approx((2, 2000), rel=1e-5)
    assert (two.of("middle").x, two.of("middle").y) == pytest.approx((16, 3.2))
    assert [point.label for point in one.keypoints] == ["left", "right", "middle"]


def test_the_error_is_by_the_distance_of_the_reference_points() -> None:
    """
    Counted by hand; a point that is not annotated counts nowhere.
    """
    true = torch.tensor([[[0.2, 0.5], [0.6, 0.5], [0.4, 0.8]]])
    found = true + torch.tensor([[[0.03, 0.04], [0.0, 0.0], [0.0, 0.02]]])
    lost = true.clone()
    lost[0, 2] = torch.nan

    assert errors(found, true, THREE)[0].tolist() == pytest.approx(
        [0.125, 0, 0.05], rel=1e-4
    )
    assert of_points(found, true, THREE) == pytest.approx(
        {"nme": 0.175 / 3, "pck_10": 2 / 3}, rel=1e-4
    )
    assert of_points(found, lost, THREE) == pytest.approx(
        {"nme": 0.125 / 2, "pck_10": 0.5}, rel=1e-4
    )
    assert TASK.compute_metrics(maps(true), true, THREE)["pck_10"] == 1
    assert lower_is_better("nme")
    assert not lower_is_better("pck_10")


def test_the_result_prints_converts_and_draws() -> None:
    found = Keypoints(
        keypoints=(
            Keypoint(label="left", x=2.0, y=5.0, score=0.5),
            Keypoint(label="right", x=17.0, y=5.0, score=1.0),
        ),
        size=(20, 10),
        skeleton=((0, 1),),
        picture=Image.new("RGB", (20, 10), "white"),
    )
    told = json.loads(json.dumps(found.to_dict()))

    assert str(found) == "2 points, mean score 75.00%"
    assert found.lines() == [str(found), "  left 2.0, 5.0", "  right 17.0, 5.0"]
    assert told["keypoints"][0] == {"label": "left", "x": 2.0, "y": 5.0, "score": 0.5}
    assert told["size"] == [20, 10]
    assert "<img" in found._repr_html_()


def test_lines_are_drawn_between_the_points_of_the_skeleton() -> None:
    """
    And without a picture on white, in any size.
    """
    points = torch.tensor([[[0.1, 0.2], [0.9, 0.2], [0.5, 0.9]]])
    (found,) = TASK.postprocess(maps(points), [Image.new("RGB", (100, 100))], THREE)
    drawn = np.asarray(found.render())

    assert drawn[54:57, 29:32].any()  # half way from the left point to the middle one
    assert drawn[54:57, 69:72].any()
    assert not drawn[20, 50].any()  # nothing connects left and right
    assert found.skeleton_alone(3).size == (300, 300)
    assert found.skeleton_alone().getpixel((50, 20)) == (255, 255, 255)


def test_broken_outputs_are_told() -> None:
    output = maps(torch.full((1, 3, 2), 0.5))
    output[0, 0, 0, 0] = torch.nan
    with pytest.raises(InputError, match=r"The model's output holds NaN: its weights"):
        decode(output, THREE)
    with pytest.raises(SpecError) as told:
        decode(torch.zeros(1, 8, 4, 4), THREE)

    assert str(told.value) == (
        "KeypointOutput: labels=('left', 'right', 'middle') should be a third of what "
        "the model's output has, (1, 8, 4, 4)."
    )


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        (
            {"labels": ("a",)},
            "KeypointOutput: labels=('a',) should be at least two, all different.",
        ),
        (
            {"reference": (0, 2)},
            "KeypointOutput: reference=(0, 2) should be pairs of numbers from 0 to 1.",
        ),
        (
            {"skeleton": ((0, 1), (1,))},
            "KeypointOutput: skeleton=((0, 1), (1,)) should be pairs of numbers from 0 "
            "to 1.",
        ),
    ],
)
def test_outputs_that_make_no_sense_are_refused(
    changed: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SpecError) as told:
        KeypointOutput(**{"labels": ("a", "b"), "reference": (0, 1), **changed})

    assert str(told.value) == problem


def spec(**changed: Any) -> ModelSpec:
    known: dict[str, Any] = {
        "name": "three-points",
        "summary": "Three points.",
        "task": "keypoint-detection",
        "build": "three:Three",
        "card": "card.md",
        "license": License(code="mit", weights="mit", data="mit"),
        "parameters": 1,
        "input": FRAME,
        "output": THREE,
        "trained_on": (),
    }
    return ModelSpec(**known | changed)


def test_the_whole_picture_has_to_be_looked_at() -> None:
    with pytest.raises(SpecError) as told:
        spec(input=ImageInput(height=32, width=32))

    assert str(told.value) == (
        "Model 'three-points': input.fit='crop' should be 'stretch', so that a point "
        "has its place in the whole picture."
    )


def test_models_that_find_keypoints_are_not_fine_tuned_yet() -> None:
    with pytest.raises(OptionError) as told:
        preconditions.check(spec(head="head"), Settings())

    assert str(told.value) == (
        "Model 'three-points': zoo.finetune does not teach models that find keypoints "
        "yet. Options: none."
    )


def test_stand_in_points_lie_in_the_picture() -> None:
    target = synthetic_rows(FRAME, THREE, 5, "stand-in").target

    assert target.shape == (5, 3, 2)
    assert 0 <= target.min() < target.max() <= 1
