"""What only the network for flowers promises; the rest is in zoo.testing."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from zoo_cnn.flowers_cnn import flowers_cnn
from zoo_cnn.flowers_photographs import EXAMPLES
from zoo_cnn.flowers_recipe import Settings, augment
from zoo_cnn.flowers_report import (
    L2_GRID,
    color_histogram,
    gradient_histograms,
    linear_predictions,
)

import zoo
from zoo.artifacts import checkpoint_folder, weight_store
from zoo.recipes import TensorRows

NAME = "cnn-flowers"
STILL = Settings(
    min_area=1.0,
    max_area=1.0,
    max_aspect_ratio=1.0,
    rotation_degrees=0.0,
    brightness_contrast_std=0.0,
    channel_shift_std=0.0,
)


def as_the_course_has_it(side: int, *, batch_norm: bool) -> nn.Sequential:
    """The layers in the course's order, pooling behind ReLU."""
    layers: list[nn.Module] = []
    for given, made in ((3, 16), (16, 32), (32, 64)):
        norm = [nn.BatchNorm2d(made)] if batch_norm else []
        convolution = nn.Conv2d(given, made, 3, padding="same")
        layers += [convolution, *norm, nn.ReLU(), nn.MaxPool2d(2)]
    hidden = nn.Linear(64 * (side // 8) ** 2, 128)
    return nn.Sequential(*layers, nn.Flatten(), hidden, nn.ReLU(), nn.Linear(128, 5))


def copied(model: nn.Module, other: nn.Module) -> None:
    """Copy every tensor of `model` into `other`, in its order."""
    theirs = other.state_dict().values()
    for mine, tensor in zip(model.state_dict().values(), theirs, strict=True):
        tensor.copy_(mine)


def rows(input_: Tensor, target: Tensor) -> TensorRows:
    return TensorRows(input=input_, target=target, source="drawn")


# The architecture


def test_the_parameter_count_is_the_courses() -> None:
    """
    448 + 4,640 + 18,496 in the convolutions, and 3,965,056 + 645 in the linear layers.
    """
    counts = [p.numel() for p in flowers_cnn().parameters()]
    pairs = zip(counts[::2], counts[1::2], strict=True)

    assert [sum(pair) for pair in pairs] == [448, 4_640, 18_496, 3_965_056, 645]
    assert sum(counts) == 3_989_285


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("side", [32, 36])
def test_it_gives_the_logits_of_the_courses_layers(side: int, batch_norm: bool) -> None:
    """
    With the same weights, in training and in eval mode; also where pooling drops the
    last row of a map.
    """
    torch.manual_seed(0)
    model = flowers_cnn(side=side, batch_norm=batch_norm)
    other = as_the_course_has_it(side, batch_norm=batch_norm)
    copied(model, other)
    image = torch.randn(4, 3, side, side)

    assert torch.allclose(model(image), other(image), atol=1e-5)
    assert torch.allclose(model.eval()(image), other.eval()(image), atol=1e-5)


def test_the_trained_weights_give_the_logits_of_the_courses_layers() -> None:
    """
    The shipped weights are those of the course's layers with batch normalisation.
    """
    model, other = zoo.load(NAME), as_the_course_has_it(64, batch_norm=True)
    copied(model, other)
    image = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        assert torch.allclose(model(image), other.eval()(image), atol=1e-4)


def test_dropout_sets_inputs_of_the_linear_layers_to_zero_in_training_only() -> None:
    """
    With a probability of one nothing but the last bias is left.
    """
    model, image = flowers_cnn(side=16, dropout=1.0), torch.rand(2, 3, 16, 16)
    bias = model.classifier[-1].bias

    assert torch.allclose(model(image), bias.expand(2, 5))
    assert not torch.allclose(model.eval()(image), bias.expand(2, 5))


# The augmentation


def test_an_augmentation_of_nothing_flips_half_of_the_images() -> None:
    """
    With every range at zero an image is what it was, or its mirror image.
    """
    image = torch.rand(1, 3, 16, 16).expand(200, 3, 16, 16)
    found = augment(image, torch.Generator().manual_seed(0), STILL)
    same = (found - image).abs().amax(dim=(1, 2, 3)) < 1e-4
    mirrored = (found - image.flip(3)).abs().amax(dim=(1, 2, 3)) < 1e-4

    assert torch.all(same ^ mirrored)
    assert 70 < mirrored.sum() < 130


def test_a_crop_lies_inside_the_image() -> None:
    """
    Of an image that is its own coordinates, a crop shows a part of the range, as large
    as the share of the area says.
    """
    line = (torch.arange(64) + 0.5) / 64
    place = torch.stack(torch.meshgrid(line, line, indexing="ij"))
    image = torch.cat([place, torch.zeros(1, 64, 64)]).expand(100, 3, 64, 64)
    settings = Settings(
        min_area=0.4,
        max_area=0.4,
        rotation_degrees=0.0,
        brightness_contrast_std=0.0,
        channel_shift_std=0.0,
    )
    found = augment(image, torch.Generator().manual_seed(0), settings)[:, :2]
    lengths = found.amax(dim=(2, 3)) - found.amin(dim=(2, 3))
    area = (lengths * 64 / 63).prod(dim=1)  # from the middles of pixels to their edges

    assert found.min() >= 0
    assert found.max() <= 1
    assert torch.allclose(area, torch.full((100,), 0.4), atol=0.01)
    assert len(lengths[:, 0].unique()) > 50


def test_brightness_and_contrast_are_of_an_image_and_color_of_its_channels() -> None:
    """
    A gray image stays gray unless its channels shift, and each image changes otherwise.
    """
    image = torch.full((8, 3, 4, 4), 0.5)
    for channel_shift in (0.0, 0.1):
        settings = Settings(channel_shift_std=channel_shift)
        found = augment(image, torch.Generator().manual_seed(0), settings)
        spread = found.amax(dim=1) - found.amin(dim=1)

        assert len(found[:, 0, 0, 0].unique()) == 8
        assert (spread.max() > 0.01) == (channel_shift > 0)


# The simple methods beside it


def test_the_color_histogram_is_numpys() -> None:
    """
    64 boxes of the color cube, as shares, of which the roots are taken.
    """
    image = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    pixels = image.flatten(2).transpose(1, 2).double().numpy()
    cube = [np.histogramdd(one, bins=4, range=[(0, 1)] * 3)[0] for one in pixels]
    expected = np.sqrt(np.stack(cube).reshape(3, 64) / 64)

    assert np.allclose(color_histogram(image).numpy(), expected, atol=1e-6)


def test_the_gradient_histograms_are_numpys() -> None:
    """
    The votes of each cell, counted by numpy one cell at a time.
    """
    image = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(0))
    gray = np.pad(image.mean(dim=1)[0].double().numpy(), 1)
    smooth = np.array([1, 2, 1])
    right = sum(w * gray[k : k + 16, 2:] for k, w in enumerate(smooth))
    left = sum(w * gray[k : k + 16, :-2] for k, w in enumerate(smooth))
    below = sum(w * gray[2:, k : k + 24] for k, w in enumerate(smooth))
    above = sum(w * gray[:-2, k : k + 24] for k, w in enumerate(smooth))
    across, down = right - left, below - above
    angle, length = np.arctan2(down, across) % np.pi, np.hypot(across, down)
    cells = []
    for y in (0, 8):
        for x in (0, 8, 16):
            part = np.s_[y : y + 8, x : x + 8]
            vote, _ = np.histogram(
                angle[part], 9, range=(0, np.pi), weights=length[part]
            )
            cells.append(vote / np.linalg.norm(vote))
    expected = np.stack(cells, axis=1).flatten()

    assert np.allclose(gradient_histograms(image)[0].numpy(), expected, atol=1e-4)


def test_the_linear_classifier_is_scikit_learns() -> None:
    """
    The penalty that is best on the validation rows, and scikit-learn's predictions
    with it.
    """
    generator = torch.Generator().manual_seed(0)
    features, given = {}, {}
    for split, count in (("train", 120), ("validation", 60), ("test", 60)):
        features[split] = torch.randn(count, 10, generator=generator)
        noise = torch.randn(count, generator=generator)
        score = features[split][:, 0] + features[split][:, 1] ** 2 + noise
        given[split] = rows(features[split], (score > 1).long() + (score > 2))
    mean, std = features["train"].mean(dim=0), features["train"].std(dim=0)
    ready = {split: (one - mean) / std for split, one in features.items()}
    tried = [
        LogisticRegression(C=1 / (2 * 120 * l2), tol=1e-8, max_iter=1000).fit(
            ready["train"], given["train"].target
        )
        for l2 in L2_GRID
    ]
    best = max(
        tried,
        key=lambda one: one.score(ready["validation"], given["validation"].target),
    )

    found = linear_predictions(features, given)

    assert found.tolist() == best.predict(ready["test"]).tolist()


# What was measured


def test_it_is_ahead_of_colors_and_gradients_and_behind_what_knows_imagenet() -> None:
    """
    On the same test rows; the card says who is ahead.
    """
    home = weight_store.shipped_checkpoint(zoo.get_spec(NAME))
    measured = checkpoint_folder.read_receipt(home)["measured"]
    (accuracy,) = (m for m in zoo.get_spec(NAME).metrics if m.name == "accuracy")
    card = (home / "README.md").read_text(encoding="utf-8")

    assert accuracy.baseline is not None
    assert accuracy.value > accuracy.baseline
    assert measured["pretrained_accuracy"] > accuracy.value + 0.1
    assert f"far ahead: {measured['pretrained_accuracy']:.1%}" in " ".join(card.split())


@pytest.mark.parametrize("drawn", EXAMPLES)
def test_the_drawn_flowers_are_recognized(drawn: str) -> None:
    """
    They are as large as no photograph of the set, and simpler.
    """
    folder = zoo.example(NAME).parent

    assert drawn.startswith(zoo.predict(NAME, folder / drawn).label.rstrip("s"))
