"""Several things in one picture, by a model that names one: every window votes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from zoo.errors import InputError, OptionError
from zoo.inference.conv_trunk import over_windows
from zoo.inference.window_grid import (
    OPTIONS,
    Grid,
    Windows,
    count_votes,
    grid,
    non_maximum_suppression,
    window_sizes,
)
from zoo.models.metadata import model_metadata
from zoo.preprocessing import image
from zoo.preprocessing.preprocessor import InputWarning
from zoo.runtime.eval_mode import forward_on_device
from zoo.specs import ClassOutput, ImageInput, Trunk
from zoo.tasks.image_classification import TASK
from zoo.tasks.results.vision import Detection, Detections

__all__ = ["slide"]

MAX_PICTURE_SIDE = 1024  # pixels: what a result keeps of its picture
MAX_BATCH_VALUES = (
    8 * 3 * 224 * 224
)  # numbers in a batch: with more, a CPU waits for its memory


def slide(
    model: nn.Module, opened: Any, given: Windows, *, batch_size: int, **options: Any
) -> tuple[Detections, list[InputWarning]]:
    """Return what windows over an opened picture detect, and warnings about it.

    `batch_size` is the most windows of pixels that pass the model at once. `options`
    are those of the task. Raises InputError, and OptionError where `given` fits neither
    the picture nor the model.
    """
    input_spec, output_spec = TASK.signature(model_metadata(model).spec)
    if not isinstance(opened, Image.Image):
        problem = "Windows slide over a picture, not over prepared pixels."
        raise InputError(problem, image.describe(input_spec))
    trunk = _trunk(model, given)
    grids = _grids(model, opened, given, trunk)
    votes: list[Detection] = []
    warnings: list[InputWarning] = []
    for each in grids:
        canvas = _canvas(opened, each, input_spec, options)
        warnings = warnings or TASK.input_warnings(canvas, input_spec)
        outputs = _window_outputs(model, trunk, canvas, each, batch_size)
        votes += _votes(outputs, each, given, output_spec)
    detections = Detections(
        objects=non_maximum_suppression(votes, given.overlap),
        size=opened.size,
        known=output_spec.labels,
        windows=sum(len(each.corners) for each in grids),
        votes=count_votes(votes),
        by="features" if trunk else "pixels",
        picture=_thumbnail(opened),
    )
    return detections, warnings


def _trunk(model: nn.Module, given: Windows) -> Trunk | None:
    """Return the trunk that serves all windows, None for windows of pixels."""
    spec = model_metadata(model).spec
    if given.by == "features" and spec.trunk is None:
        problem = (
            "it declares no trunk, so it allows no windows by='features'. Choose "
            "by='pixels', or name the last feature map of a convolutional network in "
            "ModelSpec.trunk."
        )
        raise OptionError(spec.name, problem, OPTIONS)
    return None if given.by == "pixels" else spec.trunk


def _grids(
    model: nn.Module, picture: Image.Image, given: Windows, trunk: Trunk | None
) -> list[Grid]:
    spec = model_metadata(model).spec
    (input_spec, _), cell = TASK.signature(spec), trunk.stride if trunk else 1
    try:
        return [
            grid(picture.size, input_spec, size, given.stride, cell)
            for size in window_sizes(given, picture.size, input_spec)
        ]
    except ValueError as exc:
        raise OptionError(spec.name, str(exc), OPTIONS) from exc


def _canvas(
    picture: Image.Image, over: Grid, input_spec: ImageInput, options: dict[str, Any]
) -> Tensor:
    """Return the picture, prepared at the size of the canvas, (1, C, H, W)."""
    high, wide = over.canvas
    resample = Image.Resampling[input_spec.resample.upper()]
    fitted = picture.resize((wide, high), resample)
    whole = replace(input_spec, height=high, width=wide, crop=1.0)
    return TASK.collate([fitted], whole, **options)


def _window_outputs(
    model: nn.Module, trunk: Trunk | None, canvas: Tensor, over: Grid, batch_size: int
) -> Tensor:
    """Return the model's output for each window."""
    if trunk is not None:
        return over_windows(model, trunk, canvas, over.corners)
    first = next(model.parameters(), None)
    if first is None or first.device.type == "cpu":
        numbers = canvas.shape[1] * over.window[0] * over.window[1]
        batch_size = min(batch_size, max(1, MAX_BATCH_VALUES // numbers))
    return torch.cat(
        [forward_on_device(model, part) for part in _cut(canvas, over, batch_size)]
    )


def _cut(canvas: Tensor, over: Grid, batch_size: int) -> Iterator[Tensor]:
    """Yield the windows of a canvas as batches (B, C, height, width)."""
    high, wide = over.window
    for start in range(0, len(over.corners), batch_size):
        yield torch.cat(
            [
                canvas[:, :, top : top + high, left : left + wide]
                for top, left in over.corners[start : start + batch_size]
            ]
        )


def _votes(
    outputs: Tensor, over: Grid, given: Windows, output_spec: ClassOutput
) -> Iterator[Detection]:
    """Yield what each window is for: its best label, or each one that holds, if it is
    sure enough."""
    labels: Sequence[str] = given.labels or output_spec.labels
    scores = TASK.scores(outputs, output_spec)
    scores = scores[:, [output_spec.labels.index(name) for name in labels]]
    sure = scores >= given.threshold
    if not output_spec.multi_label:
        best = torch.zeros_like(sure)
        best[torch.arange(len(best)), scores.argmax(dim=1)] = True
        sure &= best
    for number, place in sure.nonzero().tolist():
        score = scores[number, place].item()
        yield Detection(label=labels[place], score=score, box=over.box(number))


def _thumbnail(picture: Image.Image) -> Image.Image:
    small: Image.Image = picture.copy()
    small.thumbnail((MAX_PICTURE_SIDE, MAX_PICTURE_SIDE))
    return small
