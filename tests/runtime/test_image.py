"""Pictures of any mode and size become what the zoo itself makes of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from zoo.preprocessing import image as images
from zoo.runtime import image
from zoo.runtime.rows import to_model_input
from zoo.specs import ImageInput

SPECS = {
    "drawing": ImageInput(height=28, width=28, channels=1, background="dark"),
    "photo": ImageInput(height=32, width=24, channels=3, mean=(0.5,), std=(0.25,)),
    "cropped": ImageInput(height=24, width=24, channels=3, crop=0.875),
    "stretched": ImageInput(height=16, width=40, channels=3, fit="stretch"),
}


def picture(mode: str, size: tuple[int, int] = (50, 37)) -> Image.Image:
    """Return noise of a mode."""
    random = np.random.default_rng(0)
    shape = (size[1], size[0])
    if mode in ("I;16", "I", "F"):
        kinds = {"I;16": np.uint16, "I": np.int32, "F": np.float32}
        most = 65536 if mode == "I;16" else 4000  # of 16 bits, all are to be used
        return Image.fromarray(random.integers(most, size=shape).astype(kinds[mode]))
    if mode == "1":
        return Image.fromarray(random.integers(2, size=shape, dtype=np.uint8) * 255)
    colour = random.integers(256, size=(*shape, 4), dtype=np.uint8)
    return Image.fromarray(colour, "RGBA").convert(mode)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("kind", SPECS)
def test_pictures_of_every_mode(mode: str, kind: str) -> None:
    """
    Their bytes, normalised, are the pixels that `zoo.predict` gives a model.
    """
    spec, one = SPECS[kind], picture(mode)

    items, single = image.read(one, spec)
    found = to_model_input(image.encode(items, spec), spec)

    assert single
    assert torch.equal(
        found[0], images.image_to_tensor(images.open_image(one, spec), spec)
    )


@pytest.mark.parametrize("size", [(28, 28), (9, 400), (600, 5), (1, 1)])
def test_pictures_of_every_size(size: tuple[int, int]) -> None:
    """
    Also strips, of which the ends are cut off.
    """
    for spec in SPECS.values():
        one = picture("RGB", size)
        found = to_model_input(image.encode([image.flat(one, spec)], spec), spec)
        assert torch.equal(
            found[0], images.image_to_tensor(images.open_image(one, spec), spec)
        )


def test_several_are_read_from_files(tmp_path: Path) -> None:
    """
    A list of paths and pictures is a batch of bytes.
    """
    spec: Any = SPECS["photo"]
    picture("RGB").save(tmp_path / "one.png")

    items, single = image.read([tmp_path / "one.png", picture("L")], spec)
    batch = image.encode(items, spec)

    assert not single
    assert batch.dtype == torch.uint8
    assert batch.shape == (2, 3, 32, 24)
    assert batch.is_contiguous()
