"""A picture in, the same picture out: through a short code, or without noise.

The Hub's tag is image-to-image, as of other models that give pictures: the output
tells. A model with `ImageOutput(noise=0)` gives what it was given, and one with more
noise gives it without. Both are measured, and fine-tuned, on pictures alone.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from zoo.models.metadata import model_metadata
from zoo.runtime import image_generation, image_quality
from zoo.runtime.eval_mode import forward_on_device
from zoo.runtime.image import fit_image
from zoo.specs import ImageInput, ImageOutput, Input, ModelSpec, Output
from zoo.tasks._pictures_alone import PicturesAlone, opened, pixel_bytes
from zoo.tasks._task import Figures, RawRows

__all__ = ["ImageReconstruction"]

COPIES = 4  # of a picture, each with other noise


class ImageReconstruction(PicturesAlone):
    """Targets are pictures as the model sees them, bytes (B, channels, H, W)."""

    input_types = (ImageInput,)
    finetune_defaults: ClassVar[Mapping[str, Any]] = {"freeze": "none", "lr": 1e-3}

    @classmethod
    def handles(cls, output_spec: Output) -> bool:
        return isinstance(output_spec, ImageOutput) and output_spec.noise is not None

    def learns_from_inputs(self, spec: ModelSpec) -> bool:
        return True

    def measures(self, spec: ModelSpec) -> bool:
        return True

    def selection_metric(
        self, *, balance: bool, output_spec: Output | None = None
    ) -> str:
        return "psnr"

    def training_pairs(
        self, item: Any, name: str, spec: ModelSpec
    ) -> Sequence[tuple[Image.Image, Any]]:
        """Return a picture in the model's size and its pixels; with noise, if the model
        removes it, drawn by the name of the picture."""
        input_spec, output_spec = cast(
            tuple[ImageInput, ImageOutput], self.signature(spec)
        )
        seen = opened(self.load_item, item, name, input_spec)
        picture = fit_image(seen, input_spec)
        pixels = pixel_bytes(picture)
        if not output_spec.noise:
            return [(picture, pixels)]
        random = np.random.default_rng(zlib.crc32(name.encode()))
        shape = COPIES, *np.array(picture).shape
        noise = 255 * output_spec.noise * random.standard_normal(shape)
        noisy = (np.array(picture) + noise).round().clip(0, 255).astype(np.uint8)
        return [(Image.fromarray(one), pixels) for one in noisy]

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: Output,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean squared error of pixels in 0..1."""
        assert isinstance(output_spec, ImageOutput), "others have another task"
        sigmoid = output_spec.function_to_apply == "sigmoid"
        made = output.float().sigmoid() if sigmoid else output.float()
        light = (made - output_spec.low) / (output_spec.high - output_spec.low)
        return mse_loss(light, target.to(light.device) / 255)

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: Output
    ) -> dict[str, float]:
        """Return the mean PSNR and SSIM; see `zoo.runtime.image_quality`."""
        made = image_generation.pixels(output, output_spec).mul(255).round()
        return image_quality.quality(made.cpu(), target, border=0)

    @torch.inference_mode()
    def measure_rows(
        self, module: nn.Module, rows: RawRows, **prepare: Any
    ) -> dict[str, float] | None:
        """Return how near a model's answers are to the pictures of rows, with dark and
        light exchanged if `prepare` says `invert`."""
        spec = model_metadata(module).spec
        measured: list[Tensor] = []
        for item, name in zip(rows.items, rows.names, strict=True):
            pairs = self.training_pairs(item, name, spec)
            given = self.collate([one for one, _ in pairs], spec.input, **prepare)
            made = image_generation.pixels(
                forward_on_device(module, given), spec.output
            )
            target = torch.stack([torch.from_numpy(pixels) for _, pixels in pairs])
            if prepare.get("invert"):
                target = 255 - target
            made = made.mul(255).round().cpu()
            measured.append(image_quality.enlarged_errors(made, target, border=0))
        return image_quality.enlarged_summary(torch.cat(measured))

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: Input,
        output_spec: Output,
    ) -> dict[str, Figures]:
        """Return what the noisy picture reaches, or the mean of the training rows."""
        target = self.target_tensor(rows, input_spec, output_spec)
        if getattr(output_spec, "noise", None):
            noisy = [torch.from_numpy(pixel_bytes(one)) for one in rows.items]
            made, name = torch.stack(noisy), "the noise kept"
        else:
            learned = self.target_tensor(training, input_spec, output_spec)
            mean = learned.double().mean(dim=0).round().byte()
            made, name = mean.expand_as(target), "the mean picture"
        return {name: image_quality.quality(made, target, border=0)}
