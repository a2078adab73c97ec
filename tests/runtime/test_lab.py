"""CIE L*a*b* against scikit-image, and what colorized pictures are measured by."""

import math

import pytest
import torch
from torch import Tensor

from zoo.runtime.image_quality import color_quality, metrics
from zoo.runtime.lab import rgb_to_lab
from zoo.specs import ColorizedImageOutput

# sRGB, and what `skimage.color.rgb2lab` of scikit-image 0.26 gives for it.
KNOWN = [
    ((1.0, 0.0, 0.0), (53.2406, 80.0923, 67.2028)),
    ((0.0, 1.0, 0.0), (87.7351, -86.1830, 83.1797)),
    ((0.0, 0.0, 1.0), (32.2957, 79.1856, -107.8573)),
    ((0.2, 0.4, 0.6), (42.0080, -0.1540, -32.8429)),
    ((0.02, 0.01, 0.03), (0.9487, 1.3759, -1.6949)),
    ((0.9, 0.7, 0.1), (75.3621, 6.2336, 74.4063)),
]


def pixel(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1)


@pytest.mark.parametrize(("rgb", "lab"), KNOWN)
def test_colors_are_those_of_scikit_image(
    rgb: tuple[float, ...], lab: tuple[float, ...]
) -> None:
    """
    To the digits of the matrix, of which the two have other ones.
    """
    assert rgb_to_lab(pixel(*rgb)).flatten().tolist() == pytest.approx(lab, abs=5e-3)


def test_grey_has_no_colors() -> None:
    """
    Of every level, from black with a lightness of 0 to white with 100.
    """
    grey = torch.arange(256, dtype=torch.float64).div(255).expand(1, 3, 1, 256)
    lab = rgb_to_lab(grey)

    assert lab[:, 1:].abs().max() < 1e-6
    assert lab[0, 0, 0, [0, -1]].tolist() == pytest.approx([0, 100], abs=1e-6)


def test_the_error_of_all_pictures_is_inside_of_the_logarithm() -> None:
    """
    10 log10(255^2 / mean of the squared differences of a and b), and the mean chroma of
    what was made, whose lightness plays no part.
    """
    made = torch.tensor([[255, 0, 0], [0, 0, 0]], dtype=torch.uint8)[..., None, None]
    target = torch.tensor([[0, 0, 255], [9, 9, 9]], dtype=torch.uint8)[..., None, None]
    red, blue = (torch.tensor(KNOWN[i][1][1:]) for i in (0, 2))
    error = float((red - blue).square().mean()) / 2

    assert color_quality(made, target) == pytest.approx(
        {
            "ab_psnr": 10 * math.log10(255**2 / error),
            "chroma": float(red.norm()) / 2,
        },
        rel=1e-4,
    )


def test_right_colors_have_a_bound() -> None:
    """
    A hundred decibels, not infinity.
    """
    picture = torch.arange(48, dtype=torch.uint8).view(1, 3, 4, 4)

    assert color_quality(picture, picture)["ab_psnr"] == pytest.approx(100)


def test_an_output_is_measured_as_the_bytes_it_becomes() -> None:
    """
    What a screen can't show is cut off before it is measured.
    """
    target = torch.arange(48, dtype=torch.uint8).view(1, 3, 4, 4) * 5
    output = target.float() / 255
    spec = ColorizedImageOutput()

    assert metrics(output + 1e-3, target, spec)["ab_psnr"] == pytest.approx(100)
    assert metrics(output + 9, target, spec) == pytest.approx(
        color_quality(torch.full_like(target, 255), target)
    )
