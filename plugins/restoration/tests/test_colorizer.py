"""What only the colorizer promises; the rest is in zoo.testing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import cross_entropy
from zoo_restoration import flowers
from zoo_restoration.colorizer import (
    AB_RANGE,
    colorizer,
    grey_lightness,
    lab_to_rgb,
    working_size,
)
from zoo_restoration.colorizer_recipe import (
    ColorsAndKind,
    cropped,
    in_lab,
    joint_loss,
)
from zoo_restoration.colorizer_report import colored, mean_colors

import zoo
from zoo.cli import main
from zoo.datasets.in_memory import TensorRows
from zoo.recipes.images import rgb_to_lab

NAME = "colorize-iizuka"
SPEC = zoo.get_spec(NAME)


def photograph() -> Image.Image:
    with Image.open(zoo.example(NAME)) as picture:
        return picture.convert("RGB")


def rows(count: int = 3) -> TensorRows:
    """Return random photographs of 72x72, in grey and in colour."""
    random = np.random.default_rng(0)
    color = [
        Image.fromarray(random.integers(0, 256, (72, 72, 3), np.uint8))
        for _ in range(count)
    ]
    grey = np.stack([np.asarray(one.convert("L")) for one in color])
    return TensorRows(
        input=torch.from_numpy(grey)[:, None],
        target=torch.from_numpy(np.stack([np.asarray(one) for one in color])).permute(
            0, 3, 1, 2
        ),
        source="random",
    )


def test_the_courses_size_is_the_courses() -> None:
    """
    At the paper's width, with transposed convolutions and pictures of 256 pixels.
    """
    with torch.device("meta"):
        model = colorizer(width=64, side=256, transposed=True)

    assert sum(one.numel() for one in model.parameters()) == 51_040_098


def test_a_picture_comes_back_from_lab() -> None:
    """
    The two directions are written down apart, with a matrix each.
    """
    rgb = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(0))

    assert (lab_to_rgb(rgb_to_lab(rgb)) - rgb).abs().max() < 1e-5


def test_grey_has_the_lightness_of_lab() -> None:
    """
    Of every level, in the straight part of the curve and above it.
    """
    grey = torch.arange(256).div(255).view(1, 1, 1, 256)
    expected = rgb_to_lab(grey.expand(1, 3, 1, 256))[:, :1]

    assert torch.allclose(grey_lightness(grey), expected, atol=1e-4)


def test_what_no_screen_shows_is_cut_off() -> None:
    """
    A green that is too strong has no red and no blue, and one that is too light all the
    green there is.
    """
    lab = torch.tensor([[50.0, -200.0, 200.0], [100.0, -200.0, 200.0]])
    dark, light = lab_to_rgb(lab[..., None, None]).flatten(start_dim=1).tolist()

    assert (dark[0], dark[2]) == (0, 0)
    assert 0.5 < dark[1] < 1
    assert light == pytest.approx([0, 1, 0])


def test_a_fresh_model_keeps_the_lightness() -> None:
    """
    At the full size of the picture: only the colours are those of a smaller copy.
    """
    torch.manual_seed(0)
    model = colorizer().eval()
    nn.init.zeros_(model.decoder[-1].bias)
    nn.init.normal_(model.decoder[-1].weight, std=1e-3)
    grey = torch.rand(1, 1, 90, 130) * 0.6 + 0.2
    with torch.inference_mode():
        lab = rgb_to_lab(model(grey))

    assert lab.shape == (1, 3, 90, 130)
    assert (lab[:, :1] - grey_lightness(grey)).abs().max() < 0.01


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [(72, 72, (64, 64)), (600, 900, (64, 96)), (90, 30, (192, 64)), (1, 1, (64, 64))],
)
def test_the_copy_keeps_the_aspect(
    height: int, width: int, size: tuple[int, int]
) -> None:
    """
    Its shorter side is that of training, and 8 divides both.
    """
    assert working_size(height, width, 64) == size


def test_global_features_see_the_whole_of_any_picture() -> None:
    """
    Their number does not depend on its size, and a change far away changes the colours
    at a place.
    """
    torch.manual_seed(0)
    model = colorizer().eval()
    wide = torch.rand(1, 1, 64, 320)
    other = wide.clone()
    other[..., 200:] = 0
    with torch.inference_mode():
        first, features = model.colors(100 * wide)
        second, _ = model.colors(100 * other)

    assert features.shape == (1, model.global_width)
    assert not torch.equal(first[..., :10], second[..., :10])


def test_the_loss_is_that_of_the_paper() -> None:
    """
    The squared error of colours in units of their range, and the cross-entropy.
    """
    ab = torch.full((2, 2, 4, 4), AB_RANGE)
    expected = torch.zeros(2, 2, 8, 8)
    logits, kind = torch.tensor([[0.0, 3.0], [1.0, 0.0]]), torch.tensor([1, 1])

    loss = joint_loss(ab, expected, logits, kind, 0.5)
    assert loss.item() == pytest.approx(1 + 0.5 * cross_entropy(logits, kind).item())


def test_the_kind_is_learned_from_the_global_features_alone() -> None:
    """
    The layer that names it is no part of the model.
    """
    model = colorizer()
    network = ColorsAndKind(model, 5)
    ab, logits = network(torch.rand(2, 1, 64, 64))

    assert ab.shape == (2, 2, 32, 32)
    assert logits.shape == (2, 5)
    assert not any("kind" in name for name in model.state_dict())


def test_lightness_and_colors_are_cut_alike() -> None:
    """
    One square for all channels of a batch, of the size that the model learns at.
    """
    place = torch.arange(72.0).expand(2, 3, 72, 72)
    generator, widths, mirrored = torch.Generator().manual_seed(0), set(), set()
    for _ in range(30):
        cut = cropped(place, 64, 0.75, generator)
        assert cut.shape == (2, 3, 64, 64)
        assert torch.equal(cut[:, 0], cut[:, 2])
        line = cut[0, 0, 0]
        widths.add(round(float((line[-1] - line[0]).abs())))
        mirrored.add(bool(line[0] > line[-1]))

    assert mirrored == {True, False}
    assert min(widths) >= 0.75 * 72 - 3
    assert max(widths) <= 71


def test_rows_in_lab_have_the_lightness_of_the_grey_pictures() -> None:
    """
    The network is shown what `zoo.predict` shows it, not the lightness of the colours.
    """
    given = rows()
    made = in_lab(given, torch.tensor([0, 1, 2]))

    assert torch.allclose(made.input[:, :1], grey_lightness(given.input / 255))
    assert torch.allclose(made.input[:, 1:], rgb_to_lab(given.target / 255)[:, 1:])
    assert made.target.tolist() == [0, 1, 2]


def test_mean_colors_are_those_of_their_lightness() -> None:
    """
    By a loop over the levels; a level that no pixel has is grey.
    """
    given = rows()
    table = mean_colors(given, 8)
    lab = in_lab(given, torch.zeros(3)).input
    for level in range(8):
        picked = (lab[:, 0] * 8 / 100).long().clamp(0, 7) == level
        mean = lab[:, 1:].movedim(1, -1)[picked].mean(dim=0)
        assert torch.allclose(table[level], mean.nan_to_num(), atol=1e-2)

    grey = colored(given.input, torch.zeros(1, 2))
    assert (grey - given.input.int()).abs().max() <= 1


def test_photographs_are_read_as_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The middle, in Pillow's grey and in colour; a larger one is made smaller.
    """
    wide = photograph().resize((108, 72))
    large = photograph().resize((200, 144))
    monkeypatch.setattr(
        flowers.datasets, "load_dataset", lambda *_: {"image": [wide, large]}
    )
    read = flowers.read_rows("f", "train", input_spec=SPEC.input, first=None)
    square = wide.crop((18, 0, 90, 72))

    assert read.input.shape == (2, 1, 72, 72)
    assert read.target.shape == (2, 3, 72, 72)
    assert np.array_equal(read.input[0, 0], np.asarray(square.convert("L")))
    assert np.array_equal(read.target[0].permute(1, 2, 0), np.asarray(square))


def test_the_command_saves_a_colored_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `zoo predict colorize-iizuka grey.jpg --save colour.png`: of the size that it had.
    """
    grey, color = tmp_path / "grey.jpg", tmp_path / "colour.png"
    photograph().convert("L").save(grey)
    main(["predict", NAME, str(grey), "--save", str(color)])

    assert "a colour picture, 288x192" in capsys.readouterr().out
    with Image.open(color) as saved:
        made = np.asarray(saved)
    assert made.shape == (192, 288, 3)
    assert np.ptp(made, axis=2).mean() > 5


def test_colors_of_the_input_are_ignored() -> None:
    """
    A picture and its grey copy give the same answer.
    """
    model = zoo.load(NAME)
    answers = zoo.predict(model, [photograph(), photograph().convert("L")])

    assert answers[0].image.tobytes() == answers[1].image.tobytes()


def test_colors_are_nearer_than_grey() -> None:
    """
    By the receipt, on photographs it has not seen: by 1.2 dB, and nearer than colours
    that ask for no look at the picture.
    """
    receipt = zoo.load(NAME).zoo.receipt
    reached = {m["name"]: m["value"] for m in receipt["metrics"]}["ab_psnr"]
    baselines = {name: one["ab_psnr"] for name, one in receipt["baselines"].items()}

    assert reached > baselines["grey"] + 1.2
    assert reached > baselines["mean colour"]
    assert reached > baselines["by lightness"]
