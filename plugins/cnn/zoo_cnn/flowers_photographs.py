"""The photographs of the flowers as they are read, and the drawn ones that ship."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo import ImageInput, Run
from zoo.recipes import TensorRows, images
from zoo.recipes import data as datasets

__all__ = ["EXAMPLES", "example", "photographs", "read_rows"]

EXAMPLES = ("daisy.png", "sunflower.png")


def photographs(split: str, first: int | None = None) -> list[Image.Image]:
    """Return photographs in color, at their own size."""
    rows = datasets.load_dataset("flowers", split)
    rows = rows if first is None else rows.select(range(first))
    return [picture.convert("RGB") for picture in rows["image"]]


def read_rows(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: Any
) -> TensorRows:
    """Return photographs in the model's size, and the numbers of their labels."""
    fitted = [images.fit_image(one, input_spec) for one in photographs(split, first)]
    image = np.stack([np.asarray(one) for one in fitted])
    label = np.asarray(datasets.load_dataset(name, split)["label"][:first])
    content = {
        "image": (f"uint8{image.shape}", image.tobytes()),
        "label": (f"{label.dtype}{label.shape}", label.tobytes()),
    }
    return TensorRows(
        input=torch.from_numpy(image).permute(0, 3, 1, 2).contiguous(),
        target=torch.from_numpy(label),
        source=f"{name}/{split}",
        fingerprint=datasets.fingerprint(content),
    )


def example(run: Run) -> Tensor:
    """Return the drawn flowers as prepared pixels: the golden is passed on with the
    weights, and each photograph of the set belongs to its photographer."""
    expected: Any = run.spec.input
    folder = Path(__file__).with_name("examples")
    opened = [images.open_image(folder / name, expected) for name in EXAMPLES]
    return torch.stack([images.image_to_tensor(one, expected) for one in opened])
