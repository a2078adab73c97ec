"""The report of a GAN: what its model card says of it.

Baselines fitted on the training rows, how a classifier of the same images reads the
samples, how near these are to training images, and images.
"""

import io
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import one_hot

import zoo
from zoo import Run
from zoo.recipes import TensorRows, baselines, predict_batches, to_model_input
from zoo.recipes.metrics import extract_features, feature_diversity, frechet_distance
from zoo.recipes.sampling import draw_samples
from zoo.results import GeneratedImage, image_grid
from zoo_gan.dcgan_recipe import CLASSIFIER, data, pixels

__all__ = ["evaluate", "nearest", "report"]

ZOOM = 2  # how much larger an image is shown
COMPONENTS = 20  # as many as the latent dimensions of a small VAE
CONFIDENT = 0.9  # score of the classifier
NEIGHBOR_SAMPLES = 1000  # samples whose nearest neighbors are looked for
NEAR = 0.01  # share of test digits that count as very near to a training digit
COLUMNS = 12  # of images side by side
FRAME_MS = 400


def evaluate(model: Any, rows: TensorRows) -> dict[str, float]:
    """Return the metric, of as many samples as there are rows."""
    samples = pixels(draw_samples(model, len(rows), seed=0))
    classifier = zoo.load(CLASSIFIER)
    return {
        "frechet_distance": frechet_distance(
            classifier, samples, to_model_input(rows.input)
        )
    }


def report(model: Any, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    classifier = zoo.load(CLASSIFIER)
    if "samples" in run.artifacts:
        run.log_figure("epochs", _animation(run.artifacts["samples"]), EPOCHS)
    image, train_image = (
        to_model_input(test_rows.input),
        to_model_input(train_rows.input),
    )
    samples = pixels(draw_samples(model, len(image), seed=0))
    _add_baselines(run, train_rows, image, classifier)
    _note_classified(run, classifier, image, samples)
    other_real, features = (
        train_image[: len(image)],
        extract_features(classifier, image),
    )
    run.log_summary(
        frechet_distance_real=frechet_distance(classifier, other_real, image),
        variety=feature_diversity(extract_features(classifier, samples), features),
        variety_real=feature_diversity(
            extract_features(classifier, other_real), features
        ),
    )
    run.log_figure("samples", _png(_sheet(samples[: 8 * COLUMNS])), SAMPLES)
    _add_neighbors(
        run, samples[:NEIGHBOR_SAMPLES], image[:NEIGHBOR_SAMPLES], train_image
    )
    run.log_figure("interpolation", _png(_interpolations(model)), INTERPOLATION)


SAMPLES = "The first samples of seed zero, none left out."
INTERPOLATION = "Linear interpolations between two rows of noise, one a row."
EPOCHS = "Samples of the same noise after each epoch of training."
NEIGHBORS = (
    "The samples that are nearest to a training digit, and below each that digit."
)


def _add_baselines(
    run: Run, train_rows: TensorRows, image: Tensor, classifier: nn.Module
) -> None:
    """Add independent pixels, and some principal components."""
    train_image = to_model_input(train_rows.input)
    generator = torch.Generator().manual_seed(0)
    rows = torch.randint(
        len(train_image), (len(image), image[0].numel()), generator=generator
    )
    mixed = train_image.flatten(start_dim=1).gather(0, rows).view_as(image)
    mean, components, std = baselines.pca(train_rows, COMPONENTS)
    noise = torch.randn(len(image), COMPONENTS, generator=generator).double() * std
    sampled = (mean + noise @ components.T).clamp(0, 1).float().view_as(image)
    for name, samples in {
        "independent pixels": mixed,
        f"{COMPONENTS} principal components": sampled,
    }.items():
        run.log_baseline(
            name, frechet_distance=frechet_distance(classifier, samples, image)
        )


def _note_classified(
    run: Run, classifier: nn.Module, image: Tensor, samples: Tensor
) -> None:
    """Note how a classifier reads test images and samples."""
    real, generated = (
        predict_batches(classifier, one).softmax(dim=1).max(dim=1)
        for one in (image, samples)
    )
    classes = one_hot(generated.indices, 10).float().mean(dim=0)
    run.log_summary(
        low_confidence_samples=(generated.values < CONFIDENT).float().mean().item(),
        low_confidence_real=(real.values < CONFIDENT).float().mean().item(),
        min_class_fraction=classes.min().item(),
        max_class_fraction=classes.max().item(),
    )


def _add_neighbors(
    run: Run, samples: Tensor, image: Tensor, train_image: Tensor
) -> None:
    """Add how near samples are to training images, beside test images, and a plot."""
    sample_distance, which = nearest(samples, train_image)
    real_distance, _ = nearest(image, train_image)
    very_near = sample_distance < real_distance.quantile(NEAR)
    run.log_summary(
        nearest_distance_median=sample_distance.median().item(),
        nearest_distance_median_real=real_distance.median().item(),
        nearest_distance_min=sample_distance.min().item(),
        nearest_distance_min_real=real_distance.min().item(),
        very_near=very_near.float().mean().item(),
    )
    closest = sample_distance.argsort()[:COLUMNS]
    images = torch.cat([samples[closest], train_image[which[closest]]])
    run.log_figure("neighbors", _png(_sheet(images)), NEIGHBORS)


def nearest(rows: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Return for each row the Euclidean distance to the nearest of the others, and
    which it is."""
    flat = others.flatten(start_dim=1)
    minima = [
        torch.cdist(batch, flat).min(dim=1)
        for batch in rows.flatten(start_dim=1).split(100)
    ]
    distances, which = zip(*minima, strict=True)
    return torch.cat(distances), torch.cat(which)


def _interpolations(model: Any, count: int = 6) -> Image.Image:
    """Return interpolations between two rows of noise each."""
    generator = torch.Generator().manual_seed(0)
    ends = torch.randn(count, 2, model.latent_dim, generator=generator)
    results = []
    for start, end in ends:
        results += zoo.interpolate(model, start, end, steps=COLUMNS)
    images = [one.image for one in results if isinstance(one, GeneratedImage)]
    return image_grid(images, columns=COLUMNS)


def _sheet(images: Tensor) -> Image.Image:
    """Return images, pixels in 0..1, (count, 1, height, width), in rows."""
    bytes_ = images[:, 0].mul(255).round().byte().numpy()
    return image_grid([Image.fromarray(one) for one in bytes_], columns=COLUMNS)


def _zoomed(image: Image.Image) -> Image.Image:
    size = (ZOOM * image.width, ZOOM * image.height)
    return image.resize(size, Image.Resampling.NEAREST)


def _animation(epochs: list[Tensor]) -> bytes:
    """Return samples after each epoch, in bytes, as an animated GIF."""
    first, *rest = [_zoomed(_sheet(samples / 255)) for samples in epochs]
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


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    _zoomed(image).save(file, format="PNG")
    return file.getvalue()
