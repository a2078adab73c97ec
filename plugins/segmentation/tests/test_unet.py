"""What only the U-Nets promise; the rest is in zoo.testing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional
from zoo_segmentation.augmentation import Augmentation, augment
from zoo_segmentation.losses import bce_dice_loss
from zoo_segmentation.report import (
    best_threshold,
    fit_color_classifier,
    mean_mask,
)
from zoo_segmentation.unet import unet
from zoo_segmentation.unet_efficientnet import Encoder, unet_efficientnet_lite0
from zoo_timm.models import efficientnet_lite0

import zoo
from zoo.cli import main
from zoo.datasets.in_memory import TensorRows
from zoo.preprocessing.image import image_to_tensor, open_image

NAMES = ("unet-pet", "unet-efficientnet-lite0-pet")
SHIPPED = [name for name in NAMES if zoo.get_spec(name).weights]
STILL = Augmentation(
    min_area=1.0,
    max_area=1.0,
    max_aspect_ratio=1.0,
    rotation_degrees=0.0,
    brightness_contrast_std=0.0,
    channel_shift_std=0.0,
)


def spots(rows: int = 8, side: int = 32) -> tuple[Tensor, Tensor]:
    """Return pictures with a bright spot each, and masks of the spots."""
    mask = torch.zeros(rows, side, side, dtype=torch.uint8)
    for row in range(rows):
        mask[row, 4 + row : 14 + row, 8:20] = 1
    return mask[:, None].expand(-1, 3, -1, -1).float(), mask


def overlap(one: Any, other: Any) -> float:
    return float((one & other).sum() / (one | other).sum())


def found(name: str, picture: Any) -> Any:
    return np.asarray(zoo.predict(name, picture).mask) == 1


def cat() -> Image.Image:
    with Image.open(zoo.example("unet-pet")) as picture:
        return picture.convert("RGB")


# The architectures


def test_the_courses_size_is_the_courses() -> None:
    """
    Widths from 64 to 1,024, without normalisation: 23,371,265 parameters.
    """
    model = zoo.build("unet-pet", base_channels=64, batch_norm=False)

    assert sum(p.numel() for p in model.parameters()) == 23_371_265


@pytest.mark.parametrize("size", [(32, 48), (128, 128), (16, 16)])
def test_an_answer_is_as_large_as_its_picture(size: tuple[int, int]) -> None:
    """
    Whatever its shape, where four halvings divide it.
    """
    model = unet(base_channels=2, classes=3).eval()

    assert model(torch.zeros(2, 3, *size)).shape == (2, 3, *size)


def test_it_computes_what_the_paper_says() -> None:
    """
    The same numbers come out of two plain convolutions at each of nine levels, pooling
    between them on the contracting path, and on the expanding path the skip connection
    first.
    """
    torch.manual_seed(0)
    model, image = (
        unet(base_channels=2, batch_norm=False).eval(),
        torch.rand(2, 3, 32, 32),
    )
    held = model.state_dict()

    def twice(known: Tensor, where: str) -> Tensor:
        for part in "01":
            weight, bias = (held[f"{where}.{part}.0.{n}"] for n in ("weight", "bias"))
            known = functional.conv2d(known, weight, bias, padding=1).relu()
        return known

    known, beside = image, []
    for level in range(4):
        known = twice(known, f"down.{level}")
        beside.append(known)
        known = functional.max_pool2d(known, 2)
    known = twice(known, "bottleneck")
    for level in range(4):
        grown = functional.conv_transpose2d(
            known,
            held[f"up.{level}.upsample.weight"],
            held[f"up.{level}.upsample.bias"],
            stride=2,
        )
        known = twice(torch.cat([beside.pop(), grown], dim=1), f"up.{level}.conv")
    wanted = functional.conv2d(known, held["head.weight"], held["head.bias"])

    assert torch.allclose(model(image), wanted, atol=1e-5)


def test_the_encoder_is_timms() -> None:
    """
    With the shipped ImageNet weights, features at five sizes are those of timm's own
    features_only model, bit for bit.
    """
    held = zoo.load("efficientnet-lite0").state_dict()
    encoder = Encoder(efficientnet_lite0()).eval()
    encoder.load_state_dict({name: held[name] for name in encoder.state_dict()})
    theirs = timm.create_model("tf_efficientnet_lite0", features_only=True).eval()
    theirs.load_state_dict({name: held[name] for name in theirs.state_dict()})
    image = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        pairs = list(zip(encoder(image), theirs(image), strict=True))

    assert len(pairs) == 5
    assert all(torch.equal(one, other) for one, other in pairs)


def test_the_encoder_stays_in_eval_mode() -> None:
    """
    Its normalizations keep the statistics of ImageNet while the decoder trains.
    """
    model = unet_efficientnet_lite0(width=2).train()
    before = model.encoder.bn1.running_mean.clone()
    model(torch.rand(2, 3, 64, 64))

    assert model.training
    assert model.decoder.training
    assert torch.equal(model.encoder.bn1.running_mean, before)


# Training


def test_masks_are_augmented_with_the_image() -> None:
    """
    The spot is under its mask wherever both are brought: mirrored, turned, cut.
    """
    image, mask = spots()
    settings = Augmentation(brightness_contrast_std=0.0, channel_shift_std=0.0)
    random = torch.Generator().manual_seed(0)
    for _ in range(5):
        seen, other = augment(image, mask, settings, random)

        assert overlap((seen[:, 0] > 0.5), other.bool()) > 0.9
        assert other.dtype == torch.uint8
        assert not torch.equal(other, mask)


def test_an_augmentation_of_nothing_flips_or_not() -> None:
    """
    With all ranges at zero only the flip is left, and it flips the mask too.
    """
    image, mask = spots()
    seen, other = augment(image, mask, STILL, torch.Generator().manual_seed(0))
    mirrored = [
        torch.equal(one, two.flip(-1)) for one, two in zip(other, mask, strict=True)
    ]

    assert 0 < sum(mirrored) < len(mirrored)
    assert torch.allclose(seen[:, 0], other.float(), atol=1e-4)


def test_colors_change_in_the_image_alone() -> None:
    """
    A darker image has the mask it had.
    """
    image, mask = spots()
    dark = replace(STILL, brightness_contrast_std=0.5, channel_shift_std=0.5)
    one, same = augment(image, mask, STILL, torch.Generator().manual_seed(0))
    other, again = augment(image, mask, dark, torch.Generator().manual_seed(0))

    assert torch.equal(same, again)
    assert not torch.allclose(one, other, atol=0.1)


def test_the_loss_falls_as_masks_overlap() -> None:
    """
    It is near zero for the mask itself, and highest for its opposite.
    """
    _, mask = spots()
    sure = 20 * (2 * mask.float() - 1)[:, None]
    costs = [bce_dice_loss(logits, mask).item() for logits in (sure, 0 * sure, -sure)]

    assert costs[0] < 1e-3
    assert costs == sorted(costs)


# What stands beside


def rows() -> TensorRows:
    image, mask = spots()
    return TensorRows(
        input=image.mul(255).byte(), target=mask, source="spots/train", fingerprint=""
    )


def test_the_threshold_is_the_one_with_the_best_overlap() -> None:
    """
    Anything else finds too much or too little.
    """
    probability = torch.tensor([[0.1, 0.3, 0.62, 0.9]])
    target = torch.tensor([[0, 0, 1, 1]])

    assert 0.3 <= best_threshold(probability, target) < 0.62


def test_the_mean_mask_is_where_spots_often_are() -> None:
    """
    One mask for all, in the middle of where they were.
    """
    mean = mean_mask(rows())

    assert mean.shape == (32, 32)
    assert mean[14, 14]
    assert not mean[2, 2]


def test_a_linear_classifier_of_color_finds_bright_spots() -> None:
    """
    Spots that are brighter than all else are found whole.
    """
    held = rows()

    found = fit_color_classifier(held)(held.input)
    assert overlap(found, held.target.bool()) > 0.99


# The shipped models


@pytest.mark.parametrize("name", SHIPPED)
def test_the_cat_is_found_and_the_coffee_is_none(name: str) -> None:
    """
    The cat fills the middle of its photograph; of the cup little is taken for a pet.
    """
    path = zoo.example(name)
    mask = found(name, path)
    height, width = mask.shape

    with Image.open(path) as photo:
        assert (width, height) == photo.size
    assert mask[height // 2, width // 2]
    assert 0.3 < mask.mean() < 0.9
    assert found(name, path.with_name("coffee.jpg")).mean() < 0.4


@pytest.mark.parametrize("name", SHIPPED)
def test_a_mirrored_photograph_has_the_mirrored_mask(name: str) -> None:
    """
    Nearly: a convolution may prefer a side, and the training showed it both.
    """
    photo = cat()
    mirrored = found(name, photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT))

    assert overlap(mirrored[:, ::-1], found(name, photo)) > 0.85


@pytest.mark.parametrize("name", SHIPPED)
def test_a_moved_photograph_has_the_moved_mask(name: str) -> None:
    """
    A part of the photograph that begins further right and lower gives the same part of
    the mask, nearly.
    """
    photo, mask = cat(), found(name, cat())
    moved_by = (40, 24)
    part = photo.crop((*moved_by, *photo.size))

    assert overlap(found(name, part), mask[moved_by[1] :, moved_by[0] :]) > 0.85


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("size", [(451, 300), (123, 457), (97, 101)])
def test_a_mask_has_the_size_and_the_place_of_the_photograph(
    name: str, size: tuple[int, int]
) -> None:
    """
    Photographs of odd sizes, in part of which the cat is: there its mask is.
    """
    photo = Image.new("RGB", size, (120, 130, 140))
    small = cat().resize((size[0], size[1] // 2))
    photo.paste(small, (0, size[1] - small.height))
    mask = found(name, photo)

    assert mask.shape == size[::-1]
    assert mask[size[1] // 2 :].mean() > 4 * mask[: size[1] // 2].mean()


@pytest.mark.parametrize("name", SHIPPED)
def test_odd_input_is_answered(name: str) -> None:
    """
    Grey, one pixel, a long strip, transparency.
    """
    for picture in (
        cat().convert("L"),
        Image.new("RGB", (1, 1)),
        Image.new("RGB", (900, 3)),
        cat().convert("RGBA"),
    ):
        assert zoo.predict(name, picture).mask.size == picture.size


@pytest.mark.parametrize("name", SHIPPED)
def test_the_overlay_is_saved(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    zoo predict --save writes the photograph, the cat coloured.
    """
    saved = tmp_path / "mask.png"
    status = main(["predict", name, "--example", "--save", str(saved)])

    assert status == 0
    assert "pet" in capsys.readouterr().out
    with Image.open(saved) as drawn:
        assert drawn.size == cat().size


@pytest.mark.parametrize("name", [name for name in SHIPPED if "efficientnet" in name])
def test_the_parent_is_the_network_that_knows_imagenet(name: str) -> None:
    """
    Its name and the hash of its weights are kept with the model.
    """
    model: Any = zoo.load(name)

    assert model.zoo.parent == {
        "name": "efficientnet-lite0",
        "sha256": zoo.get_spec("efficientnet-lite0").weights.sha256,
    }


def test_no_photograph_of_a_pet_is_passed_on() -> None:
    """
    The golden's input is the cat and the coffee, which are in the public domain.
    """
    from zoo.artifacts import checkpoint_folder as checkpoints
    from zoo.artifacts import weight_store as store
    from zoo.models import safetensors_io as weights

    for name in SHIPPED:
        spec = zoo.get_spec(name)
        golden = weights.tensors(store.shipped_checkpoint(spec) / checkpoints.GOLDEN)
        expected = checkpoints.read_config(store.shipped_checkpoint(spec)).input
        folder = zoo.example(name).parent
        ours = [
            image_to_tensor(open_image(folder / n, expected), expected)
            for n in spec.examples
        ]

        assert torch.allclose(golden["input"], torch.stack(ours), atol=1e-6)
