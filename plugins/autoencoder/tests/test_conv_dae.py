"""What only the denoiser of clothes promises; the rest is in zoo.testing."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from sklearn.linear_model import Ridge
from torch import nn
from zoo_autoencoder.conv_dae import conv_dae
from zoo_autoencoder.conv_dae_recipe import NOISE, evaluate
from zoo_autoencoder.denoising import add_noise, errors, noisy_and_clean
from zoo_autoencoder.denoising_report import (
    choose,
    gaussian_filter,
    median_filter,
    ridge,
)

import zoo
from zoo.recipes import TensorRows

NAME = "conv-dae-fashion-mnist"


def test_the_sizes_are_the_courses() -> None:
    """
    16 and 8 channels down, 8 and 16 up again, 392 numbers in the middle.
    """
    model, image = conv_dae(), torch.rand(2, 1, 28, 28)
    weights = [p for p in model.parameters() if p.ndim == 4]

    assert [(p.shape[0], p.shape[1]) for p in weights] == [
        (16, 1),
        (8, 16),
        (8, 8),
        (8, 16),  # torch keeps the inputs of a transposed convolution first
        (1, 16),
    ]
    assert sum(p.numel() for p in model.parameters()) == 3217
    assert model.encode(image).shape == (2, 392)
    assert model.decode(model.encode(image)).shape == image.shape


def test_width_multiplies_the_channels() -> None:
    """
    Those of each layer but not the one channel of images.
    """
    wide = conv_dae(width=4)

    assert [p.shape[0] for p in wide.encoder.parameters()] == [64, 64, 32, 32]
    assert wide(torch.rand(1, 1, 28, 28)).shape == (1, 1, 28, 28)


def test_a_transposed_convolution_is_one_of_the_image_with_gaps() -> None:
    """
    With zeros between the pixels and the kernel turned, SciPy computes the same.
    """
    torch.manual_seed(0)
    layer = conv_dae().decoder[0]
    assert isinstance(layer, nn.ConvTranspose2d)
    given = torch.rand(1, 8, 7, 7)
    gaps = np.zeros((8, 14, 14))
    gaps[:, ::2, ::2] = given[0].numpy()
    weight, bias = (p.detach().double().numpy() for p in layer.parameters())
    expected = [
        bias[out]
        + sum(
            ndimage.convolve(gaps[channel], weight[channel, out], mode="constant")
            for channel in range(8)
        )
        for out in range(8)
    ]

    assert layer(given)[0].detach().numpy() == pytest.approx(
        np.stack(expected), abs=1e-5
    )


def test_noise_is_normal_and_cut_off_at_black_and_white() -> None:
    """
    Of gray images it has the standard deviation asked for, and its seed fixes it.
    """
    gray = torch.full((50, 1, 28, 28), 0.5)
    noisy, again = (
        add_noise(gray, 0.1, torch.Generator().manual_seed(1)) for _ in range(2)
    )
    loud = add_noise(gray, 2.0, torch.Generator().manual_seed(1))

    assert torch.equal(noisy, again)
    assert noisy.mean().item() == pytest.approx(0.5, abs=0.002)
    assert noisy.std().item() == pytest.approx(0.1, abs=0.002)
    assert (loud.min().item(), loud.max().item()) == (0, 1)


def test_rows_always_have_the_same_noise() -> None:
    """
    So that a metric comes out again.
    """
    pixels = torch.randint(256, (3, 1, 28, 28), dtype=torch.uint8)
    rows = TensorRows(input=pixels, target=torch.zeros(3), source="made/test")
    (noisy, clean), (again, _) = noisy_and_clean(rows, 0.2), noisy_and_clean(rows, 0.2)

    assert torch.equal(noisy, again)
    assert torch.equal(clean, pixels / 255)


def test_the_error_is_to_the_image_without_noise() -> None:
    """
    A model that returns its input has the error of the noise.
    """
    torch.manual_seed(0)
    model = nn.Sequential(nn.Identity())
    pixels = torch.randint(256, (4, 1, 28, 28), dtype=torch.uint8)
    rows = TensorRows(input=pixels, target=torch.zeros(4), source="made/test")
    noisy, clean = noisy_and_clean(rows, NOISE)
    found = evaluate(model, rows)
    expected = nn.MSELoss()(noisy.sigmoid(), clean).item()

    assert found["mse"] == pytest.approx(expected, rel=1e-4)
    assert found["psnr"] == pytest.approx(10 * math.log10(1 / expected), rel=1e-4)


def test_psnr_of_equal_images_is_a_number() -> None:
    """
    And of images that differ by a tenth everywhere it is 20 dB.
    """
    image = torch.rand(2, 1, 4, 4) / 2

    assert errors(image, image) == {"mse": 0.0, "psnr": 120.0}
    assert errors(image + 0.1, image)["psnr"] == pytest.approx(20.0, abs=1e-3)


def test_the_filters_are_scipys() -> None:
    """
    The Gaussian and the median, with the border pixel going on outside.
    """
    image = torch.rand(2, 1, 12, 15, generator=torch.Generator().manual_seed(0))
    blurred, middle = gaussian_filter(image, 0.7), median_filter(image, 3)

    for one, smooth, median in zip(image, blurred, middle, strict=True):
        wanted = ndimage.gaussian_filter(one[0].numpy(), 0.7, mode="nearest")
        assert smooth[0].numpy() == pytest.approx(wanted, abs=1e-5)
        wanted = ndimage.median_filter(one[0].numpy(), 3, mode="nearest")
        assert median[0].numpy() == pytest.approx(wanted)


def test_ridge_regression_is_scikit_learns() -> None:
    """
    With the same penalty, pixels cut to 0..1.
    """
    random = torch.Generator().manual_seed(0)
    noisy, clean, given = (torch.rand(40, 1, 4, 4, generator=random) for _ in range(3))
    fitted = Ridge(alpha=0.5).fit(*(one.flatten(1).numpy() for one in (noisy, clean)))
    expected = fitted.predict(given.flatten(1).numpy()).clip(0, 1)
    found = ridge(noisy, clean, given, penalty=0.5)

    assert found.flatten(1).numpy() == pytest.approx(expected, abs=1e-4)


def test_the_best_filter_is_chosen() -> None:
    """
    Of an image that has no noise, the one that changes least.
    """
    image = torch.rand(2, 1, 12, 12, generator=torch.Generator().manual_seed(0))

    assert choose(gaussian_filter, (1.0, 0.3, 0.6), image, image) == 0.3


def test_it_is_ahead_of_ridge_regression() -> None:
    """
    In the receipt of the shipped weights.
    """
    metric = zoo.get_spec(NAME).metrics[0]

    assert metric.name == "mse"
    assert metric.baseline_name == "ridge regression"
    assert metric.baseline is not None
    assert metric.value < metric.baseline


def test_the_boot_comes_out_of_its_noise() -> None:
    """
    The shipped example is nearer to the boot it was made of than before.
    """
    path = zoo.example(NAME)
    with Image.open(path.with_name("boot.png")) as file:
        boot = _pixels(file)
    with Image.open(path) as file:
        before = (_pixels(file) - boot).square().mean()
    after = (_pixels(zoo.predict(NAME, path).image) - boot).square().mean()

    assert after < before / 2


def _pixels(image: Image.Image) -> torch.Tensor:
    return torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8) / 255
