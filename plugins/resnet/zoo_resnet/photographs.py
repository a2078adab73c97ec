"""How photographs of different sizes are read: as `zoo.predict` prepares them."""

from typing import Any

import numpy as np
import torch

from zoo import ImageInput
from zoo.recipes import TensorRows, images
from zoo.recipes import data as datasets

__all__ = ["read_rows"]


def read_rows(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: Any
) -> TensorRows:
    """Return photographs as bytes, (N, 3, H, W), and their labels, (N,): of a smoke
    run every so many of all, so that each class is there."""
    rows = datasets.load_dataset(name, split)
    if first is not None:
        rows = rows.select(range(0, len(rows), max(1, len(rows) // first)))
    pictures = [
        np.asarray(images.fit_image(one.convert("RGB"), input_spec))
        for one in rows["image"]
    ]
    pixels, labels = np.stack(pictures), np.asarray(rows["label"], dtype=np.int64)
    content = {
        "image": (f"uint8{pixels.shape}", pixels.tobytes()),
        "label": (f"int64{labels.shape}", labels.tobytes()),
    }
    return TensorRows(
        input=torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(),
        target=torch.from_numpy(labels),
        source=f"{name}/{split}",
        fingerprint=datasets.fingerprint(content),
    )
