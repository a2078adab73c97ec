"""What the card of the generator tells: how its images are read, and some of them."""

import io
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import one_hot

import zoo
from zoo import Run
from zoo.recipes import TensorRows, predict_batches, spec_of, to_model_input
from zoo.recipes.metrics import (
    extract_features,
    feature_diversity,
    frechet_from_features,
)
from zoo.recipes.sampling import draw_samples
from zoo.results import image_grid
from zoo_distill.student_recipe import TEACHER, data

__all__ = ["evaluate", "pixels", "report"]

CLASSIFIER = "lenet5-mnist"  # whose features the Fréchet distance is of
CONFIDENT = 0.9  # score of a classifier
FRAME_MS = 400
COLUMNS, ZOOM = 12, 2  # of images side by side, and how much larger they are shown
EPOCHS = "Samples of the same noise after each epoch of training."
SAMPLES = "The first samples of seed zero, none left out."
CLASSES = (
    "Of ten thousand samples, those that the teacher is surest of, a column a digit."
)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the metric, of as many samples as there are rows."""
    samples = pixels(draw_samples(model, len(rows), seed=0), spec_of(model).output)
    real, drawn = (_features(one) for one in (to_model_input(rows.input), samples))
    return {"frechet_distance": frechet_from_features(drawn, real)}


def report(model: nn.Module, run: Run) -> None:
    """Add noise as a baseline, how images are read, and some of them."""
    image = to_model_input(data(run, "test").input)
    other = to_model_input(data(run, "train").input)[: len(image)]
    raw = draw_samples(model, len(image), seed=0)
    samples = pixels(raw, run.spec.output)
    noise = torch.rand(image.shape, generator=torch.Generator().manual_seed(0))
    real, floor, drawn, random = (
        _features(one) for one in (image, other, samples, noise)
    )
    run.log_baseline(
        "uniform noise", frechet_distance=frechet_from_features(random, real)
    )
    teacher = predict_batches(zoo.load(TEACHER), raw).softmax(dim=1)
    reader = predict_batches(zoo.load(CLASSIFIER), samples).softmax(dim=1)
    score, label = teacher.max(dim=1)
    classes = one_hot(label, 10).float().mean(dim=0)
    out: Any = run.spec.output
    run.log_summary(
        frechet_distance_real=frechet_from_features(floor, real),
        variety=feature_diversity(drawn, real),
        variety_real=feature_diversity(floor, real),
        confident=(score > CONFIDENT).float().mean().item(),
        confident_reader=(reader.max(dim=1).values > CONFIDENT).float().mean().item(),
        same_reading=(reader.argmax(dim=1) == label).float().mean().item(),
        min_class_fraction=classes.min().item(),
        max_class_fraction=classes.max().item(),
        clipped=((raw < out.low) | (raw > out.high)).float().mean().item(),
        student_accuracy=run.history[-1]["accuracy"],
    )
    if "samples" in run.artifacts:
        run.log_figure("epochs", _animation(run.artifacts["samples"], out), EPOCHS)
    run.log_figure("samples", _png(_sheet(samples[: 8 * COLUMNS], COLUMNS)), SAMPLES)
    run.log_figure(
        "classes", _png(_sheet(_surest(samples, teacher), teacher.shape[1])), CLASSES
    )


def _surest(samples: Tensor, scores: Tensor, rows: int = 6) -> Tensor:
    """Return for each row of the sheet, of each class, one of the surest samples."""
    return samples[scores.topk(rows, dim=0).indices.flatten()]


def pixels(image: Tensor, output: Any) -> Tensor:
    """Return images of the generator as pixels in 0..1; what is beyond is cut off."""
    shown: Tensor = ((image - output.low) / (output.high - output.low)).clamp(0, 1)
    return shown


def _features(image: Tensor) -> Tensor:
    """Return what another classifier of digits makes of pixels in 0..1."""
    features: Tensor = extract_features(zoo.load(CLASSIFIER), image)
    return features


def _animation(epochs: list[Tensor], output: Any) -> bytes:
    """Return samples after each epoch as an animated GIF."""
    shown = (pixels(one.float(), output) for one in epochs)
    first, *rest = [_sheet(one, COLUMNS) for one in shown]
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


def _sheet(images: Tensor, columns: int) -> Image.Image:
    """Return pixels, (count, 1, height, width), in rows."""
    bytes_ = images[:, 0].mul(255).round().byte().numpy()
    sheet = image_grid([Image.fromarray(one) for one in bytes_], columns=columns)
    size = (ZOOM * sheet.width, ZOOM * sheet.height)
    return sheet.resize(size, Image.Resampling.NEAREST)


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()
