"""How pictures are read as bytes: of two domains, or in pairs."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from zoo import ImageInput
from zoo.recipes import TensorRows, images
from zoo.recipes import data as datasets

__all__ = ["read_domains", "read_pairs"]


def read_domains(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: object
) -> TensorRows:
    """Return the pictures of a set in the size that the model takes, as bytes, and as
    targets the numbers of their domains; with `first`, so many of each domain."""
    rows = datasets.load_dataset(name, split)
    domain = torch.tensor(rows["label"])
    if first is not None:
        picked = [(domain == one).nonzero()[:first, 0] for one in domain.unique()]
        rows = rows.select(torch.cat(picked).tolist())
        domain = domain[torch.cat(picked)]
    fitted = [
        np.asarray(images.fit_image(one.convert("RGB"), input_spec))
        for one in rows["image"]
    ]
    pixels: np.ndarray[Any, Any] = np.stack(fitted)
    content = {
        "image": (f"uint8{pixels.shape}", pixels.tobytes()),
        "domain": (f"int64{tuple(domain.shape)}", domain.numpy().tobytes()),
    }
    image: Tensor = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
    return TensorRows(
        input=image,
        target=domain,
        source=f"{name}/{split}",
        fingerprint=datasets.fingerprint(content),
    )


def read_pairs(
    name: str, split: str, *, input_spec: ImageInput, first: int | None, **_spec: object
) -> TensorRows:
    """Return label maps in the labels' colours, as bytes, and as targets their
    photographs, both in the size that the model takes."""
    rows = datasets.load_dataset(name, split)
    rows = rows if first is None else rows.select(range(min(first, len(rows))))
    maps = [
        np.asarray(images.fit_image(images.open_image(one, input_spec), input_spec))
        for one in rows["label_map"]
    ]
    size = ImageInput(height=input_spec.height, width=input_spec.width)
    photos = [
        np.asarray(images.fit_image(one.convert("RGB"), size)) for one in rows["photo"]
    ]
    stacked = {"label_map": np.stack(maps), "photo": np.stack(photos)}
    content = {
        name: (f"uint8{one.shape}", one.tobytes()) for name, one in stacked.items()
    }
    given, target = (
        torch.from_numpy(one).permute(0, 3, 1, 2).contiguous()
        for one in stacked.values()
    )
    return TensorRows(
        input=given,
        target=target,
        source=f"{name}/{split}",
        fingerprint=datasets.fingerprint(content),
    )
