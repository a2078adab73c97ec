"""PSNR and SSIM against their definitions by NumPy and SciPy."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from zoo.runtime.image_quality import luminance, metrics, quality
from zoo.specs import ScaledImageOutput


def pair(height: int = 24, width: int = 31) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(0)
    large = random.integers(0, 256, (2, 3, height, width)).astype(np.uint8)
    near = np.clip(large + random.normal(0, 20, large.shape), 0, 255).astype(np.uint8)
    return torch.from_numpy(near), torch.from_numpy(large)


def gray(image: torch.Tensor) -> np.ndarray:
    """The luminance, after the table of ITU-R BT.601."""
    red, green, blue = image.numpy().astype(np.float64).transpose(1, 0, 2, 3) / 255
    return 16 + 65.481 * red + 128.553 * green + 24.966 * blue


def test_psnr_is_that_of_the_luminance_inside_the_border() -> None:
    """
    The mean over pictures of ten times the logarithm of 255 squared over the error.
    """
    near, large = pair()
    error = (gray(near) - gray(large))[:, 2:-2, 2:-2]
    expected = np.mean(10 * np.log10(255**2 / (error**2).mean(axis=(1, 2))))

    assert quality(near, large, border=2)["psnr"] == pytest.approx(expected, abs=1e-4)


def test_ssim_is_that_of_a_gaussian_window() -> None:
    """
    Of eleven pixels and a deviation of 1.5, by SciPy's filter, where all of the window
    lies in the picture.
    """
    near, large = pair()
    values = []
    for x, y in zip(gray(near), gray(large), strict=True):

        def mean(one: np.ndarray) -> np.ndarray:
            return gaussian_filter(one, 1.5, truncate=3.5)[5:-5, 5:-5]

        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        covariance = mean(x * y) - mean(x) * mean(y)
        varied = mean(x * x) - mean(x) ** 2 + mean(y * y) - mean(y) ** 2
        top = (2 * mean(x) * mean(y) + c1) * (2 * covariance + c2)
        below = (mean(x) ** 2 + mean(y) ** 2 + c1) * (varied + c2)
        values.append((top / below).mean())

    found = quality(near, large, border=0)["ssim"]
    assert found == pytest.approx(np.mean(values), abs=1e-5)


def test_equal_pictures_are_as_near_as_can_be() -> None:
    """
    A hundred decibels, not infinity, which no receipt could hold.
    """
    _, large = pair()

    assert quality(large, large, border=0) == pytest.approx({"psnr": 100, "ssim": 1})


def test_white_and_black_are_those_of_the_luminance() -> None:
    """
    16 and 235; gray pictures are compared as they are.
    """
    ends = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1)

    assert luminance(ends.expand(2, 3, 1, 1)).flatten().tolist() == pytest.approx(
        [16, 235], abs=1e-4
    )
    assert luminance(ends).flatten().tolist() == [0, 255]


def test_an_output_is_measured_as_the_bytes_it_becomes() -> None:
    """
    Numbers in the range of the model's output, rounded, and cut off at both ends.
    """
    near, large = pair()
    spec = ScaledImageOutput(scale=2, low=-1.0, high=1.0)
    output = near.float() / 127.5 - 1
    expected = quality(near, large, border=2)

    assert metrics(output + 1e-3, large, spec) == pytest.approx(expected, rel=1e-6)
