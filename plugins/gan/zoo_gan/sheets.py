"""Generated images side by side, as the pictures of model cards."""

import io

import torch
from PIL import Image
from torch import Tensor

import zoo
from zoo.recipes import unwrap_model
from zoo.results import GeneratedImage, image_grid

__all__ = ["COLUMNS", "animation", "interpolations", "png", "sheet"]

ZOOM = 2  # how much larger an image is shown
COLUMNS = 12  # of images side by side
FRAME_MS = 400


def sheet(images: Tensor, columns: int = COLUMNS) -> Image.Image:
    """Return images, pixels in 0..1, (count, 1 or 3, height, width), in rows."""
    bytes_ = images.clamp(0, 1).mul(255).round().byte().permute(0, 2, 3, 1)
    shown = [Image.fromarray(one.squeeze(2).numpy()) for one in bytes_]
    return image_grid(shown, columns=columns)


def png(image: Image.Image, zoom: int = ZOOM) -> bytes:
    """Return an image as a PNG, `zoom` times as large."""
    file = io.BytesIO()
    _zoomed(image, zoom).save(file, format="PNG")
    return file.getvalue()


def animation(epochs: list[Tensor], columns: int = COLUMNS, zoom: int = ZOOM) -> bytes:
    """Return samples after each epoch, in bytes, as an animated GIF."""
    first, *rest = [_zoomed(sheet(samples / 255, columns), zoom) for samples in epochs]
    file = io.BytesIO()
    first.save(
        file,
        format="GIF",
        save_all=True,
        append_images=rest,
        duration=[*[FRAME_MS] * len(rest), 5 * FRAME_MS],
        loop=0,
    )
    return file.getvalue()


def interpolations(
    model: torch.nn.Module, count: int = 6, columns: int = COLUMNS
) -> Image.Image:
    """Return interpolations between two rows of noise each."""
    generator = torch.Generator().manual_seed(0)
    latent_dim: int = unwrap_model(model).latent_dim  # type: ignore[assignment]
    ends = torch.randn(count, 2, latent_dim, generator=generator)
    results = []
    for start, end in ends:
        results += zoo.interpolate(model, start, end, steps=columns)
    images = [one.image for one in results if isinstance(one, GeneratedImage)]
    return image_grid(images, columns=columns)


def _zoomed(image: Image.Image, zoom: int) -> Image.Image:
    size = (zoom * image.width, zoom * image.height)
    return image.resize(size, Image.Resampling.NEAREST)
