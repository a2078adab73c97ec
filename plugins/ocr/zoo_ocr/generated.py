"""Captchas that the Python package `captcha` makes, by a seed: a registered dataset.

Their font is another than that of the real ones, and they spell with all characters.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zoo.errors import DataError
from zoo_ocr import CHARACTERS, DATASETS

if TYPE_CHECKING:
    from datasets import Dataset
    from PIL import Image

__all__ = ["captchas", "painted", "spelled"]

SEEDS = {"train": 1, "validation": 2, "test": 3}
LONG = range(3, 8)  # characters of a text
SIZES = (30, 34, 38, 42)  # points of a character: the package's own are for 60 pixels


def captchas(split: str, few: int | None = None) -> Dataset:
    """Return the rows of a split, or a few, made anew: the same at every call."""
    from datasets import Dataset, Features, Image, Value

    count = few or DATASETS[0].splits[split]
    texts = spelled(count, random.Random(SEEDS[split]))
    features = Features({"image": Image(), "text": Value("string")})
    pictures = list(painted(texts, seed=SEEDS[split]))
    return Dataset.from_dict({"image": pictures, "text": texts}, features=features)


def spelled(
    count: int, drawing: random.Random, long: Sequence[int] = LONG
) -> list[str]:
    """Return texts of random characters, as long as one of `long`."""
    return [
        "".join(drawing.choices(CHARACTERS, k=drawing.choice(long)))
        for _ in range(count)
    ]


def painted(texts: list[str], *, seed: int) -> Iterator[Image.Image]:
    """Yield a grey captcha for each text, 200 by 50 pixels."""
    try:
        from captcha import image
    except ImportError as exc:
        raise DataError(
            "Dataset 'generated_captcha' is made by the package 'captcha', which is "
            "not installed. Run: pip install 'zoo-ocr[train]'"
        ) from exc
    paint = image.ImageCaptcha(200, 50, font_sizes=SIZES)
    with _drawing(image, random.Random(seed)):
        for text in texts:
            yield paint.generate_image(text).convert("L")


class _Seeded:
    """What the package asks of the standard library's `secrets`, by a seed."""

    def __init__(self, drawing: random.Random) -> None:
        self.randbelow, self.choice = drawing.randrange, drawing.choice
        self.randbits = drawing.getrandbits


@contextmanager
def _drawing(module: Any, drawing: random.Random) -> Iterator[None]:
    """Let the package draw by a seed: by itself it asks the system for numbers."""
    secrets = module.secrets
    module.secrets = _Seeded(drawing)
    try:
        yield
    finally:
        module.secrets = secrets
