"""Windows over a picture: geometry, votes, boxes, and one pass for all of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import zoo
from zoo.cli import main
from zoo.errors import InputError, OptionError, SpecError
from zoo.inference.window_grid import (
    Windows,
    grid,
    non_maximum_suppression,
    window_sizes,
)
from zoo.models.metadata import ModelMetadata, attach
from zoo.specs import ClassOutput, ImageInput, Trunk
from zoo.tasks.results.vision import Box, Detection, Detections

DIGIT = ImageInput(height=28, width=28, channels=1, background="dark")
PHOTO = ImageInput(height=224, width=224)
KNOWN = "Options: size, stride, by, threshold, overlap, labels."
GROUND = Image.new("L", (56, 28), 0)
PAPER = Image.new("L", (56, 28), 255)
FOUND = Detections(
    objects=(
        Detection(label="cat", score=0.9, box=Box(xmin=0, ymin=0, xmax=200, ymax=300)),
        Detection(
            label="<b>", score=0.6, box=Box(xmin=200, ymin=0, xmax=400, ymax=300)
        ),
    ),
    size=(400, 300),
    windows=9,
    votes={"cat": 3, "<b>": 1},
    by="pixels",
    picture=Image.new("L", (400, 300)),
)


def box(xmin: int, ymin: int, xmax: int, ymax: int) -> Box:
    return Box(xmin=xmin, ymin=ymin, xmax=xmax, ymax=ymax)


def thing(label: str, score: float, *ends: int) -> Detection:
    return Detection(label=label, score=score, box=box(*ends))


@pytest.fixture(scope="module")
def lenet() -> nn.Module:
    return zoo.load("lenet5-mnist")


@pytest.fixture(scope="module")
def seven() -> Image.Image:
    with Image.open(zoo.example("lenet5-mnist")) as image:
        return image.convert("L")


@pytest.fixture(scope="module")
def one() -> Image.Image:
    """A one, drawn with a ruler."""
    pixels = np.zeros((28, 28), np.uint8)
    pixels[5:23, 13:16] = 255
    return Image.fromarray(pixels)


@pytest.fixture
def digits(seven: Image.Image, one: Image.Image) -> Image.Image:
    """A seven, a gap, and a one."""
    canvas = Image.new("L", (84, 28), 0)
    canvas.paste(seven, (0, 0))
    canvas.paste(one, (56, 0))
    return canvas


class Small(nn.Module):
    """A convolution without padding, a mean over the whole map, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 4, stride=4), nn.ReLU())
        self.head = nn.Linear(8, 5)

    def forward(self, image: Tensor) -> Tensor:
        decided: Tensor = self.head(self.features(image).mean(dim=(2, 3)))
        return decided


SMALL = ImageInput(height=32, width=32)
TRUNK = Trunk(module="features", size=(8, 8), stride=4)


def small(trunk: Trunk | None = TRUNK, **output: Any) -> nn.Module:
    """Return a model of five labels that knows itself."""
    torch.manual_seed(0)
    spec = replace(
        zoo.get_spec("lenet5-mnist"),
        input=SMALL,
        output=ClassOutput(labels=tuple("abcde"), **output),
        trunk=trunk,
    )
    return attach(Small().eval(), ModelMetadata(spec=spec, options={}))


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def refused(model: nn.Module, picture: Any, windows: Any) -> str:
    with pytest.raises(OptionError) as caught:
        zoo.predict(model, picture, windows=windows)
    return str(caught.value)


# Where windows lie


def test_the_courses_grid() -> None:
    """
    Windows of 224 over 448 pixels, 32 apart: eight by eight, from edge to edge.
    """
    found = grid((448, 448), PHOTO, 224, 32, 32)

    assert found.canvas == (448, 448)
    assert len(found.corners) == 64
    assert found.box(0) == box(0, 0, 224, 224)
    assert found.box(63) == box(224, 224, 448, 448)


@pytest.mark.parametrize("picture", [(301, 500), (224, 1000), (999, 230)])
@pytest.mark.parametrize("cell", [1, 32])
def test_windows_reach_from_edge_to_edge(picture: tuple[int, int], cell: int) -> None:
    """
    Whatever the size of the picture, no pixel is unseen, and corners are whole cells.
    """
    found = grid(picture, PHOTO, 224, 200, cell)

    seen = np.zeros(picture[::-1], bool)
    for number, corner in enumerate(found.corners):
        one = found.box(number)
        seen[one.ymin : one.ymax, one.xmin : one.xmax] = True
        assert not any(place % cell for place in corner)
    assert seen.all()


@pytest.mark.parametrize(
    ("picture", "expected", "wanted"),
    [
        ((448, 448), PHOTO, [448, 224]),
        ((600, 300), PHOTO, [300, 224]),
        ((448, 224), PHOTO, [224]),
        ((100, 50), PHOTO, [50]),
        ((4000, 3000), PHOTO, [3000, 1500]),
        ((84, 28), DIGIT, [28]),
        ((90, 90), ImageInput(height=20, width=60), [30]),
    ],
)
def test_sizes_that_nobody_chose(
    picture: tuple[int, int], expected: ImageInput, wanted: list[int]
) -> None:
    """
    As much as fits, and half the shorter side, but not less than the model takes.
    """
    assert window_sizes(Windows(), picture, expected) == wanted


def test_windows_of_a_wide_input() -> None:
    """
    A window has the proportions of the model's input; its size is the shorter side.
    """
    found = grid((120, 20), ImageInput(height=20, width=60), 20, 20)

    assert [found.box(n) for n in range(len(found.corners))] == [
        box(0, 0, 60, 20),
        box(20, 0, 80, 20),
        box(40, 0, 100, 20),
        box(60, 0, 120, 20),
    ]


# What votes come to


def test_overlap_is_the_share_of_both() -> None:
    """
    The same box overlaps wholly, half a box by a third, one beside it not at all.
    """
    left = box(0, 0, 10, 10)

    assert left.overlap(left) == 1
    assert left.overlap(box(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert left.overlap(box(10, 0, 20, 10)) == 0


def test_the_surest_of_neighbours_stays() -> None:
    """
    A window gives way to a surer one of its label, and to no other.
    """
    best = thing("cat", 0.9, 0, 0, 10, 10)
    weak = thing("cat", 0.8, 2, 0, 12, 10)
    far = thing("cat", 0.6, 20, 0, 30, 10)
    other = thing("dog", 0.7, 1, 0, 11, 10)

    assert non_maximum_suppression([weak, far, best, other], 0.2) == (best, other, far)
    assert non_maximum_suppression([weak, best], 1) == (best, weak)


# With a model


@pytest.mark.parametrize("by", ["pixels", "features"])
def test_two_digits_on_one_canvas(
    lenet: nn.Module, digits: Image.Image, by: str
) -> None:
    """
    LeNet-5, which reads one digit, finds both, each at its place.
    """
    over = {"by": by, "threshold": 0.99}

    found = zoo.predict(lenet, digits, windows=over)

    assert {"7", "1"} <= set(found.labels)
    best = {label: next(o for o in found.objects if o.label == label) for label in "71"}
    assert best["7"].box.overlap(box(0, 0, 28, 28)) > 0.6
    assert best["1"].box.overlap(box(56, 0, 84, 28)) > 0.6
    assert (found.by, found.windows, found.size) == (by, 15, (84, 28))


def test_every_window_of_features_is_one_of_pixels() -> None:
    """
    Without padding nothing tells a window of the map from the map of a window.
    """
    model, picture = small(), noise(96, 64)
    every = {"size": 32, "stride": 4, "threshold": 0, "overlap": 1}

    features, pixels = (
        zoo.predict(model, picture, windows={**every, "by": by})
        for by in ("features", "pixels")
    )

    said = {one.box: one for one in pixels.objects}
    assert features.windows == len(features.objects) == len(said) == 17 * 9
    for one in features.objects:
        assert one.label == said[one.box].label
        assert one.score == pytest.approx(said[one.box].score, abs=1e-5)


def test_the_picture_passes_the_convolution_once() -> None:
    """
    However many windows there are; by pixels all of them do.
    """
    model, seen = small(), []
    over = {"size": 32, "stride": 4}
    model.features[0].register_forward_hook(lambda _, given, __: seen.append(given[0]))

    features = zoo.predict(model, noise(96, 64), windows=over)
    pixels = zoo.predict(model, noise(96, 64), windows={**over, "by": "pixels"})

    assert features.windows == pixels.windows == 17 * 9
    assert [tuple(one.shape) for one in seen] == [
        (1, 3, 64, 96),
        (64, 3, 32, 32),
        (64, 3, 32, 32),
        (25, 3, 32, 32),
    ]


def test_few_large_windows_pass_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    On a CPU, as many as there is room for, but never none.
    """
    model, seen = small(), []
    model.features.register_forward_pre_hook(
        lambda _, given: seen.append(len(given[0]))
    )
    over = {"size": 32, "stride": 8, "by": "pixels"}

    for room in (2 * 3 * 32 * 32, 1):
        monkeypatch.setattr("zoo.inference.sliding_window.MAX_BATCH_VALUES", room)
        zoo.predict(model, noise(64, 32), windows=over)

    assert seen == [2, 2, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("name", ["mlp-mnist", "lenet5-mnist"])
def test_a_model_that_declares_no_trunk(name: str) -> None:
    """
    It looks at windows of pixels, and can't at others.
    """
    model = zoo.build(name).eval()
    spec = replace(zoo.get_spec(name), trunk=None)
    attach(model, ModelMetadata(spec=spec, options={}))

    assert zoo.predict(model, GROUND, windows=True).by == "pixels"
    assert refused(model, GROUND, {"by": "features"}) == (
        f"Model '{name}': it declares no trunk, so it allows no windows by='features'. "
        "Choose by='pixels', or name the last feature map of a convolutional network "
        f"in ModelSpec.trunk. {KNOWN}"
    )


@pytest.mark.parametrize(
    ("trunk", "problem"),
    [
        (
            replace(TRUNK, stride=8),
            f"trunk={replace(TRUNK, stride=8)} should be that of the network: its "
            "output for (1, 3, 32, 64) has the shape (1, 8, 8, 16), and not (1, "
            "channels, 8, 12).",
        ),
        (
            replace(TRUNK, module="head"),
            f"trunk={replace(TRUNK, module='head')} should be that of the network: its "
            "output for (1, 3, 32, 64) has the shape (1, 5), and not (1, channels, 8, "
            "16).",
        ),
        (
            replace(TRUNK, module="layer9"),
            "trunk.module='layer9' should be the name of a submodule of the network.",
        ),
    ],
)
def test_a_trunk_that_the_network_does_not_have(trunk: Trunk, problem: str) -> None:
    """
    Windows are never cut from a map that does not fit the canvas.
    """
    with pytest.raises(SpecError) as caught:
        zoo.predict(small(trunk), noise(64, 32), windows=True)

    assert str(caught.value) == f"Model 'lenet5-mnist': {problem}"


def test_a_saved_model_keeps_its_trunk(lenet: nn.Module, tmp_path: Path) -> None:
    """
    So does one that is loaded from its folder with other labels.
    """
    folder = zoo.save(lenet, tmp_path / "model")

    other = zoo.load(folder, labels=["even", "odd"])

    assert other.zoo.spec.trunk == lenet.zoo.spec.trunk
    assert zoo.predict(other, GROUND, windows={"by": "features"}).by == "features"


def test_nothing_is_left_on_the_model(lenet: nn.Module, digits: Image.Image) -> None:
    """
    No hook stays, and each part is in the mode it was in.
    """
    model = zoo.build("lenet5-mnist").train()

    zoo.predict(model, digits, windows={"by": "features"})

    assert not any(part._forward_hooks for part in model.modules())
    assert all(part.training for part in model.modules())


def test_an_unsure_window_votes_for_nothing() -> None:
    """
    Where all are unsure, nothing is found.
    """
    found = zoo.predict(small(), noise(64, 32), windows={"threshold": 1.0})

    assert (found.objects, found.votes, str(found)) == ((), {}, "nothing found")


def test_only_the_labels_asked_for(lenet: nn.Module, digits: Image.Image) -> None:
    """
    Their scores are what they are among all labels.
    """
    found = zoo.predict(lenet, digits, windows={"labels": ["7"]})

    assert found.labels == ("7",)
    assert set(found.votes) == {"7"}


def test_a_window_with_several_labels() -> None:
    """
    A model that judges each label by itself votes for each that holds.
    """
    model = small(function_to_apply="sigmoid", multi_label=True)
    whole = zoo.predict(model, noise(32, 32))

    found = zoo.predict(model, noise(32, 32), windows=True)

    assert 1 < len(whole.labels) < 5
    assert set(found.labels) == set(whole.labels)
    assert found.windows == 1


def test_several_sizes_and_several_pictures(
    lenet: nn.Module, digits: Image.Image
) -> None:
    """
    Windows of all sizes vote together; a list gives a list.
    """
    over = Windows(size=(28, 14), stride=14)

    found = zoo.predict(lenet, [digits, GROUND], windows=over)

    assert [one.windows for one in found] == [5 + 12, 3 + 8]
    assert [one.size for one in found] == [(84, 28), (56, 28)]


def test_a_small_model_in_half_precision(lenet: nn.Module, digits: Image.Image) -> None:
    """
    Windows follow the type of the weights.
    """
    found = zoo.predict(
        zoo.load("lenet5-mnist", dtype=torch.bfloat16), digits, windows=True
    )

    assert {"7", "1"} <= set(found.labels)


def test_windows_on_the_wrong_ground() -> None:
    """
    A doubt about the picture is told as without windows, and the remedy works.
    """
    model = zoo.load("lenet5-mnist")

    with pytest.warns(UserWarning, match="The background is light") as told:
        zoo.predict(model, PAPER, windows=True)

    assert told[0].filename == __file__
    inverted = zoo.predict(model, PAPER, windows=True, invert=True)
    assert inverted == zoo.predict(model, GROUND, windows=True)


# What can't be meant


@pytest.mark.parametrize(
    ("windows", "problem"),
    [
        ({"strid": 4}, "windows has no option 'strid'. Did you mean 'stride'?"),
        ({"colour": 4}, "windows has no option 'colour'."),
        (28, "windows=28 should be True or a dict of its options."),
        ({"stride": 0}, "windows stride=0 should be pixels, 1 or more."),
        ({"size": 1.5}, "windows size=1.5 should be pixels, 1 or more."),
        ({"size": ()}, "windows size=() should be pixels, 1 or more."),
        ({"size": "28"}, "windows size='28' should be pixels, 1 or more."),
        ({"by": "hand"}, "windows by='hand' should be 'pixels' or 'features'."),
        ({"threshold": 50}, "windows threshold=50 should be in 0..1."),
        ({"overlap": "1"}, "windows overlap='1' should be in 0..1."),
        ({"labels": "7"}, "windows labels='7' should be a list of names."),
        ({"labels": []}, "windows labels=[] should be a list of names."),
        ({"labels": ["seven"]}, "it has no label 'seven'."),
        (
            {"size": 40},
            "windows of 40x40 pixels don't fit into a picture of 56x28: choose a "
            "smaller size.",
        ),
        ({"stride": 29}, "windows of size=28 leave gaps at stride=29."),
        (
            {"size": 2, "stride": 1, "by": "pixels"},
            "stride=1 makes 1,485 windows of size=2, and at most 1,000 are looked at: "
            "choose a larger stride, or size.",
        ),
    ],
)
def test_windows_that_cant_be_meant(
    lenet: nn.Module,
    monkeypatch: pytest.MonkeyPatch,
    windows: Any,
    problem: str,
) -> None:
    """
    The message says which option is wrong, and which there are.
    """
    monkeypatch.setattr("zoo.inference.window_grid.MAX_WINDOWS", 1000)

    assert refused(lenet, GROUND, windows) == (
        f"Model 'lenet5-mnist': {problem} {KNOWN}"
    )


def test_a_task_without_windows() -> None:
    """
    A table has none; nor does a picture that is prepared already.
    """
    with pytest.raises(InputError) as prepared:
        zoo.predict("lenet5-mnist", torch.zeros(1, 28, 28), windows=True)

    assert refused(zoo.load("perceptron-iris"), [5.0, 1.4], True) == (
        "Model 'perceptron-iris': zoo.predict has no option 'windows'. Options: "
        "batch_size."
    )
    assert prepared.value.problem == (
        "Windows slide over a picture, not over prepared pixels."
    )


def test_windows_that_are_not_wanted() -> None:
    """
    False and None mean the whole input, for any task.
    """
    for none in (None, False):
        assert zoo.predict("perceptron-iris", [5.0, 1.4], windows=none).label


# What is shown


def test_detections_print_and_convert() -> None:
    """
    One line of what is where, and plain JSON with the Hub's names.
    """
    assert str(FOUND) == (
        "cat (90.00%) at 0, 0 to 200, 300; <b> (60.00%) at 200, 0 to 400, 300"
    )
    assert json.loads(json.dumps(FOUND.to_dict())) == {
        "objects": [
            {
                "label": "cat",
                "score": 0.9,
                "box": {"xmin": 0, "ymin": 0, "xmax": 200, "ymax": 300},
            },
            {
                "label": "<b>",
                "score": 0.6,
                "box": {"xmin": 200, "ymin": 0, "xmax": 400, "ymax": 300},
            },
        ],
        "size": [400, 300],
        "windows": 9,
        "votes": {"cat": 3, "<b>": 1},
        "by": "pixels",
    }


def test_detections_are_drawn() -> None:
    """
    Each label has a colour of its own, its frames lie inside their boxes, and what is
    kept of the picture stays as it was.
    """
    drawn = FOUND.render()

    assert drawn is not None
    assert drawn.size == (400, 300)
    corners = [drawn.getpixel(place) for place in ((199, 299), (200, 299), (100, 150))]
    assert corners == [(0x44, 0x77, 0xAA), (0xCC, 0x66, 0x77), (0, 0, 0)]
    assert FOUND.picture is not None
    assert FOUND.picture.getextrema() == (0, 0)
    assert replace(FOUND, picture=None).render() is None


def test_a_smaller_copy_is_drawn_to_scale() -> None:
    """
    Boxes count in the picture's own pixels, whatever is kept of it.
    """
    small = replace(FOUND, picture=Image.new("L", (40, 30)))

    drawn = small.render()

    assert drawn is not None
    assert [drawn.getpixel((x, 29)) for x in (19, 20)] == [
        (0x44, 0x77, 0xAA),
        (0xCC, 0x66, 0x77),
    ]


def test_detections_in_a_notebook() -> None:
    """
    The picture with its boxes, and labels that can't bring a tag into the page.
    """
    shown = FOUND._repr_html_()

    assert "data:image/jpeg;base64," in shown
    assert "&lt;b&gt; (60.00%) at" in shown
    assert "<b>" not in shown


# At the command line


@pytest.fixture
def photo(tmp_path: Path, digits: Image.Image) -> str:
    digits.save(tmp_path / "digits.png")
    return str(tmp_path / "digits.png")


def test_the_command(photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    """
    `zoo predict --windows` shows the picture, and beside it each thing found.
    """
    saved = Path(photo).with_name("boxes.png")

    options = f"--windows --threshold 0.99 --stride 4 --save {saved}".split()

    status = main(["predict", "lenet5-mnist", photo, *options])

    said = capsys.readouterr().out
    assert status == 0
    assert "1 (100.00%) at 56, 0 to 84, 28" in said
    assert "7 (100.00%) at 0, 0 to 28, 28" in said
    assert "15 windows of features" in said
    with Image.open(saved) as drawn:
        assert drawn.size == (84, 28)


def test_the_command_as_json(photo: str, capsys: pytest.CaptureFixture[str]) -> None:
    """
    What `.to_dict()` gives, and every option reaches the windows.
    """
    how = "--windows --by pixels --size 28 --size 14 --stride 14 --overlap 0"
    options = f"{how} --label 7 --label 1 --json".split()

    status = main(["predict", "lenet5-mnist", photo, *options])

    found = json.loads(capsys.readouterr().out)
    assert status == 0
    assert (found["windows"], found["by"]) == (17, "pixels")
    assert set(found["votes"]) <= {"7", "1"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--stride", "4"], "--stride needs --windows."),
        (["--label", "7"], "--label needs --windows."),
        (
            ["--save", "x.png"],
            "--save needs --windows, or a model for segmentation, detection, reading, "
            "translation or super-resolution.",
        ),
        (
            ["other.png", "--windows", "--save", "x.png"],
            "--save takes one input",
        ),
        (
            ["--windows", "--save", "x.what"],
            "'x.what' has no image file extension, such",
        ),
    ],
)
def test_a_wrong_call(
    photo: str,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    problem: str,
) -> None:
    """
    Options that need another one, or another value, are told by name.
    """
    assert main(["predict", "lenet5-mnist", photo, *arguments]) == 2
    assert problem in capsys.readouterr().err
    assert not Path("x.what").exists()
