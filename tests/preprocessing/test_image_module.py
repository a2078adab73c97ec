"""A picture that a graph prepares is the picture that Pillow prepares."""

import numpy as np
import pytest
import torch
from PIL import Image

from zoo.preprocessing.image import image_to_tensor
from zoo.preprocessing.image_module import ImageModule
from zoo.specs import ImageInput

INPUTS = {
    "a drawing on its ground": ImageInput(
        height=28, width=28, channels=1, background="dark", mean=(0.5,), std=(0.25,)
    ),
    "a wide drawing": ImageInput(height=20, width=60, channels=3, background="light"),
    "the middle of a photograph": ImageInput(
        height=32, width=32, crop=0.875, resample="bicubic"
    ),
    "the frame filled": ImageInput(height=32, width=24, resample="bicubic"),
    "the frame filled, bilinear": ImageInput(height=32, width=32, channels=1),
    "stretched": ImageInput(height=32, width=24, fit="stretch", mean=(0.4, 0.5, 0.6)),
}
SIZES = [
    *((28, 28), (32, 32), (20, 20), (57, 57), (60, 99), (31, 200), (70, 61), (5, 5)),
    *((200, 40), (90, 33), (70, 20), (97, 61)),  # whose rows are resized first
    *((200, 31), (300, 35), (900, 20), (60, 28), (44, 21)),
]


def picture(height: int, width: int, channels: int) -> np.ndarray:
    """A smooth picture: noise would make every error of rounding count."""
    random = np.random.default_rng(height * 1000 + width)
    coarse = random.integers(0, 256, (height // 4 + 2, width // 4 + 2, channels))
    image = Image.fromarray(coarse.astype(np.uint8).squeeze())
    smooth = np.array(image.resize((width, height), Image.Resampling.BICUBIC))
    return smooth.reshape(height, width, channels)


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("size", SIZES)
def test_every_pixel_is_that_of_pillow(name: str, size: tuple[int, int]) -> None:
    spec = INPUTS[name]
    array = picture(*size, spec.channels)
    image = Image.fromarray(array.squeeze(-1) if spec.channels == 1 else array)

    found = ImageModule(spec)(torch.from_numpy(array)[None])[0]

    expected = image_to_tensor(image, spec)
    assert found.shape == expected.shape
    assert torch.equal(found, expected)


def test_each_picture_of_a_batch_is_prepared_by_itself() -> None:
    """
    The ground of a dark drawing does not go to a light one.
    """
    module = ImageModule(INPUTS["a drawing on its ground"])
    dark, light = picture(40, 20, 1) // 4, 255 - picture(40, 20, 1) // 4

    both = module(torch.from_numpy(np.stack([dark, light])))

    alone = [module(torch.from_numpy(one)[None])[0] for one in (dark, light)]
    assert torch.equal(both, torch.stack(alone))
