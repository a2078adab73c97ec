"""How faces with keypoints are read."""

import numpy as np
import torch

from zoo import ImageInput
from zoo.errors import DataError
from zoo.recipes import TensorRows, images
from zoo.recipes import data as datasets

__all__ = ["VALIDATION_STEP", "read_rows"]

VALIDATION_STEP = 10  # of the training rows, the faces of one person in so many


def read_rows(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: object
) -> TensorRows:
    """Return faces as bytes, (N, 3, H, W), and their points as shares, (N, points, 2).

    The split "validation" is of people that "train" then lacks.
    """
    whole = "train" if split == "validation" else split
    rows = datasets.load_dataset(name, whole)
    if split != "test":
        wanted = split == "validation"
        held = [one % VALIDATION_STEP == 0 for one in rows["person"]]
        rows = rows.select([n for n, is_held in enumerate(held) if is_held == wanted])
    rows = rows if first is None else rows.select(range(min(first, len(rows))))
    source = f"{name}/{split}"
    pictures = [one.convert("RGB") for one in rows["image"]]
    pixels = np.stack([np.asarray(images.fit_image(p, input_spec)) for p in pictures])
    sizes = np.array([one.size for one in pictures], dtype=np.float32)
    points = np.asarray(rows["keypoints"], dtype=np.float32) / sizes[:, None]
    if not (np.isfinite(points).all() and 0 <= points.min() <= points.max() <= 1):
        raise DataError(f"{source} has points that are not in their pictures.")
    content = {
        "image": (f"uint8{pixels.shape}", pixels.tobytes()),
        "points": (f"float32{points.shape}", points.tobytes()),
    }
    return TensorRows(
        input=torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(),
        target=torch.from_numpy(points),
        source=source,
        fingerprint=datasets.fingerprint(content),
    )
