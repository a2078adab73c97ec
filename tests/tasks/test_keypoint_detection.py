"""Keypoints: what the task promises of any model that gives maps of them."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from zoo import ImageInput, KeypointOutput, License, ModelSpec
from zoo.datasets.custom.examples import LabeledExamples
from zoo.datasets.in_memory import synthetic_rows
from zoo.errors import InputError, SettingsError, SpecError
from zoo.finetuning import preconditions
from zoo.finetuning.strategies import Settings
from zoo.models.metadata import ModelMetadata, attach
from zoo.runtime import lower_is_better
from zoo.runtime.keypoint_detection import cell_centers, decode
from zoo.runtime.keypoint_metrics import errors, of_points
from zoo.tasks import get_task
from zoo.tasks.keypoint_detection import mean_points
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


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        (
            {"balance": True},
            "balance=True weighs classes, and 'three-points' finds points: leave it "
            "out.",
        ),
        (
            {"augmented_copies": 2, "augment": "flip-crop"},
            "augmented_copies=2 keeps the features of copies, and points move with "
            "their pictures anew in every epoch: leave augmented_copies out.",
        ),
    ],
)
def test_settings_that_are_not_for_points_are_refused(
    setting: dict[str, Any], problem: str
) -> None:
    with pytest.raises(SettingsError) as told:
        preconditions.check(spec(head="head"), Settings(**setting))

    assert str(told.value) == problem


def test_without_reference_points_the_error_is_by_the_diagonal() -> None:
    """
    Of the box around the true points that are annotated; a single one has none. The
    output says so.
    """
    alone = KeypointOutput(labels=("a", "b", "c"))
    true = torch.tensor(
        [
            [[0.2, 0.1], [0.5, 0.5], [torch.nan, torch.nan]],
            [[0.3, 0.3], [torch.nan, torch.nan], [torch.nan, torch.nan]],
        ]
    )
    found = true.nan_to_num(0.0) + torch.tensor([0.03, 0.04])
    error = errors(found, true, alone)

    assert error[0, :2].tolist() == pytest.approx([0.1, 0.1])
    assert error[0, 2].isnan()
    assert error[1].isnan().all()
    assert of_points(found, true, alone)["nme"] == pytest.approx(0.1)
    assert alone.answer == (
        "It finds 3 points. The error of a point is its distance from the true one, "
        "divided by the diagonal of the box around the true points of a picture."
    )
    assert THREE.answer.endswith("divided by the distance between left and right.")


def test_a_new_head_keeps_lines_between_points_that_it_has() -> None:
    """
    And the reference points, where it has both.
    """
    assert THREE.with_labels(("middle", "right", "left")) == KeypointOutput(
        labels=("middle", "right", "left"), reference=(2, 1), skeleton=((2, 0), (0, 1))
    )
    assert THREE.with_labels(("middle", "left")) == KeypointOutput(
        labels=("middle", "left"), skeleton=((1, 0),)
    )


def test_a_point_that_is_not_annotated_costs_nothing() -> None:
    """
    Neither its heat map nor its offset; and a row without any has no loss.
    """
    true = torch.tensor([[[0.3, 0.4], [0.8, 0.9], [0.1, 0.6]]])
    some = true.clone()
    some[0, 1] = torch.nan
    output = maps(true)
    wrong = output.clone()
    wrong[0, [1, 4, 7]] = 5.0

    assert TASK.loss(wrong, some, THREE) == TASK.loss(output, some, THREE)
    assert TASK.loss(wrong, true, THREE) > TASK.loss(output, true, THREE) + 0.5
    assert TASK.loss(output, torch.full((1, 3, 2), torch.nan), THREE) == 0


@pytest.mark.parametrize("kind", ["none", "flip", "flip-crop"])
@pytest.mark.parametrize("names", [("left", "right", "middle"), ("a", "b", "c")])
def test_points_move_with_their_pictures(kind: str, names: tuple[str, ...]) -> None:
    """
    A bright spot stays where its point is. Mirrored, left and right change names; and
    no picture is where the names do not say which those are.
    """
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(96.0), indexing="ij")
    spots = [((x - a) ** 2 + (y - b) ** 2) for a, b in ((30, 20), (70, 24), (50, 40))]
    picture = torch.stack([torch.exp(-one / 18) for one in spots])
    true = torch.tensor([[30.5, 20.5], [70.5, 24.5], [50.5, 40.5]])
    true = torch.cat([true / torch.tensor([96, 64]), torch.full((1, 2), torch.nan)])
    output_spec = KeypointOutput(labels=(*names, "middle of all"))
    random = torch.Generator().manual_seed(3)
    seen, moved = TASK.augment(
        picture.expand(16, 3, 64, 96), true.expand(16, 4, 2), kind, random, output_spec
    )
    flips = 0
    for shown, points in zip(seen, moved, strict=True):
        assert points[3].isnan().all()
        for channel, spot in enumerate(shown):
            if spot.max() < 0.9:  # cut off
                continue
            place = spot.argmax().item()
            at = torch.tensor([place % 96 + 0.5, place // 96 + 0.5])
            off = (points[:3] * torch.tensor([96, 64]) - at).norm(dim=1)
            assert off.min() < 2
            assert off.argmin().item() in ((channel, 1 - channel)[: 2 - channel // 2])
            flips += off.argmin().item() != channel
    assert (flips > 0) == (kind != "none" and names[0] == "left")
    assert (len(moved[:, :3].unique(dim=0)) > 2) == (kind == "flip-crop")


def test_the_mean_points_are_of_the_rows_that_have_them() -> None:
    nan = torch.nan
    target = torch.tensor([[[0.2, 0.4], [nan, nan]], [[0.4, 0.8], [nan, nan]]])

    assert mean_points(target).flatten().tolist() == pytest.approx([0.3, 0.6, 0.5, 0.5])


def test_the_worst_pictures_are_drawn(tmp_path: Path) -> None:
    """
    The one with the largest error first, its true points in white.
    """
    true = torch.tensor([[[0.2, 0.5], [0.8, 0.5], [0.5, 0.1]]] * 2)
    true[1, 2] = torch.nan
    found = maps(true.nan_to_num(0.5) + torch.tensor([[[0.0]], [[0.1]]]))
    for name in ("a", "b"):
        Image.new("RGB", (80, 80)).save(tmp_path / f"{name}.png")
    rows = LabeledExamples(
        items=[tmp_path / "a.png", tmp_path / "b.png"],
        targets=(0, 0),
        names=["a", "b"],
    )
    module: Any = attach(nn.Identity(), ModelMetadata(spec=spec(), options={}))
    drawn = TASK.draw_errors(module, rows, found, true)
    shown = np.asarray(Image.open(BytesIO(drawn.png)).convert("RGB"))
    first, second = np.array_split(shown[:216], 4, axis=1)[:2]
    white = [(part == 255).all(axis=2).sum() for part in (first, second)]

    assert drawn.name == "points"
    assert drawn.caption.format(part="test").startswith("The test rows with the large")
    assert white[0] > 4 * max(1, white[1])  # of the second all points are hidden


def test_stand_in_points_lie_in_the_picture() -> None:
    target = synthetic_rows(FRAME, THREE, 5, "stand-in").target

    assert target.shape == (5, 3, 2)
    assert 0 <= target.min() < target.max() <= 1
