"""From whatever a person calls a picture to the tensor a model takes."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from zoo.errors import InputError
from zoo.specs import ImageInput

__all__ = ["describe", "open_image", "stack", "suspicion"]


def describe(expected: ImageInput) -> str:
    """Return what the model takes, in words for an error message."""
    kind = "a grey" if expected.channels == 1 else "a colour"
    shape = (expected.channels, expected.height, expected.width)
    return (
        f"{kind} picture: a file's path, a PIL image, an array (height, width) or "
        f"(height, width, channels), or a float tensor {shape} of prepared pixels"
    )


def open_image(raw: Any, expected: ImageInput) -> Image.Image:
    """Return a path, PIL image or array as an upright 8-bit image of the right mode."""
    mode = "L" if expected.channels == 1 else "RGB"
    if isinstance(raw, (str, os.PathLike)):
        return _flat(_from_file(Path(raw), expected), mode, expected)
    if isinstance(raw, Image.Image):
        return _flat(_upright(raw, expected), mode, expected)
    if isinstance(raw, np.ndarray):
        return _flat(_from_array(raw, expected), mode, expected)
    problem = f"A {type(raw).__name__} is not a picture."
    raise InputError(problem, describe(expected))


def stack(
    images: list[Image.Image], expected: ImageInput, *, invert: bool = False
) -> Tensor:
    """Return images as one prepared batch (B, C, H, W), float32."""
    batch = torch.empty(len(images), expected.channels, expected.height, expected.width)
    for place, image in zip(batch, images, strict=True):
        fitted = _fitted(image, expected)
        pixels = torch.from_numpy(np.array(fitted, dtype=np.uint8))
        place.copy_(pixels.view(expected.height, expected.width, -1).permute(2, 0, 1))
    batch /= 255
    if invert:
        batch = 1 - batch
    return (batch - _by_channel(expected.mean)) / _by_channel(expected.std)


def suspicion(batch: Tensor, expected: ImageInput) -> str | None:
    """Return what looks wrong about prepared pixels, and which transform is missing.

    The range of the training data follows from mean and std; a tensor far outside was
    not prepared as the training data was.
    """
    if batch.numel() == 0:
        return None
    low = ((0 - _by_channel(expected.mean)) / _by_channel(expected.std)).min().item()
    high = ((1 - _by_channel(expected.mean)) / _by_channel(expected.std)).max().item()
    least, most = batch.min().item(), batch.max().item()
    slack = 0.5 * (high - low)
    if most > high + slack or least < low - slack:
        missing = "divide by 255" if least >= 0 and most > 2 else "normalise"
        return (
            f"The pixels run from {least:.3g} to {most:.3g}, in training from "
            f"{low:.3g} to {high:.3g}: {missing} first, or give zoo.predict the "
            "picture itself."
        )
    border = _border(batch).mean().item()
    bright = (border - low) / (high - low)
    if (expected.background == "dark" and bright > 0.75) or (
        expected.background == "light" and bright < 0.25
    ):
        other = "light" if expected.background == "dark" else "dark"
        return (
            f"The background is {other}; the model was trained on a "
            f"{expected.background} one: pass invert=True."
        )
    return None


def _from_file(path: Path, expected: ImageInput) -> Image.Image:
    try:
        with Image.open(path) as image:
            return _upright(image, expected)
    except FileNotFoundError:
        problem = f"There is no file {path}."
    except IsADirectoryError:
        problem = f"{path} is a folder."
    except Image.DecompressionBombError as exc:
        problem = f"{path} is too large: {exc}."
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as exc:
        problem = f"{path} can't be read as a picture ({type(exc).__name__}: {exc})."
    raise InputError(problem, describe(expected))


def _upright(image: Image.Image, expected: ImageInput) -> Image.Image:
    if 0 in image.size:
        raise InputError(f"The picture is empty: {image.size}.", describe(expected))
    image.load()
    return ImageOps.exif_transpose(image) or image


def _from_array(array: np.ndarray[Any, Any], expected: ImageInput) -> Image.Image:
    problem = f"The array has shape {array.shape} and type {array.dtype}."
    flat = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    shape_fits = flat.ndim == 2 or (flat.ndim == 3 and flat.shape[-1] in (3, 4))
    if not shape_fits or 0 in flat.shape:
        raise InputError(problem, describe(expected))
    if np.issubdtype(flat.dtype, np.floating):
        if not np.isfinite(flat).all():
            raise InputError("The array holds NaN or infinity.", describe(expected))
        if flat.min() < 0 or flat.max() > 1:
            span = (
                f" Floats should lie in 0..1, not {flat.min():.3g}..{flat.max():.3g}."
            )
            raise InputError(problem + span, describe(expected))
        flat = np.rint(flat * 255)
    elif flat.dtype == np.bool_:
        flat = flat * 255
    elif flat.dtype == np.uint16:
        return Image.fromarray(flat)
    elif not np.issubdtype(flat.dtype, np.integer):
        raise InputError(problem, describe(expected))
    elif flat.min() < 0 or flat.max() > 255:
        span = f" Whole numbers should lie in 0..255, not {flat.min()}..{flat.max()}."
        raise InputError(problem + span, describe(expected))
    return Image.fromarray(np.ascontiguousarray(flat.astype(np.uint8)))


def _flat(image: Image.Image, mode: str, expected: ImageInput) -> Image.Image:
    """Return the image in 8 bits, without transparency, in `mode`."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits and more
        deep = np.asarray(image, dtype=np.float64)
        top = 65535 if image.mode.startswith("I;16") or deep.max() > 255 else 255
        return Image.fromarray(
            (deep / top * 255).clip(0, 255).astype(np.uint8)
        ).convert(mode)
    if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
        paper = "black" if expected.background == "dark" else "white"
        seen = image.convert("RGBA")
        below = Image.new("RGBA", seen.size, paper)
        return Image.alpha_composite(below, seen).convert(mode)
    return image.convert(mode) if image.mode != mode else image


def _fitted(image: Image.Image, expected: ImageInput) -> Image.Image:
    size = (expected.width, expected.height)
    if image.size == size:
        return image
    if expected.background is None:  # a photograph: fill the frame, crop the middle
        return ImageOps.fit(image, size, Image.Resampling.BILINEAR)
    edge = _edge_colour(image)  # a drawing: keep all of it, on more of its own ground
    return ImageOps.pad(image, size, Image.Resampling.BILINEAR, color=edge)


def _edge_colour(image: Image.Image) -> Any:
    pixels = np.asarray(image)
    frame = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    middle = np.median(frame, axis=0).astype(int)
    return int(middle) if middle.ndim == 0 else tuple(map(int, middle))


def _border(batch: Tensor) -> Tensor:
    sides = (batch[..., 0, :], batch[..., -1, :], batch[..., 0], batch[..., -1])
    return torch.cat([side.flatten() for side in sides])


def _by_channel(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).view(-1, 1, 1)
