"""What each detector promises: odd pictures are answered, and new shapes learned."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from colored_shapes import LABELS, shapes, write_coco, write_voc, write_yolo
from PIL import Image

import zoo
from zoo.errors import DataError, DataWarning, InputError
from zoo.recipes.boxes import NO_BOX
from zoo.recipes.metrics import detection_metrics

NAMES = ("yolo-mini", "faster-rcnn-mini")
GROUND = 205, 195, 200  # the colour of a smear without cells
MINUTES = 3
SEEN, OTHERS = 30, 100  # pictures to learn from, and others to measure on


def smear() -> Image.Image:
    with Image.open(zoo.example("yolo-mini")) as picture:
        return picture.convert("RGB")


@pytest.fixture(scope="module", params=NAMES)
def model(request: pytest.FixtureRequest) -> Any:
    """Return a detector with its weights, or with fresh ones where it ships none."""
    if zoo.get_spec(request.param).weights:
        return zoo.load(request.param)
    torch.manual_seed(0)
    return zoo.build(request.param).eval()


def inside(found: Any) -> bool:
    width, height = found.size
    return all(
        0 <= one.box.xmin < one.box.xmax <= width
        and 0 <= one.box.ymin < one.box.ymax <= height
        for one in found.objects
    )


def test_a_picture_without_an_object_has_none(model: Any) -> None:
    """
    Of the ground of a smear alone nothing is found.
    """
    found = zoo.predict(model, Image.new("RGB", (256, 192), GROUND))

    assert found.objects == ()
    assert str(found) == "nothing found"


@pytest.mark.parametrize("size", [(8, 4000), (4000, 8), (1, 1)])
def test_boxes_of_a_strip_lie_inside_it(model: Any, size: tuple[int, int]) -> None:
    """
    However narrow it is, and however little is asked of a score.
    """
    found = zoo.predict(model, smear().resize(size), threshold=0.0)

    assert found.size == size
    assert found.objects
    assert inside(found)


def test_three_hundred_boxes_are_answered_and_measured(model: Any) -> None:
    """
    No more are found than the spec allows, and the right ones of 300 count.
    """
    output_spec: Any = model.zoo.spec.output
    found = zoo.predict(model, smear(), threshold=0.0, overlap=1.0)
    place = torch.arange(300)
    low = torch.stack([place % 20 / 20, place // 20 / 15], dim=1)
    label = (place % 3)[:, None].float()
    target = torch.cat([label, low, low + 0.04], dim=1)[None]
    output = torch.full((1, 300, 8), -9.0)
    output[0, :, :4] = target[0, :, 1:]
    output[0, :, 4] = 9
    output[0, place, 5 + place % 3] = 9
    measured = detection_metrics(output, target, output_spec)

    assert len(found.objects) <= output_spec.max_objects
    assert inside(found)
    # Those beyond the hundred surest ones are missed.
    assert measured["map_50"] == pytest.approx(1 / 3, abs=0.02)


def test_three_hundred_boxes_have_a_loss(model: Any) -> None:
    """
    Of both stages, finite, and with a gradient.
    """
    random = torch.Generator().manual_seed(0)
    low = 0.9 * torch.rand(2, 300, 2, generator=random)
    label = torch.randint(3, (2, 300, 1), generator=random).float()
    target = torch.cat([label, low, low + 0.05], dim=2)
    target[1, 1:] = torch.tensor([NO_BOX, 0, 0, 0, 0])
    image = torch.rand(2, 3, 192, 256, generator=random)
    loss = model(image, target).sum()
    loss.backward()
    model.zero_grad()

    assert loss.isfinite()
    assert loss > 0


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P", "1"])
def test_pictures_of_any_mode_are_answered(model: Any, mode: str) -> None:
    """
    An alpha channel without a hole changes nothing, and a gray picture is as one of
    three equal channels.
    """
    given = smear().convert(mode)
    found = zoo.predict(model, given, threshold=0.1)

    assert (found.size, inside(found)) == ((256, 192), True)
    plain = given.convert("RGB")
    assert found.objects == zoo.predict(model, plain, threshold=0.1).objects


def test_a_file_that_is_no_picture_is_named(model: Any, tmp_path: Path) -> None:
    broken = tmp_path / "cell.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(InputError) as told:
        zoo.predict(model, broken)

    assert str(told.value).startswith(f"{broken} is not a picture in a format that is")


# Fine-tuning


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what each detector is fine-tuned from."""
    names = {}
    for name in NAMES:
        names[name] = name
        if not zoo.get_spec(name).weights:
            torch.manual_seed(0)
            place = tmp_path_factory.mktemp("fresh") / name
            names[name] = str(zoo.save(zoo.build(name), place))
    return names


@pytest.mark.parametrize("name", NAMES)
def test_a_detector_learns_saves_and_learns_again(
    name: str, started: dict[str, str], tmp_path: Path
) -> None:
    """
    One epoch each: with new labels, anchors of their boxes and a fresh head, and with
    labels that it has then, as it is. All of it has moved, and the folder says so.
    """
    folder = write_yolo(tmp_path / "shapes", shapes(8, seed=5))
    mine, again = tmp_path / "mine", tmp_path / "again"
    how: dict[str, Any] = {"epochs": 1, "progress": False}
    model = zoo.finetune(started[name], folder, mine, **how)
    loaded = zoo.load(mine)
    before = zoo.load(started[name])
    option = {"yolo-mini": "anchors", "faster-rcnn-mini": "sizes"}[name]
    second = zoo.finetune(mine, folder, again, **how)
    receipt = loaded.zoo.receipt
    picture = shapes(1, seed=6)[0].picture

    assert loaded.zoo.labels == LABELS
    assert loaded.zoo.options[option] != getattr(before, option)
    assert [*map(tuple, np.atleast_2d(second.zoo.options[option]))] == [
        *map(tuple, np.atleast_2d(loaded.zoo.options[option]))
    ]
    assert [m["name"] for m in receipt["metrics"]] == ["map_50", "map"]
    assert set(receipt["baselines"]) == {"the mean box of each label"}
    assert set(receipt["classes"]) == {*LABELS}
    assert receipt["settings"]["freeze"] == "none"
    assert {"boxes.png", "README.md"} <= {path.name for path in mine.iterdir()}
    one, other = (
        zoo.predict(m, picture, threshold=0.05).objects for m in (model, loaded)
    )
    assert one == other
    first_layer = next(iter(before.state_dict()))
    assert not torch.equal(
        before.state_dict()[first_layer], loaded.state_dict()[first_layer]
    )
    with pytest.warns(DataWarning, match="was trained on"):
        assert set(zoo.evaluate(mine, folder)) == {"map_50", "map"}


@pytest.mark.parametrize("name", NAMES)
def test_a_frozen_backbone_stays_as_it_is(
    name: str, started: dict[str, str], tmp_path: Path
) -> None:
    """
    To the bit, its statistics too; the head alone learns.
    """
    folder = write_voc(tmp_path / "shapes", shapes(6, seed=5))
    before = zoo.load(started[name]).state_dict()
    model = zoo.finetune(
        started[name], folder, epochs=1, freeze="backbone", progress=False
    )
    moved = {
        tensor.partition(".")[0]
        for tensor, value in model.state_dict().items()
        if value.shape != before[tensor].shape or not torch.equal(value, before[tensor])
    }

    assert moved == {"head"}


def test_a_broken_annotation_is_told_before_anything_is_trained(
    tmp_path: Path,
) -> None:
    folder = write_voc(tmp_path / "shapes", shapes(4, seed=5))
    file = folder / "Annotations" / "002.xml"
    file.write_text(file.read_text().replace("<xmax>", "<xmax>9", 1))
    with pytest.raises(DataError, match=r"shapes/Annotations/002.xml, line 6: the box"):
        zoo.finetune("yolo-mini", folder, tmp_path / "mine")

    assert not (tmp_path / "mine").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("yolo-mini", write_coco),
        ("yolo-mini", write_voc),
        ("yolo-mini", write_yolo),
        ("faster-rcnn-mini", write_coco),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_coloured_shapes_are_learned_from_thirty_pictures(
    name: str, write: Any, started: dict[str, str], tmp_path: Path
) -> None:
    """
    In three minutes of one core, whatever form their boxes have; a hundred other
    pictures measure it.
    """
    folder = write(tmp_path / "shapes", shapes(SEEN, seed=0))
    others = write_coco(tmp_path / "others", shapes(OTHERS, seed=1))
    began = time.process_time()
    model = zoo.finetune(
        started[name], folder, tmp_path / "mine", test=others, progress=False
    )
    seconds = time.process_time() - began
    measured = {m["name"]: m["value"] for m in model.zoo.receipt["metrics"]}

    assert measured["map_50"] >= 0.8, (measured, seconds)
    assert seconds < 60 * MINUTES, (measured, seconds)
