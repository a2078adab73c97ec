"""What only the filters promise; what every model promises is in zoo.testing."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.nn.functional import conv1d, conv2d
from zoo_cnn.conv_filters import IN_ONE_DIMENSION, IN_TWO_DIMENSIONS, conv_filters
from zoo_cnn.conv_filters_recipe import KERNELS

import zoo

NAME = "conv-filters"


def random(*shape: int) -> torch.Tensor:
    """Numbers in 0..1, the same in each call."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def correlated(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """SciPy's correlation at every place that padding 1 reaches."""
    padded = np.pad(x.astype("float64"), 1)
    found = ndimage.correlate(padded, kernel.astype("float64"), mode="constant")
    # The map keeps the places at which the whole kernel is inside the padded input.
    for axis, side in enumerate(kernel.shape):
        count = padded.shape[axis] - side + 1
        found = found.take(range(side // 2, side // 2 + count), axis=axis)
    return found


@torch.no_grad()
@pytest.mark.parametrize("name", [*IN_TWO_DIMENSIONS, *IN_ONE_DIMENSION])
def test_a_filter_is_scipys_correlation(name: str) -> None:
    """
    The shipped kernels, in one and two dimensions, on an input that is not square.
    """
    model, kernel = zoo.load(NAME), KERNELS[name].numpy()
    plane = name in IN_TWO_DIMENSIONS
    x = random(1, 1, 20, 31) if plane else random(1, 1, 31)
    found = model.filter(x, name) if plane else model.filter_series(x, name)
    expected = torch.from_numpy(correlated(x[0, 0].numpy(), kernel))

    assert torch.allclose(found[0, 0].double(), expected, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize(("padding", "stride"), [(0, 1), (1, 2), (2, 3)])
def test_padding_and_stride_are_torchs(padding: int, stride: int) -> None:
    """
    Every kernel, with the sizes and the numbers of conv2d and conv1d.
    """
    model = conv_filters(padding=padding, stride=stride)
    model.load_state_dict(zoo.load(NAME).state_dict())
    image, series = random(2, 1, 17, 23), random(2, 1, 23)

    for name in IN_TWO_DIMENSIONS:
        kernel = KERNELS[name].float()[None, None]
        expected = conv2d(image, kernel, stride=stride, padding=padding)
        assert torch.allclose(model.filter(image, name), expected, atol=1e-5)
    for name in IN_ONE_DIMENSION:
        kernel = KERNELS[name].float()[None, None]
        expected = conv1d(series, kernel, stride=stride, padding=padding)
        assert torch.allclose(model.filter_series(series, name), expected, atol=1e-5)


@torch.no_grad()
def test_sobel_is_scipys() -> None:
    """
    Both directions, up to the border, where SciPy's padding differs.
    """
    image = random(1, 1, 20, 31)

    for axis, name in ((1, "sobel_x"), (0, "sobel_y")):
        found = zoo.load(NAME).filter(image, name)[0, 0, 1:-1, 1:-1]
        expected = ndimage.sobel(image[0, 0].numpy(), axis=axis)[1:-1, 1:-1]
        assert torch.allclose(found, torch.from_numpy(expected), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "total"),
    [
        *((name, 0.0) for name in ("edge", "sobel_x", "sobel_y", "difference")),
        *((name, 0.0) for name in ("horizontal_line", "vertical_line")),
        *((name, 1.0) for name in ("blur", "sharpen", "moving_average")),
    ],
)
def test_an_even_ground_vanishes_or_stays(name: str, total: float) -> None:
    """
    The kernels that look for changes sum to zero, the others to one.
    """
    assert zoo.load(NAME).kernels[name].sum().item() == pytest.approx(total, abs=1e-6)
