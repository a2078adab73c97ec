"""A picture in, a picture out. The Hub's tag is image-to-image.

A model whose output is an `ImageOutput` takes and gives pictures of one size. One whose
output is a `ScaledImageOutput` takes a picture of any size, and gives one `scale` times
as wide and as high. It is measured on pictures that were shrunk, by what they were.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import pad

from zoo.errors import DataError, InputError
from zoo.models.metadata import model_metadata
from zoo.runtime import image_quality
from zoo.runtime.eval_mode import forward_on_device
from zoo.specs import ImageInput, ImageOutput, Input, ModelSpec, Output
from zoo.specs import ScaledImageOutput as Scaled
from zoo.tasks._task import RawRows
from zoo.tasks.results.result import Result
from zoo.tasks.unconditional_image_generation import UnconditionalImageGeneration

__all__ = ["TASK"]

TILE = 256  # pixels of the input: what is wider or higher is computed in parts
LEAST = 16  # pixels of a side of a picture that is measured: SSIM has a window


class ImageToImage(UnconditionalImageGeneration):
    input_types = (ImageInput,)
    output_types = (ImageOutput, Scaled)

    def input_options(self, input_spec: Input) -> tuple[str, ...]:
        """Return the options of pictures; one that is only made larger has none, and
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
        if not isinstance(output_spec, Scaled):
            return super().predict(module, given, opened, options)
        results: list[Result] = []
        for (height, width), same in groupby(opened, key=_size):
            items = list(same)
            step = max(1, TILE**2 // (height * width))
            for start in range(0, len(items), step):
                part = items[start : start + step]
                rows = super().collate(part, input_spec)
                output = _enlarged(module, rows, output_spec)
                results += self.postprocess(output, part, output_spec)
        return results

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: Output
    ) -> dict[str, float]:
        """Return PSNR and SSIM; see `zoo.runtime.image_quality`."""
        if not isinstance(output_spec, Scaled):
            return super().compute_metrics(output, target, output_spec)
        return image_quality.metrics(output, target, output_spec)

    def measures(self, spec: ModelSpec) -> bool:
        return isinstance(spec.output, Scaled)

    @torch.inference_mode()
    def measure_rows(
        self, module: nn.Module, rows: RawRows, **prepare: Any
    ) -> dict[str, float] | None:
        """Return the mean PSNR and SSIM of pictures that were shrunk by bicubic
        interpolation and enlarged by the model."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        if not isinstance(output_spec, Scaled):
            return None
        measured: list[dict[str, float]] = []
        for item, name in zip(rows.items, rows.names, strict=True):
            try:
                picture = self.load_item(item, input_spec)
            except InputError as exc:
                raise DataError(f"{name}: {exc.problem}") from exc
            small, target = _pair(picture, name, output_spec.scale)
            output = _enlarged(
                module, super().collate([small], input_spec), output_spec
            )
            measured.append(image_quality.metrics(output.cpu(), target, output_spec))
        return {
            name: sum(one[name] for one in measured) / len(measured)
            for name in measured[0]
        }

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        super().check_output(output, given, spec)
        if isinstance(spec.output, Scaled):
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


def _size(opened: Any) -> tuple[int, int]:
    """Return the height and width of an opened picture, or of prepared pixels."""
    if isinstance(opened, Image.Image):
        return opened.height, opened.width
    height, width = opened.shape[-2:]
    return height, width


def _pair(picture: Image.Image, name: str, scale: int) -> tuple[Image.Image, Tensor]:
    """Return a picture shrunk, and its own pixels as bytes, (1, channels, H, W)."""
    small, large = image_quality.shrink(picture, scale)
    if min(small.size) * scale < LEAST:
        raise DataError(
            f"{name} is {picture.width}x{picture.height}; a picture that is measured "
            f"has {LEAST} pixels at each side, or more."
        )
    pixels = torch.from_numpy(np.array(large))
    return small, pixels.reshape(*pixels.shape[:2], -1).permute(2, 0, 1)[None]


def _enlarged(module: nn.Module, rows: Tensor, output_spec: Scaled) -> Tensor:
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
