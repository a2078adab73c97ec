"""A picture in, a picture out. The Hub's tag is image-to-image.

A model whose output is an `ImageOutput` takes and gives pictures of one size. One whose
output is a `ScaledImageOutput` takes a picture of any size, and gives one `scale` times
as wide and as high. It is measured on pictures that were shrunk, by what they were.
One whose output is a `ColorizedImageOutput` takes a grey picture of any size, and gives
it in colour. It is measured on pictures whose colours were taken away, by these. Both
are fine-tuned on pictures alone, of which their inputs are made. So is a model that
gives what it was given: see `zoo.tasks._image_reconstruction`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, ClassVar, cast

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss, pad

from zoo.errors import DataError
from zoo.models.metadata import model_metadata
from zoo.runtime import image_quality
from zoo.runtime.eval_mode import forward_on_device
from zoo.runtime.lab import rgb_to_lab
from zoo.specs import (
    ColorizedImageOutput,
    ImageInput,
    ImageOutput,
    Input,
    ModelSpec,
    Output,
    ScaledImageOutput,
)
from zoo.tasks._image_reconstruction import ImageReconstruction
from zoo.tasks._pictures_alone import PicturesAlone, opened, pixel_bytes
from zoo.tasks._task import Figures, RawRows
from zoo.tasks.results.result import Result

__all__ = ["TASK"]

TILE = 256  # pixels of the input: what is wider or higher is computed in parts
MOST_PARTS = 64  # squares of a picture that a fine-tuning learns
LEAST = 16  # pixels of a side of a picture that is measured: SSIM has a window
Restored = ScaledImageOutput | ColorizedImageOutput  # as large as their input says


class ImageToImage(PicturesAlone):
    input_types = (ImageInput,)
    output_types = (ImageOutput, ScaledImageOutput, ColorizedImageOutput)
    variants = (ImageReconstruction(),)
    finetune_defaults: ClassVar[Mapping[str, Any]] = {"freeze": "none", "lr": 1e-4}

    def input_options(self, input_spec: Input) -> tuple[str, ...]:
        """Return the options of pictures; one that is only restored has none, and
        neither has a label map, whose colours are no light and dark."""
        plain = _keeps_size(input_spec) or _is_label_map(input_spec)
        return () if plain else super().input_options(input_spec)

    def collate(
        self, opened: Sequence[Any], input_spec: Input, **options: Any
    ) -> Tensor:
        """Return pictures as a batch; of those that keep their sizes, one corner each:
        many photographs at once, as floats, would not fit into memory."""
        if isinstance(input_spec, ImageInput) and input_spec.fit == "keep":
            opened = [_corner(one, input_spec) for one in opened]
        return super().collate(opened, input_spec, **options)

    def predict(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return a picture for each; small ones of one size, one after the other, in
        one pass."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        if not isinstance(output_spec, Restored):
            return super().predict(module, given, opened, options)
        results: list[Result] = []
        for (height, width), same in groupby(opened, key=_size):
            items = list(same)
            step = max(1, TILE**2 // (height * width))
            for start in range(0, len(items), step):
                part = items[start : start + step]
                rows = super().collate(part, input_spec)
                output = _restored(module, rows, output_spec)
                results += self.postprocess(output, part, output_spec)
        return results

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: Output
    ) -> dict[str, float]:
        """Return PSNR and SSIM, or the metrics of colours; see
        `zoo.runtime.image_quality`."""
        if not isinstance(output_spec, Restored):
            return super().compute_metrics(output, target, output_spec)
        return image_quality.metrics(output, target, output_spec)

    def measures(self, spec: ModelSpec) -> bool:
        return isinstance(spec.output, Restored)

    @torch.inference_mode()
    def measure_rows(
        self, module: nn.Module, rows: RawRows, **prepare: Any
    ) -> dict[str, float] | None:
        """Return the mean PSNR and SSIM of pictures that were shrunk by bicubic
        interpolation and enlarged by the model; or the metrics of the colours of
        pictures that were made grey."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        if not isinstance(output_spec, Restored):
            return None
        whole = replace(cast(ImageInput, input_spec), channels=output_spec.channels)
        measured: list[Tensor] = []
        for item, name in zip(rows.items, rows.names, strict=True):
            picture = opened(self.load_item, item, name, whole)
            given, target = _pair(picture, name, output_spec)
            output = _restored(
                module, super().collate([given], input_spec), output_spec
            )
            measured.append(image_quality.errors(output.cpu(), target, output_spec))
        return image_quality.summary(torch.cat(measured), output_spec)

    # Fine-tuning

    def learns_from_inputs(self, spec: ModelSpec) -> bool:
        return isinstance(spec.output, Restored)

    def selection_metric(
        self, *, balance: bool, output_spec: Output | None = None
    ) -> str:
        return "ab_psnr" if isinstance(output_spec, ColorizedImageOutput) else "psnr"

    def training_pairs(
        self, item: Any, name: str, spec: ModelSpec
    ) -> Sequence[tuple[Image.Image, Any]]:
        """Return what is shown of a picture, and the original of each as bytes, (3, H,
        W): of one to be enlarged squares of the shrunk one, of a grey one its middle.

        Squares are of the size of the training rows. Of many, some are taken, at even
        distances.
        """
        input_spec, output_spec = self.signature(spec)
        assert isinstance(input_spec, ImageInput), "of a model that restores pictures"
        whole = replace(input_spec, channels=getattr(output_spec, "channels", 3))
        picture = opened(self.load_item, item, name, whole)
        if isinstance(output_spec, ColorizedImageOutput):
            square = ImageOps.fit(picture, (input_spec.width, input_spec.height))
            return [(square.convert("L"), pixel_bytes(square))]
        assert isinstance(output_spec, ScaledImageOutput), "the other that restores"
        return _squares(picture, name, input_spec, output_spec.scale)

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: Output,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean absolute error of pixels, or the squared one of a and b of
        CIE Lab in units of 100; `target` are the originals as bytes."""
        assert isinstance(output_spec, Restored), "others are not fine-tuned"
        made = (output - output_spec.low) / (output_spec.high - output_spec.low)
        original = target.to(made.device) / 255
        if isinstance(output_spec, ScaledImageOutput):
            return l1_loss(made, original)
        ours, theirs = (rgb_to_lab(one)[:, 1:] for one in (made, original))
        return mse_loss(ours / 100, theirs / 100)

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: Input,
        output_spec: Output,
    ) -> dict[str, Figures]:
        """Return what bicubic interpolation reaches, or pictures that stay grey."""
        target = self.target_tensor(rows, input_spec, output_spec)
        size = target.shape[3], target.shape[2]
        resized = [
            one.resize(size, Image.Resampling.BICUBIC).convert("RGB")
            for one in rows.items
        ]
        made = torch.stack([torch.from_numpy(pixel_bytes(one)) for one in resized])
        if isinstance(output_spec, ColorizedImageOutput):
            return {"grey": image_quality.color_quality(made, target)}
        border = getattr(output_spec, "scale", 1)
        measured = image_quality.quality(made, target, border=border)
        return {"bicubic interpolation": measured}

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        super().check_output(output, given, spec)
        if isinstance(spec.output, Restored):
            height, width = (spec.output.scale * side for side in given.shape[2:])
            expected = (len(given), spec.output.channels, height, width)
            assert tuple(output.shape) == expected, f"the output is {output.shape}"


TASK = ImageToImage()


def _keeps_size(input_spec: Input) -> bool:
    return isinstance(input_spec, ImageInput) and input_spec.fit == "keep"


def _is_label_map(input_spec: Input) -> bool:
    return isinstance(input_spec, ImageInput) and bool(input_spec.label_colors)


def _corner(opened: Any, input_spec: ImageInput) -> Any:
    """Return the upper left of a picture or of prepared pixels, of the size that the
    input names; where there is less, with a dark ground."""
    height, width = input_spec.height, input_spec.width
    if isinstance(opened, Image.Image):
        return opened.crop((0, 0, width, height))
    corner = opened[..., :height, :width]
    return pad(corner, (0, width - corner.shape[-1], 0, height - corner.shape[-2]))


def _squares(
    picture: Image.Image, name: str, input_spec: ImageInput, scale: int
) -> list[tuple[Image.Image, np.ndarray[Any, Any]]]:
    """Return squares of a picture that was shrunk, and what each was made of."""
    small, large = image_quality.shrink(picture, scale)
    height, width = input_spec.height, input_spec.width
    places = [
        (left, top)
        for top in range(0, small.height - height + 1, height)
        for left in range(0, small.width - width + 1, width)
    ]
    if not places:
        raise DataError(
            f"{name} is {picture.width}x{picture.height}; a picture that is learned "
            f"has {scale * width}x{scale * height} pixels, or more."
        )
    pairs = []
    for left, top in places[:: -(-len(places) // MOST_PARTS)]:
        right, bottom = left + width, top + height
        of_large = large.crop(
            (scale * left, scale * top, scale * right, scale * bottom)
        )
        pairs.append((small.crop((left, top, right, bottom)), pixel_bytes(of_large)))
    return pairs


def _size(opened: Any) -> tuple[int, int]:
    """Return the height and width of an opened picture, or of prepared pixels."""
    if isinstance(opened, Image.Image):
        return opened.height, opened.width
    height, width = opened.shape[-2:]
    return height, width


def _pair(
    picture: Image.Image, name: str, output_spec: Restored
) -> tuple[Image.Image, Tensor]:
    """Return a picture shrunk, or grey, and its own pixels as bytes, (1, channels, H,
    W)."""
    if isinstance(output_spec, ColorizedImageOutput):
        given, whole = picture.convert("L"), picture
    else:
        given, whole = image_quality.shrink(picture, output_spec.scale)
    if min(given.size) * output_spec.scale < LEAST:
        raise DataError(
            f"{name} is {picture.width}x{picture.height}; a picture that is measured "
            f"has {LEAST} pixels at each side, or more."
        )
    pixels = torch.from_numpy(np.array(whole))
    return given, pixels.reshape(*pixels.shape[:2], -1).permute(2, 0, 1)[None]


def _restored(module: nn.Module, rows: Tensor, output_spec: Restored) -> Tensor:
    """Return a model's output for pictures of one size; of large ones in parts, each
    computed with as much around it as it depends on."""
    height, width = rows.shape[2:]
    scale, reach = output_spec.scale, output_spec.reach
    if not reach or max(height, width) <= TILE:
        return forward_on_device(module, rows).float()
    lines = []
    for top in range(0, height, TILE):
        parts = []
        for left in range(0, width, TILE):
            above, before = min(top, reach), min(left, reach)
            output = forward_on_device(
                module,
                rows[
                    ...,
                    top - above : top + TILE + reach,
                    left - before : left + TILE + reach,
                ],
            )
            rows_kept = slice(scale * above, scale * (above + TILE))
            columns_kept = slice(scale * before, scale * (before + TILE))
            parts.append(output[..., rows_kept, columns_kept].float())
        lines.append(torch.cat(parts, dim=3))
    return torch.cat(lines, dim=2)
