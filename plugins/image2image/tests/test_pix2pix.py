"""What only pix2pix promises; the rest is in zoo.testing."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from zoo_image2image import FACADE_COLORS
from zoo_image2image.label_reader import labels_of, mean_iou, train_reader
from zoo_image2image.pix2pix import UNet, pix2pix
from zoo_image2image.pix2pix_recipe import (
    Settings,
    data,
    discriminator_loss,
    generator_loss,
    mean_absolute_error,
    moved,
    train,
)
from zoo_image2image.pix2pix_report import label_colors

import zoo
from zoo import Run
from zoo.errors import InputError
from zoo.recipes import TensorRows

NAME = "pix2pix-facades"
SPEC = zoo.get_spec(NAME)


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def maps(*names: str, side: int = 8) -> Tensor:
    """Return label maps of one label each, as bytes, (B, 3, side, side)."""
    colors = {one.label: one.color for one in FACADE_COLORS}
    found = torch.tensor([colors[name] for name in names], dtype=torch.uint8)
    return found[:, :, None, None].repeat(1, 1, side, side)


class PairScores(nn.Module):
    """A discriminator whose score is the label's first number plus the photograph's."""

    def forward(self, pair: Tensor) -> Tensor:
        return pair[:, :1, :1, :1] + pair[:, 3:4, :1, :1]


def filled(*values: float) -> Tensor:
    return torch.tensor(values)[:, None, None, None].expand(-1, 3, 2, 2).clone()


def softplus(value: float) -> float:
    return math.log1p(math.exp(value))


def test_the_courses_size_is_an_option() -> None:
    """
    Eight steps and a width of 64 for 256x256, counted by hand.
    """
    widths = [64, 128, 256, 512, 512, 512, 512, 512]
    encoder = sum(16 * a * b + b for a, b in zip([3, *widths], widths, strict=False))
    outer = [
        16 * 2 * a * b + b for b, a in zip([3, *widths], widths[:-1], strict=False)
    ]
    innermost = 16 * 512 * 512 + 512

    assert count(zoo.build(NAME, width=64, depth=8, max_width=512)) == (
        encoder + sum(outer) + innermost
    )


def test_photographs_have_the_size_of_their_maps_and_the_range() -> None:
    """
    Both sides are multiples of two to the power of the depth; the output is in -1..1.
    """
    model = pix2pix(width=4, depth=3, max_width=8).eval()
    made = model(torch.rand(2, 3, 24, 40))

    assert made.shape == (2, 3, 24, 40)
    assert made.abs().max() <= 1


def test_each_pixel_sees_its_own_place_in_the_map() -> None:
    """
    Through the outermost skip, also where everything further inside is cut.
    """
    model = pix2pix(width=4, depth=3, max_width=8).eval()
    for step in model.decoder:
        for part in step.modules():
            if isinstance(part, nn.ConvTranspose2d):
                nn.init.zeros_(part.weight)
    image = torch.zeros(1, 3, 16, 16)
    changed = image.clone()
    changed[..., 4:8, 4:8] = 1
    difference = (model(image) - model(changed)).abs().sum(dim=1)[0]

    assert difference[4:8, 4:8].max() > 0
    assert difference[12:, 12:].max() == 0


def test_dropout_is_the_noise_and_is_off_in_evaluation() -> None:
    """
    In training mode two outputs of a map differ; in evaluation mode they are equal.
    """
    model, image = pix2pix(width=4, depth=4, max_width=8), torch.rand(1, 3, 32, 32)

    assert not torch.equal(model(image), model(image))
    model.eval()
    assert torch.equal(model(image), model(image))


def test_the_innermost_features_may_be_one_pixel() -> None:
    """
    As at the course's size, in training too: they are not normalized.
    """
    model = UNet(width=4, depth=4, max_width=8)

    assert model(torch.rand(1, 3, 16, 16)).isfinite().all()


def test_the_losses_are_those_of_a_conditional_gan() -> None:
    """
    Of pairs: half of -log D(x, y) - log(1 - D(x, G(x))), and -log D(x, G(x)).
    """
    label, real, fake = filled(0.5, -1.0), filled(1.0, 0.0), filled(-0.5, 2.0)
    on_real = (softplus(-1.5) + softplus(1.0)) / 2
    on_fake = (softplus(0.0) + softplus(1.0)) / 2
    of_generator = (softplus(0.0) + softplus(-1.0)) / 2
    d_loss = discriminator_loss(PairScores(), label, real, fake).item()

    assert d_loss == pytest.approx((on_real + on_fake) / 2)
    assert generator_loss(PairScores(), label, fake).item() == pytest.approx(
        of_generator
    )


def test_both_sides_of_a_pair_are_moved_alike() -> None:
    """
    By up to as many pixels as the setting says, and mirrored together.
    """
    label = torch.rand(2, 3, 12, 12)
    random, seen = torch.Generator().manual_seed(0), set()
    for _ in range(40):
        one, other = moved(label, -label, 2, random)
        assert torch.equal(one, -other)
        seen.add(one[0, 0, 5, 5].item())

    assert len(seen) > 15
    near = {*label[0, 0, 3:8, 3:9].flatten().tolist()}
    assert seen <= near


def test_the_colors_of_labels_are_those_of_their_pixels() -> None:
    """
    The mean and the median over photographs; of a label that none has, grey.
    """
    given = maps("background", "window", "window", "window", side=2)
    target = torch.zeros(4, 3, 2, 2, dtype=torch.uint8)
    target[0], target[1], target[2], target[3] = 255, 51, 51, 255
    rows = TensorRows(input=given, target=target, source="drawn")
    mean, median = (label_colors(rows, SPEC.input, one) for one in ("mean", "median"))

    assert mean[0].tolist() == median[0].tolist() == [1, 1, 1]
    assert mean[2].tolist() == pytest.approx([(0.2 + 0.2 + 1) / 3] * 3)
    assert median[2].tolist() == pytest.approx([0.2] * 3)
    assert mean[1].tolist() == [0.5] * 3


def test_maps_are_read_as_the_numbers_of_their_labels() -> None:
    """
    In the order of the spec.
    """
    names = [one.label for one in FACADE_COLORS]
    label = labels_of(maps(*names, side=1), SPEC.input)

    assert label.flatten().tolist() == list(range(12))


def test_the_reader_reads_labels_that_can_be_seen() -> None:
    """
    Where windows are dark and walls are bright, it learns which is which, and what it
    reads in photographs without windows is worse.
    """
    colors = {one.label: torch.tensor(one.color) for one in FACADE_COLORS}
    given = torch.zeros(8, 3, 32, 32, dtype=torch.uint8)
    given[:] = colors["facade"].byte()[:, None, None]
    target = torch.full_like(given, 200)
    for number in range(8):
        place = slice(8 * (number % 4), 8 * (number % 4) + 8)
        given[number, :, place, place] = colors["window"].byte()[:, None, None]
        target[number, :, place, place] = 30
    rows = TensorRows(input=given, target=target, source="drawn")
    reader = train_reader(rows, SPEC.input, epochs=40)
    label = labels_of(given, SPEC.input)
    blank = torch.full((8, 3, 32, 32), 200 / 255)

    assert mean_iou(reader, target.float() / 255, label) > 0.7
    assert mean_iou(reader, blank, label) < 0.5


def test_the_error_is_of_pixels_from_zero_to_one() -> None:
    """
    A model that always answers black is as far from white as can be.
    """

    class Black(nn.Module):
        def forward(self, image: Tensor) -> Tensor:
            return -torch.ones_like(image)

    model = Black()
    model.zoo = zoo.build(NAME).zoo
    rows = TensorRows(
        input=maps("window"),
        target=torch.full((1, 3, 8, 8), 255, dtype=torch.uint8),
        source="drawn",
    )

    assert mean_absolute_error(model, rows) == pytest.approx(1)


def test_the_same_seed_trains_the_same_model() -> None:
    """
    To the bit, dropout and moved pairs included.
    """
    trained = []
    for _ in range(2):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            run = Run(SPEC, smoke=True)
            settings = Settings(epochs=1, d_width=4, batch_size=4)
            trained.append(train(settings, run).state_dict())
        assert run.history[0]["mae"] > 0

    assert all(torch.equal(trained[0][name], trained[1][name]) for name in trained[0])


def test_a_smoke_run_has_pairs() -> None:
    """
    With the data or without.
    """
    rows = data(Run(SPEC, smoke=True), "train")

    assert rows.input.shape == rows.target.shape == (8, 3, 128, 128)
    assert rows.input.dtype == rows.target.dtype == torch.uint8


def test_a_photograph_is_refused() -> None:
    """
    Its colours are those of no label, and the error names them all.
    """
    grey = Image.new("RGB", (64, 64), (120, 130, 140))
    with pytest.raises(InputError) as told:
        zoo.predict(zoo.build(NAME).eval(), grey)

    assert (
        "The picture is no label map: 100% of its pixels have the colour of no label, "
        "such as (120, 130, 140). The model expects a label map, which has these "
        "colours alone: background (0, 0, 222), facade (0, 48, 255), window "
        "(0, 128, 255)"
    ) in str(told.value)


@pytest.mark.parametrize("size", [(8, 400), (400, 8), (1, 1), (300, 200)])
def test_a_map_of_any_size_becomes_a_photograph_of_128(size: tuple[int, int]) -> None:
    """
    The middle of a long one is taken; transparency that hides nothing is no harm.
    """
    drawn = Image.new("RGBA", size, (*FACADE_COLORS[1].color, 255))
    answer = zoo.predict(zoo.build(NAME).eval(), drawn)

    assert answer.image.size == (128, 128)
    assert answer.image.mode == "RGB"


def test_the_drawn_maps_have_the_labels_colors_alone() -> None:
    """
    As they ship with the model; together they show most labels.
    """
    known = {one.color for one in FACADE_COLORS}
    found = set()
    for name in SPEC.examples:
        with Image.open(zoo.example(NAME).with_name(name)) as picture:
            found |= {tuple(one) for one in np.array(picture).reshape(-1, 3).tolist()}

    assert found <= known
    assert len(found) >= 11
