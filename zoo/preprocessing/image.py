"""From a picture in any usual form to the tensor that a model takes."""

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo.errors import DataError, InputError, a_type
from zoo.preprocessing import image_file
from zoo.preprocessing.image_module import ImageModule
from zoo.preprocessing.preprocessor import GraphInput, InputWarning, Preprocessor
from zoo.runtime.image import fit_image, flat
from zoo.runtime.input_errors import is_missing
from zoo.runtime.label_map import label_map
from zoo.runtime.rows import normalize, to_model_input
from zoo.runtime.user_warnings import warn_user
from zoo.specs import ImageInput

__all__ = [
    "ImagePreprocessor",
    "describe",
    "fitted_mask",
    "image_to_tensor",
    "input_warning",
    "inverted",
    "open_image",
    "thumbnail",
]

BLOCK = 8  # pixels of a block of a random label map
THUMBNAIL = 224  # pixels: what a result keeps of its picture
LARGE = 1 << 24  # pixels of a picture of which no further copies are made
TWELVE_BITS = 4095  # white of 12 bits, and nearly black of 16
OVERSHOOT = 1e-3  # how far a resized picture may overshoot the range of its numbers


class ImagePreprocessor(Preprocessor[ImageInput]):
    """Pictures become pixels; a float tensor is taken as prepared already."""

    def split_items(self, raw: Any, input_spec: ImageInput) -> tuple[list[Any], bool]:
        """Take a picture or a list of pictures, or a batch as tensor or array.

        A batch has four axes, or it has rows of pixels, (pictures, height * width *
        channels), as tables of pictures do; one such row is a picture.
        """
        rows = _rows_of_pixels(raw, input_spec)
        if rows is not None:
            raw, single = rows, raw.ndim == 1
            if single:
                return list(raw), True
        batched = isinstance(raw, (Tensor, np.ndarray)) and raw.ndim == 4
        if not batched and not isinstance(raw, (list, tuple)):
            return [raw], True
        items = list(raw)
        if not items:
            what = "batch" if batched else "list"
            raise InputError(f"The {what} is empty.", describe(input_spec))
        return items, False

    def load_item(self, item: Any, input_spec: ImageInput) -> Any:
        """Open a picture; a float tensor is taken as prepared already."""
        if isinstance(item, Tensor):
            return _prepared_already(item, input_spec)
        return open_image(item, input_spec)

    def collate(
        self, opened: Sequence[Any], input_spec: ImageInput, *, invert: bool = False
    ) -> Tensor:
        """Return opened pictures as (B, channels, height, width)."""
        if any(isinstance(one, Tensor) for one in opened):
            stacked = torch.stack(
                [
                    one if isinstance(one, Tensor) else image_to_tensor(one, input_spec)
                    for one in opened
                ]
            )
        else:
            stacked = _to_tensors(opened, input_spec)
        return inverted(stacked, input_spec) if invert else stacked

    def steps(
        self, input_spec: ImageInput, *, invert: bool = False, **options: Any
    ) -> list[str]:
        """Return the steps of a picture; a float tensor is taken as prepared."""
        size = f"{input_spec.width}x{input_spec.height}"
        colors = input_spec.label_colors
        by = f"{input_spec.resample} resampling"
        mode = "grey" if input_spec.channels == 1 else "colour"
        steps = [f"Open a picture, the right way up, in 8-bit {mode}."]
        if colors:
            steps.append(f"Bring each pixel to the nearest of {len(colors)} colours.")
        if input_spec.crop < 1:
            shorter = int(input_spec.width / input_spec.crop)
            steps.append(f"Resize the shorter side to {shorter} by {by}.")
            steps.append(f"Crop the middle, {size}.")
        elif input_spec.fit == "keep":
            size = "the picture's size"
        elif input_spec.fit == "stretch":
            steps.append(f"Stretch it to {size} by {by}.")
        elif input_spec.background is None:
            steps.append(f"Fill {size} by {by}; crop what is left over on both sides.")
        else:
            steps.append(f"Fit it into {size} by {by}, on its own ground.")
        steps.append("Scale the pixels to 0..1.")
        if invert:
            steps.append("Exchange dark and light.")
        if [*input_spec.mean, *input_spec.std] != [0, 1]:
            mean, std = (
                ", ".join(f"{value:g}" for value in values)
                for values in (input_spec.mean, input_spec.std)
            )
            steps.append(f"Subtract the mean ({mean}) and divide by ({std}).")
        return [*steps, f"Give a float32 tensor {_shape(input_spec)}."]

    def inverse(
        self,
        tensor: Tensor,
        input_spec: ImageInput,
        *,
        invert: bool = False,
        **options: Any,
    ) -> Image.Image:
        """Return prepared pixels, (C, H, W), as a picture; beyond 0..255 is cut off."""
        prepared = _prepared_already(tensor, input_spec)
        if invert:
            prepared = inverted(prepared, input_spec)
        mean, std = _by_channel(input_spec.mean), _by_channel(input_spec.std)
        pixels = ((prepared * std + mean) * 255).round().clamp(0, 255).byte()
        return Image.fromarray(pixels.permute(1, 2, 0).squeeze(-1).numpy())

    def input_warnings(
        self, batch: Tensor, input_spec: ImageInput
    ) -> list[InputWarning]:
        found = input_warning(batch, input_spec)
        return [InputWarning(*found)] if found else []

    def streamed(
        self,
        rows: Mapping[str, Any],
        name: str,
        numbers: Sequence[int],
        input_spec: ImageInput,
    ) -> Tensor:
        """Return pictures as bytes, brought to the model's size as in `zoo.predict`."""
        arrays = []
        for number, stored in zip(numbers, rows[name], strict=True):
            try:
                raw = stored["bytes"] or stored["path"]
                image = fit_image(open_image(raw, input_spec), input_spec)
            except InputError as exc:
                raise DataError(f"row {number}: {exc.problem}") from exc
            arrays.append(np.asarray(image))
        pixels = torch.from_numpy(np.stack(arrays))
        return pixels.unsqueeze(1) if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)

    def prepared(self, rows: Tensor, input_spec: ImageInput) -> Tensor:
        """Return bytes as normalised floats; floats are prepared already."""
        if rows.dtype != torch.uint8:
            return rows
        return normalize(to_model_input(rows), input_spec)

    def graph_input(self, input_spec: ImageInput) -> GraphInput:
        """Take pictures of one size as bytes, (batch, height, width, channels)."""
        kept = {2: "height", 3: "width"} if input_spec.fit == "keep" else {}
        return GraphInput(
            name="image",
            axes={0: "batch", **kept},
            module=ImageModule(input_spec),
            raw_axes={0: "batch", 1: "height", 2: "width"},
        )

    def synthetic(
        self, input_spec: ImageInput, rows: int, random: torch.Generator
    ) -> Tensor:
        shape = (rows, input_spec.channels, input_spec.height, input_spec.width)
        if input_spec.label_colors:
            return _random_label_maps(input_spec, rows, random)
        return torch.randint(256, shape, generator=random, dtype=torch.uint8)


def _random_label_maps(
    input_spec: ImageInput, rows: int, random: torch.Generator
) -> Tensor:
    """Return label maps of random blocks, (rows, 3, height, width), as bytes."""
    colors = torch.tensor([one.color for one in input_spec.label_colors])
    shape = (rows, -(-input_spec.height // BLOCK), -(-input_spec.width // BLOCK))
    label = torch.randint(len(colors), shape, generator=random)
    blocks = label.repeat_interleave(BLOCK, 1).repeat_interleave(BLOCK, 2)
    maps = colors[blocks[:, : input_spec.height, : input_spec.width]]
    return maps.permute(0, 3, 1, 2).to(torch.uint8)


def describe(input_spec: ImageInput) -> str:
    """Return what the model takes, in words for an error message."""
    kind = "a grey picture" if input_spec.channels == 1 else "a colour picture"
    if input_spec.label_colors:
        colors = ", ".join(map(str, input_spec.label_colors))
        kind = f"a label map, which has these colours alone: {colors}; it is a picture"
    return (
        f"{kind}: a file's path or bytes, a PIL image, an array (height, "
        f"width) or (height, width, channels), or a float tensor {_shape(input_spec)} "
        "of prepared pixels"
    )


def open_image(raw: Any, input_spec: ImageInput) -> Image.Image:
    """Return a path, PIL image or array as an upright 8-bit image of the right mode."""
    if isinstance(raw, (str, os.PathLike, bytes, Image.Image)):
        try:
            return _plain(_upright(raw), input_spec)
        except InputError as exc:
            raise InputError(exc.problem, describe(input_spec)) from exc.__cause__
    if is_missing(raw):
        raise InputError(f"There is no picture ({raw}).", describe(input_spec))
    if isinstance(raw, np.ndarray):
        return _plain(_from_array(raw, input_spec), input_spec)
    problem = f"{a_type(raw)} is not a picture."
    raise InputError(problem, describe(input_spec))


def image_to_tensor(image: Image.Image, input_spec: ImageInput) -> Tensor:
    """Return an opened image as prepared pixels (C, H, W), float32."""
    return _to_tensors([image], input_spec)[0]


def _to_tensors(images: Sequence[Image.Image], input_spec: ImageInput) -> Tensor:
    """Return opened images as prepared pixels (B, C, H, W), float32."""
    arrays = [np.asarray(fit_image(one, input_spec), np.uint8) for one in images]
    stacked = np.stack(arrays)
    shape = (*stacked.shape[:3], input_spec.channels)
    rows = torch.from_numpy(stacked).view(shape).permute(0, 3, 1, 2)
    # Copied, not made contiguous: of one channel, strides would stay those of channels
    # last, for which convolutions take other kernels, and round otherwise.
    scaled = torch.empty(rows.shape).copy_(rows).div_(255)
    if [*input_spec.mean, *input_spec.std] == [0, 1]:
        return scaled
    return (scaled - _by_channel(input_spec.mean)) / _by_channel(input_spec.std)


def fitted_mask(numbers: np.ndarray[Any, Any], input_spec: ImageInput) -> Tensor:
    """Return the numbers of a picture's pixels, (height, width), in the size the model
    takes: no number is mixed with its neighbour."""
    size = (input_spec.width, input_spec.height)
    small = Image.fromarray(numbers).resize(size, Image.Resampling.NEAREST)
    return torch.from_numpy(np.array(small))


def _rows_of_pixels(raw: Any, input_spec: ImageInput) -> Any:
    """Return rows of pixels as pictures of the model's size; None of anything else."""
    if not isinstance(raw, (Tensor, np.ndarray)) or raw.ndim not in (1, 2):
        return None
    high, wide, channels = input_spec.height, input_spec.width, input_spec.channels
    if raw.shape[-1] != high * wide * channels or tuple(raw.shape) == (high, wide):
        return None
    if isinstance(raw, Tensor):
        return raw.reshape(-1, channels, high, wide)
    return raw.reshape(-1, high, wide, channels)


def thumbnail(opened: Any) -> Image.Image | None:
    """Return a small copy of an opened picture; of anything else, none."""
    if not isinstance(opened, Image.Image):
        return None
    small = opened.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    return small


def inverted(batch: Tensor, input_spec: ImageInput) -> Tensor:
    """Return prepared pixels with dark and light exchanged."""
    mean, std = _by_channel(input_spec.mean), _by_channel(input_spec.std)
    return (1 - 2 * mean) / std - batch


def input_warning(batch: Tensor, input_spec: ImageInput) -> tuple[str, str] | None:
    """Return what looks wrong about prepared pixels: its kind, and a sentence.

    The range of the training data follows from mean and std; a tensor far outside was
    not prepared as the training data was.
    """
    ends = torch.tensor([0.0, 1.0]).view(-1, 1, 1, 1)
    ends = (ends - _by_channel(input_spec.mean)) / _by_channel(input_spec.std)
    low, high = ends.min().item(), ends.max().item()
    missing = _missing(batch, low, high)
    if missing:
        return "range", (
            f"The pixels run from {batch.min().item():.3g} to "
            f"{batch.max().item():.3g}, in training from {low:.3g} to {high:.3g}: "
            f"{missing}, or give zoo.predict the picture itself."
        )
    bright = (_border(batch).mean().item() - low) / (high - low)
    if min(input_spec.std) < 0:  # dark and light are exchanged on the way
        bright = 1 - bright
    if (input_spec.background == "dark" and bright > 0.75) or (
        input_spec.background == "light" and bright < 0.25
    ):
        other = "light" if input_spec.background == "dark" else "dark"
        return "background", (
            f"The background is {other}; the model was trained on a "
            f"{input_spec.background} one: pass invert=True (--invert)."
        )
    return None


def _missing(batch: Tensor, low: float, high: float) -> str | None:
    """Return the transform that would bring pixels into low..high, if they are out."""
    least, most = batch.min().item(), batch.max().item()
    slack = 0.5 * (high - low)
    if low <= -1 and 0 <= least < 0.1 and 0.9 < most <= 1:
        return "subtract the mean and divide by the standard deviation"
    if most <= high + slack and least >= low - slack:
        return None
    if least >= 0 and most > 2:
        return "divide by 255"
    return "leave out the normalising" if (low, high) == (0, 1) else "normalise first"


def _prepared_already(item: Tensor, input_spec: ImageInput) -> Tensor:
    fits = (input_spec.channels, input_spec.height, input_spec.width)
    if input_spec.fit == "keep" and item.ndim == 3 and item.numel():
        fits = (input_spec.channels, *item.shape[1:])
    if tuple(item.shape) != fits:
        shape = _shape(input_spec)
        problem = f"The tensor has shape {tuple(item.shape)}, not {shape}."
        raise InputError(problem, describe(input_spec))
    if not item.dtype.is_floating_point:
        problem = f"The tensor has type {item.dtype}; prepared pixels are floats."
        raise InputError(problem, describe(input_spec))
    if not item.isfinite().all():
        raise InputError("The tensor holds NaN or infinity.", describe(input_spec))
    return item.detach().cpu().float()


def _shape(input_spec: ImageInput) -> str:
    """Return the shape of a prepared picture, for a message."""
    if input_spec.fit == "keep":
        return f"({input_spec.channels}, height, width)"
    return str((input_spec.channels, input_spec.height, input_spec.width))


def _upright(raw: str | os.PathLike[str] | bytes | Image.Image) -> Image.Image:
    """Return a loaded picture the right way up."""
    if isinstance(raw, Image.Image):
        return image_file.upright(image_file.loaded(raw, "The picture"))
    return image_file.decode(raw, "The file" if isinstance(raw, bytes) else str(raw))


def _from_array(array: np.ndarray[Any, Any], input_spec: ImageInput) -> Image.Image:
    flat = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    fits = flat.ndim == 2 or (flat.ndim == 3 and flat.shape[-1] in (3, 4))
    if not fits or 0 in flat.shape:
        hint = ""
        if array.ndim == 3 and array.shape[0] in (1, 3, 4):
            hint = " Put the channels last: array.transpose(1, 2, 0)."
        problem = f"The array has shape {array.shape}.{hint}"
        raise InputError(problem, describe(input_spec))
    return Image.fromarray(np.ascontiguousarray(_eight_bits(flat, input_spec)))


def _eight_bits(array: np.ndarray[Any, Any], input_spec: ImageInput) -> Any:
    """Return numbers as bytes; white is the largest value of their type."""
    if np.ma.is_masked(array):
        place = tuple(map(int, np.argwhere(np.ma.getmaskarray(array))[0]))
        problem = (
            f"The array is masked at {place}, and a picture has every pixel: fill "
            "them, as in array.filled(0)."
        )
        raise InputError(problem, describe(input_spec))
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if array.dtype.kind not in "uif":
        problem = f"The array has type {array.dtype}."
        raise InputError(problem, describe(input_spec))
    if not np.isfinite(array).all():
        raise InputError("The array holds NaN or infinity.", describe(input_spec))
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        _check_white(array.max(), 0, input_spec)
        return _by_257(array)
    most, kind = (1, "Floats") if array.dtype.kind == "f" else (255, "Whole numbers")
    lowest, highest = array.min(), array.max()
    if lowest < -OVERSHOOT * most or highest > (1 + OVERSHOOT) * most:
        problem = f"{kind} should lie in 0..{most}, not {lowest:.4g}..{highest:.4g}."
        if most == 1 and lowest >= 0 and highest <= 255:
            problem += " Of 0..255, give array / 255."
        elif most == 1 and lowest >= -1 and highest <= 1:
            problem += " Of -1..1, give (array + 1) / 2."
        raise InputError(problem, describe(input_spec))
    if 0 < highest <= most / 255:  # as of a mask, or of what was divided twice
        problem = (
            f"{kind} lie in 0..{most}, and these end at {highest:.4g}, so they would "
            f"be nearly black. If that is white, give array / {highest:.4g}; if they "
            "are this dark, make them lighter."
        )
        raise InputError(problem, describe(input_spec))
    return np.rint(array.clip(0, most) * (255 / most)).astype(np.uint8)


def _plain(image: Image.Image, input_spec: ImageInput) -> Image.Image:
    """Return the image in 8 bits and the model's mode; a label map in its colours."""
    image = _flat(image, input_spec)
    colors = input_spec.label_colors
    if not colors:
        return image
    if image.width * image.height > LARGE:
        return image_file.in_strips(image, lambda strip: label_map(strip, colors))
    return label_map(image, colors)


def _flat(image: Image.Image, input_spec: ImageInput) -> Image.Image:
    """Return the image in 8 bits, without transparency, in the model's mode."""
    if image.mode.startswith("I;16"):
        _check_white(np.asarray(image).max(), 0, input_spec)
        image = image_file.in_strips(
            image, lambda strip: Image.fromarray(_by_257(np.asarray(strip)))
        )
    elif image.mode in ("I", "F"):
        deep = np.asarray(image)
        if not np.isfinite(deep).all():
            raise InputError("The picture holds NaN or infinity.", describe(input_spec))
        # Some releases of Pillow read a PNG of 16 bits as one of 32.
        _check_white(deep.max(), 0 if image.format == "PNG" else 255, input_spec)
    if image.width * image.height <= LARGE:
        return flat(image, input_spec)
    return _flat_large(image, input_spec)


def _by_257(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return 16 bits as 8, rounded."""
    return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _flat_large(image: Image.Image, input_spec: ImageInput) -> Image.Image:
    """Return the same in less memory than several copies of the image take."""
    clear = "A" in image.getbands() or "transparency" in image.info
    deep = image.mode in ("I", "F")
    if not deep and not (clear and input_spec.background):
        return image_file.in_strips(image, lambda strip: flat(strip, input_spec))
    # Which white, or which paper, depends on all pixels: a smaller copy has to do.
    share = math.ceil(math.sqrt(image.width * image.height / LARGE))
    small = image_file.in_strips(
        image,
        lambda strip: (strip if deep else strip.convert("RGBA")).reduce(share),
        rows=share,
    )
    sizes = (*image.size, *small.size)
    warn_user(image_file.SMALLER.format("The picture", *sizes))
    return flat(small, input_spec)


def _check_white(highest: float, eight_bits: int, input_spec: ImageInput) -> None:
    """Refuse pixels of 16 bits whose largest value says that they are of fewer.

    Up to `eight_bits` they are taken for 8 bits by what follows.
    """
    if not eight_bits < highest <= TWELVE_BITS:
        return
    bits, remedy = (8, "astype('uint8')") if highest <= 255 else (12, "/ 4095")
    problem = (
        f"The pixels are of 16 bits and end at {highest:.0f}, so they would be nearly "
        f"black. If they are of {bits} bits, give them as an array {remedy}; if they "
        "are this dark, make them lighter."
    )
    raise InputError(problem, describe(input_spec))


def _border(batch: Tensor) -> Tensor:
    sides = (batch[..., 0, :], batch[..., -1, :], batch[..., 0], batch[..., -1])
    return torch.cat([side.flatten() for side in sides])


def _by_channel(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values).view(-1, 1, 1)
