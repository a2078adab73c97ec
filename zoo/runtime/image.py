"""From pictures to the tensor that a model takes."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

MAX_ASPECT = 16  # times its shorter side: the ends of a longer strip are cut off
VIA_MODE = {"La": "LA", "RGBa": "RGBA", "LAB": "RGB"}  # Pillow knows no shorter way


def read(raw: Any, input_spec: Any) -> tuple[list[Image.Image], bool]:
    """Return paths or PIL images as pictures, upright, and whether it was only one."""
    single = not isinstance(raw, list | tuple)
    items = [raw] if single else raw
    opened = [one if isinstance(one, Image.Image) else Image.open(one) for one in items]
    return [flat(ImageOps.exif_transpose(one), input_spec) for one in opened], single


def encode(images: Iterable[Image.Image], input_spec: Any) -> Tensor:
    """Return pictures as bytes in the size the model takes, (B, C, H, W)."""
    arrays = [np.array(fit_image(one, input_spec), dtype=np.uint8) for one in images]
    shaped = [torch.from_numpy(a if a.ndim == 3 else a[..., None]) for a in arrays]
    return torch.stack([one.permute(2, 0, 1) for one in shaped])


def flat(image: Image.Image, input_spec: Any) -> Image.Image:
    """Return a picture in 8 bits, without transparency, in grey or in colour."""
    mode = "L" if input_spec.channels == 1 else "RGB"
    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(shallow(image))
    if image.mode in VIA_MODE:
        image = image.convert(VIA_MODE[image.mode])
    if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
        image = on_paper(image.convert("RGBA"), input_spec)
    return image.convert(mode) if image.mode != mode else image


def shallow(image: Image.Image) -> Any:
    """Return 16 and 32 bits as 8; white is the first usual end that no pixel passes."""
    deep = np.asarray(image, dtype=np.float64)
    ends = {"F": (1, 255, 65535), "I": (255, 65535)}.get(image.mode, (65535,))
    white = next((end for end in ends if deep.max() <= end), deep.max())
    return np.rint(deep.clip(0) * (255 / white)).astype(np.uint8)


def on_paper(seen: Image.Image, input_spec: Any) -> Image.Image:
    """Return a photograph on white, and a drawing on the ground that shows it."""
    cover = np.asarray(seen.getchannel("A"))
    dark = input_spec.background == "dark"
    if input_spec.background is not None and cover.any():
        dark = np.average(np.asarray(seen.convert("L")), weights=cover) > 127
    paper = Image.new("RGBA", seen.size, "black" if dark else "white")
    return Image.alpha_composite(paper, seen)


def fit_image(image: Image.Image, input_spec: Any) -> Image.Image:
    """Return an opened picture in the size the model takes."""
    size = (input_spec.width, input_spec.height)
    resample = Image.Resampling[input_spec.resample.upper()]
    if input_spec.crop < 1:
        return cropped(image, input_spec, resample)
    if image.size == size or input_spec.fit == "keep":
        return image
    if input_spec.fit == "stretch":
        return image.resize(size, resample)
    if input_spec.background is None:  # a photograph: fill the frame, crop the middle
        return ImageOps.fit(image, size, resample)
    array = np.asarray(image)  # a drawing: keep all of it, on more of its own ground
    frame = np.concatenate([array[0], array[-1], array[:, 0], array[:, -1]])
    edge = np.median(frame, axis=0).astype(int)
    color = int(edge) if edge.ndim == 0 else tuple(map(int, edge))
    return ImageOps.pad(image, size, resample, color=color)


def cropped(image: Image.Image, input_spec: Any, resample: Any) -> Image.Image:
    """Return the middle of a resized picture, rounded as torchvision does."""
    image = middle(
        image, *(min(side, MAX_ASPECT * min(image.size)) for side in image.size)
    )
    shorter, least = math.floor(input_spec.width / input_spec.crop), min(image.size)
    size = (shorter * image.width // least, shorter * image.height // least)
    image = image if image.size == size else image.resize(size, resample)
    return middle(image, input_spec.width, input_spec.height)


def middle(image: Image.Image, width: int, height: int) -> Image.Image:
    """Return the middle part of a picture."""
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))
