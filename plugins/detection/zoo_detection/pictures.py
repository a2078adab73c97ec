"""How pictures with boxes are read."""

from typing import Any

import numpy as np
import torch

from zoo import ImageInput
from zoo.recipes import TensorRows, boxes, images
from zoo.recipes import data as datasets

__all__ = ["read_rows"]


def read_rows(
    name: str,
    split: str,
    *,
    input_spec: ImageInput,
    output_spec: Any,
    first: int | None,
) -> TensorRows:
    """Return pictures as bytes, stretched to the model's frame, (N, 3, H, W), and their
    boxes, (N, most, 5): see `zoo.recipes.boxes`."""
    rows = datasets.load_dataset(name, split)
    rows = rows if first is None else rows.select(range(min(first, len(rows))))
    source = f"{name}/{split}"
    pictures = [one.convert("RGB") for one in rows["image"]]
    pixels = np.stack([np.asarray(images.fit_image(p, input_spec)) for p in pictures])
    target = boxes.encode_boxes(
        rows["boxes"],
        rows["labels"],
        [one.size for one in pictures],
        [f"{source}, row {number}" for number in range(len(pictures))],
        num_labels=len(output_spec.labels),
    )
    content = {
        "image": (f"uint8{pixels.shape}", pixels.tobytes()),
        "boxes": (f"float32{tuple(target.shape)}", target.numpy().tobytes()),
    }
    return TensorRows(
        input=torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(),
        target=target,
        source=source,
        fingerprint=datasets.fingerprint(content),
    )
