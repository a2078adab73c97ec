"""A registered dataset of captchas, generated from a seed by the package `captcha`.

Their font is not that of the real ones, and they use the whole alphabet.
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

__all__ = ["captchas", "random_texts", "render_captchas"]

SEEDS = {"train": 1, "validation": 2, "test": 3}
TEXT_LENGTHS = range(3, 8)
FONT_SIZES = (30, 34, 38, 42)  # points: the package's own are for images 60 pixels high


def captchas(split: str, limit: int | None = None) -> Dataset:
    """Return the rows of a split, or the first `limit`: the same at every call."""
    from datasets import Dataset, Features, Image, Value

    count = limit or DATASETS[0].splits[split]
    texts = random_texts(count, random.Random(SEEDS[split]))
    features = Features({"image": Image(), "text": Value("string")})
    images = list(render_captchas(texts, seed=SEEDS[split]))
    return Dataset.from_dict({"image": images, "text": texts}, features=features)


def random_texts(
    count: int, generator: random.Random, lengths: Sequence[int] = TEXT_LENGTHS
) -> list[str]:
    """Return texts of random characters, each of one of the `lengths`."""
    return [
        "".join(generator.choices(CHARACTERS, k=generator.choice(lengths)))
        for _ in range(count)
    ]


def render_captchas(texts: list[str], *, seed: int) -> Iterator[Image.Image]:
    """Yield a grey captcha for each text, 200 by 50 pixels."""
    try:
        from captcha import image
    except ImportError as exc:
        raise DataError(
            "Dataset 'generated_captcha' is made by the package 'captcha', which is "
            "not installed. Run: pip install 'zoo-ocr[train]'"
        ) from exc
    renderer = image.ImageCaptcha(200, 50, font_sizes=FONT_SIZES)
    with _seeded_secrets(image, random.Random(seed)):
        for text in texts:
            yield renderer.generate_image(text).convert("L")


class _SeededSecrets:
    """The functions of the standard library's `secrets` that the package calls."""

    def __init__(self, generator: random.Random) -> None:
        self.randbelow, self.choice = generator.randrange, generator.choice
        self.randbits = generator.getrandbits


@contextmanager
def _seeded_secrets(module: Any, generator: random.Random) -> Iterator[None]:
    """Replace the package's `secrets`, which can't be seeded, for a while."""
    secrets = module.secrets
    module.secrets = _SeededSecrets(generator)
    try:
        yield
    finally:
        module.secrets = secrets
