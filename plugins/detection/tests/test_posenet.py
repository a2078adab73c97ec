"""What only PoseNet and its data promise; the rest is in zoo.testing."""

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from drawn_triangles import (
    CORNERS,
    triangles,
    write_point_table,
    write_points_coco,
)
from PIL import Image
from zoo_detection import FACE_PARTS, FACE_POINTS, MIRRORED, face_lines, portraits
from zoo_detection.faces import (
    FaceAugmentation,
    augment_faces,
    move_points,
)
from zoo_detection.posenet import posenet
from zoo_detection.posenet_report import ridge_regression

import zoo
from zoo.cli import main
from zoo.errors import DataError, DataWarning
from zoo.recipes import TensorRows
from zoo.recipes.keypoints import cell_centers, decode, keypoint_loss

NAME = "posenet-mini"
SPEC: Any = zoo.get_spec(NAME)
PLAIN = FaceAugmentation(brightness_contrast_std=0, channel_shift_std=0)


def face() -> Image.Image:
    with Image.open(zoo.example(NAME)) as picture:
        return picture.convert("RGB")


# The points


def test_the_parts_of_a_face_are_those_of_ibug() -> None:
    """
    68 points, and lines within each part: eyes and lips are closed.
    """
    lines = face_lines()

    assert len(FACE_POINTS) == sum(count for _, count, _ in FACE_PARTS) == 68
    assert [FACE_POINTS.index(f"{part} 1") for part, _, _ in FACE_PARTS] == [
        *(0, 17, 22, 27, 31, 36, 42, 48, 60),
    ]
    assert len(lines) == 68 - 9 + 4
    assert (41, 36) in lines
    assert (16, 17) not in lines
    assert SPEC.output.reference == (36, 45)


def test_the_mirror_exchanges_left_and_right() -> None:
    """
    Twice is nothing; the sides of parts that have two change, and the middle stays.
    """
    names = [FACE_POINTS[number] for number in MIRRORED]

    assert [MIRRORED[number] for number in MIRRORED] == list(range(68))
    assert MIRRORED[8] == 8
    assert MIRRORED[30] == 30
    for name, other in zip(FACE_POINTS, names, strict=True):
        for one, two in (("left", "right"), ("right", "left")):
            if name.startswith(one):
                assert other.startswith(two)


# The architecture, and learning


def test_offsets_are_shares_of_the_picture() -> None:
    """
    On a grid of cells of eight pixels, of a picture of any size.
    """
    model = posenet(classes=5, width=2).eval()

    assert model(torch.rand(2, 3, 64, 96)).shape == (2, 15, 8, 12)


def right_maps(points: torch.Tensor, radius: float) -> torch.Tensor:
    """Return maps that are right, and sure of it."""
    way = points[:, :, None, None] - cell_centers(12, 12)
    heat = torch.where((12 * way).norm(dim=-1) < radius, 30.0, -30.0)
    return torch.cat([heat, way[..., 0], way[..., 1]], dim=1)


def test_the_loss_of_the_right_maps_is_nothing() -> None:
    """
    An offset counts inside the disk, and nowhere else.
    """
    points = torch.tensor([[[0.3, 0.4], [0.8, 0.9]]])
    right = right_maps(points, 1.5)
    inside, outside, heat = right.clone(), right.clone(), right.clone()
    inside[0, 2, 4, 3] += 0.1
    outside[0, 2, 11, 11] += 0.1
    heat[0, 0, 0, 0] = 30
    options = {"radius": 1.5, "offset_weight": 1.0}

    assert keypoint_loss(right, points, **options).item() == pytest.approx(0, abs=1e-6)
    assert keypoint_loss(outside, points, **options).item() == pytest.approx(
        0, abs=1e-6
    )
    assert keypoint_loss(inside, points, **options) > 0.01
    assert keypoint_loss(heat, points, **options) > 0.05


def test_points_beyond_the_picture_teach_that_they_are_not_there() -> None:
    loss = keypoint_loss(
        torch.zeros(1, 3, 4, 4, requires_grad=True),
        torch.full((1, 1, 2), 3.0),
        radius=1.5,
        offset_weight=1.0,
    )
    loss.backward()

    assert loss.item() == pytest.approx(np.log(2), rel=1e-5)


# Augmentation


@pytest.mark.parametrize("seed", range(12))
def test_a_point_follows_its_pixel(seed: int) -> None:
    """
    Flipped, turned, scaled and shifted: a bright spot stays where its point is.
    """
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    spot = torch.exp(-((x - 62) ** 2 + (y - 40) ** 2) / 18)
    points = torch.full((1, 68, 2), 0.5)
    points[0, [8, 30]] = torch.tensor([62.5 / 96, 40.5 / 96])  # in the middle of a face
    generator = torch.Generator().manual_seed(seed)
    moved, made = augment_faces(spot.expand(1, 3, 96, 96), points, PLAIN, generator)
    place = moved[0, 0].argmax().item()
    seen = torch.tensor([place % 96 + 0.5, place // 96 + 0.5])

    assert (made[0, 8] * 96 - seen).norm() < 1
    assert torch.equal(made[0, 8], made[0, 30])


def test_with_a_flip_left_and_right_change_names() -> None:
    points = torch.rand(2, 68, 2)
    flip = torch.tensor([True, False])
    matrix = torch.eye(2).repeat(2, 1, 1)
    matrix[0, 0, 0] = -1
    moved = move_points(points, matrix, torch.zeros(2, 2), flip)

    assert torch.allclose(moved[1], points[1], atol=1e-6)
    assert torch.allclose(
        moved[0, 36], points[0, 45] * torch.tensor([-1, 1]) + torch.tensor([1, 0])
    )


# Data, and the baseline


def test_validation_faces_are_of_people_that_training_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Rows(dict[str, Any]):
        def select(self, rows: Any) -> Any:
            return Rows({name: [v[n] for n in rows] for name, v in self.items()})

    people = [9, 10, 10, 21, 30, 9]
    rows = Rows(
        image=[Image.new("L", (48, 48), 10 * n) for n in range(6)],
        keypoints=[[[float(n), 24.0]] * 68 for n in range(6)],
        person=people,
    )
    monkeypatch.setattr(portraits.datasets, "load_dataset", lambda *_: rows)
    train, val, test = (
        portraits.read_rows("faces", split, input_spec=SPEC.input, first=None)
        for split in ("train", "validation", "test")
    )

    assert (train.target[:, 0, 0] * 48).tolist() == pytest.approx([0, 3, 5])
    assert (val.target[:, 0, 0] * 48).tolist() == pytest.approx([1, 2, 4])
    assert len(test) == 6
    assert train.input.shape == (3, 3, 96, 96)
    assert train.target[0, 0, 1] == 0.5


def test_a_point_beyond_its_picture_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"image": [face()], "keypoints": [[[97.0, 3.0]] * 68], "person": [1]}
    monkeypatch.setattr(portraits.datasets, "load_dataset", lambda *_: rows)
    with pytest.raises(DataError) as told:
        portraits.read_rows("faces", "test", input_spec=SPEC.input, first=None)

    assert str(told.value) == "faces/test has points that are not in their pictures."


def test_ridge_regression_finds_a_spot() -> None:
    """
    Where a bright half begins is linear in the pixels: nearer than the mean point.
    """
    random = torch.Generator().manual_seed(0)
    edge = torch.randint(24, 72, (120,), generator=random)
    shown = (torch.arange(96) >= edge[:, None])[:, None, None].expand(-1, 3, 96, 96)
    target = torch.stack([edge / 96, torch.full((120,), 0.5)], dim=1)[:, None]
    rows = TensorRows(input=shown.byte() * 255, target=target, source="spots")
    found = ridge_regression(rows[:80], rows[80:100], rows.input[100:])
    off = (found - target[100:]).abs().mean()

    assert off < 0.2 * (target[:80].mean(dim=0) - target[100:]).abs().mean()


# The shipped model


def test_points_of_the_example_lie_where_a_face_has_them() -> None:
    """
    Eyes above the nose, that above the mouth, all above the chin; left before right.
    """
    found = zoo.predict(NAME, face())
    eyes = [
        np.mean([found.of(f"{s} eye {n}").y for n in range(1, 7)])
        for s in ("left", "right")
    ]
    nose, lips, chin = (found.of(n).y for n in ("nostrils 3", "outer lips 1", "jaw 9"))

    assert max(eyes) + 8 < nose < lips < chin
    assert found.of("left eye 1").x + 20 < found.of("right eye 4").x
    assert found.score > 0.5


def test_the_mirrored_example_has_mirrored_points() -> None:
    """
    To four pixels in the mean.
    """
    model = zoo.load(NAME)
    one, two = zoo.predict(model, [face(), face().transpose(Image.FLIP_LEFT_RIGHT)])
    first, second = (
        np.array([(p.x, p.y) for p in each.keypoints]) for each in (one, two)
    )
    turned = second[list(MIRRORED)] * (-1, 1) + (96, 0)

    assert np.linalg.norm(first - turned, axis=1).mean() < 4


def test_it_has_a_third_of_the_mean_faces_error() -> None:
    """
    By the receipt, on the test rows.
    """
    receipt = zoo.load(NAME).zoo.receipt
    measured = {m["name"]: m["value"] for m in receipt["metrics"]}
    baselines = receipt["baselines"]

    assert measured["nme"] < baselines["mean face"]["nme"] / 3
    assert measured["nme"] < baselines["ridge regression"]["nme"]
    assert measured["pck_10"] > 0.8


def test_the_command_draws_the_points(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "drawn.png"
    main(["predict", NAME, str(zoo.example(NAME)), "--save", str(drawn)])

    assert "68 points, mean score" in capsys.readouterr().out
    with Image.open(drawn) as picture:
        assert picture.size == (96, 96)


def test_scores_are_those_of_the_maps() -> None:
    model = zoo.load(NAME)
    found = zoo.predict(model, face())
    given = torch.from_numpy(np.asarray(face()).copy()).permute(2, 0, 1)[None] / 255
    mean, std = (
        torch.tensor(v)[:, None, None] for v in (SPEC.input.mean, SPEC.input.std)
    )
    with torch.inference_mode():
        points, scores = decode(model((given - mean) / std), SPEC.output)

    assert found.keypoints[8].score == pytest.approx(scores[0, 8].item(), abs=1e-3)
    assert found.keypoints[8].x == pytest.approx(96 * points[0, 8, 0].item(), abs=0.05)


# Fine-tuning


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_points_coco(tmp_path_factory.mktemp("few") / "tri", triangles(8, 5))


def test_new_points_are_learned_saved_and_learned_again(
    drawn: Path, tmp_path: Path
) -> None:
    """
    One epoch each: with a fresh head that has the names and the lines of the data, and
    as it is then. It is measured beside the mean points, and the worst are drawn.
    """
    mine, again = tmp_path / "mine", tmp_path / "again"
    how: dict[str, Any] = {"epochs": 1, "progress": False}
    model = zoo.finetune(NAME, drawn, mine, **how)
    loaded: Any = zoo.load(mine)
    second = zoo.finetune(mine, drawn, again, **how)
    receipt = loaded.zoo.receipt
    picture = triangles(1, seed=6)[0].picture

    assert loaded.zoo.labels == second.zoo.labels == CORNERS
    assert loaded.zoo.spec.output.skeleton == ((0, 1), (1, 2), (2, 0))
    assert loaded.zoo.spec.output.reference is None
    assert loaded.zoo.options["classes"] == 3
    assert [m["name"] for m in receipt["metrics"]] == ["nme", "pck_10"]
    assert set(receipt["baselines"]) == {"the mean points"}
    assert set(receipt["classes"]) == {*CORNERS}
    assert receipt["settings"]["freeze"] == "none"
    assert {"points.png", "README.md"} <= {path.name for path in mine.iterdir()}
    assert "divided by the diagonal" in (mine / "README.md").read_text()
    one, other = (zoo.predict(m, picture) for m in (model, loaded))
    assert one == other
    assert one.of("top").label == "top"
    with pytest.warns(DataWarning, match="was trained on"):
        assert set(zoo.evaluate(mine, drawn)) == {"nme", "pck_10"}


def test_a_frozen_backbone_stays_as_it_is(drawn: Path) -> None:
    """
    To the bit, its statistics too; the head alone learns.
    """
    before = zoo.load(NAME).state_dict()
    model = zoo.finetune(NAME, drawn, epochs=1, freeze="backbone", progress=False)
    moved = {
        tensor.partition(".")[0]
        for tensor, value in model.state_dict().items()
        if value.shape != before[tensor].shape or not torch.equal(value, before[tensor])
    }

    assert moved == {"head"}


def test_a_point_that_the_old_head_knows_begins_as_it_was() -> None:
    """
    Its three maps are copied, whatever its number.
    """
    old, new = posenet(classes=3, width=2), posenet(classes=2, width=2)
    new.init_head_from(old, [(2, 0)])

    assert torch.equal(new.head.weight[[0, 2, 4]], old.head.weight[[2, 5, 8]])
    assert torch.equal(new.head.bias[[0, 2, 4]], old.head.bias[[2, 5, 8]])
    assert not torch.equal(new.head.weight[1], old.head.weight[1])


def test_a_broken_point_is_told_before_anything_is_trained(
    drawn: Path, tmp_path: Path
) -> None:
    """
    And so is a picture that a table names, and that is missing.
    """
    folder = Path(shutil.copytree(drawn, tmp_path / "tri"))
    file = folder / "annotations.json"
    file.write_text(file.read_text().replace('"keypoints": [', '"keypoints": [999,', 1))
    with pytest.raises(DataError, match=r"tri/annotations.json, annotation 1 \(id 1\)"):
        zoo.finetune(NAME, folder, tmp_path / "mine")
    listed = write_point_table(tmp_path / "table", triangles(4, seed=5))
    (tmp_path / "table" / "002.png").unlink()
    with pytest.raises(DataError, match=r"1 input can't be read. .*002.png"):
        zoo.finetune(NAME, listed, tmp_path / "mine")

    assert not (tmp_path / "mine").exists()


@pytest.mark.slow
@pytest.mark.parametrize("write", [write_points_coco, write_point_table])
def test_corners_of_triangles_are_learned_from_thirty_pictures(
    write: Any, tmp_path: Path
) -> None:
    """
    In three minutes of one core, from a file and from a table: a hundred other pictures
    have at most a third of the error of the mean points.
    """
    data = write(tmp_path / "triangles", triangles(30, seed=0))
    others = write_points_coco(tmp_path / "others", triangles(100, seed=1))
    began = time.process_time()
    model = zoo.finetune(NAME, data, tmp_path / "mine", test=others, progress=False)
    seconds = time.process_time() - began
    receipt = model.zoo.receipt
    measured = {m["name"]: m["value"] for m in receipt["metrics"]}
    baseline = receipt["baselines"]["the mean points"]["nme"]

    assert measured["nme"] <= baseline / 3, (measured, baseline, seconds)
    assert seconds < 60 * 3, (measured, seconds)
