"""The report of a GAN: what its model card says of it.

Baselines fitted on the training rows, how a classifier of the same images reads the
samples, how near these are to training images, and images.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

import zoo
from zoo import Run
from zoo.recipes import TensorRows, baselines, predict_batches, to_model_input
from zoo.recipes.metrics import extract_features, feature_diversity, frechet_distance
from zoo.recipes.sampling import draw_samples
from zoo_gan.dcgan_recipe import CLASSIFIER, data, pixels
from zoo_gan.sheets import COLUMNS, animation, interpolations, png, sheet

__all__ = [
    "EPOCHS",
    "INTERPOLATION",
    "SAMPLES",
    "baseline_samples",
    "evaluate",
    "log_classified",
    "log_neighbors",
    "nearest",
    "report",
]

COMPONENTS = 20  # as many as the latent dimensions of a small VAE
CONFIDENT = 0.9  # score of the classifier
NEIGHBOR_SAMPLES = 1000  # samples whose nearest neighbors are looked for
NEAR = 0.01  # share of test digits that count as very near to a training digit


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
        run.log_figure("epochs", animation(run.artifacts["samples"]), EPOCHS)
    image, train_image = (
        to_model_input(test_rows.input),
        to_model_input(train_rows.input),
    )
    samples = pixels(draw_samples(model, len(image), seed=0))
    for name, drawn in baseline_samples(train_rows, len(image)).items():
        run.log_baseline(
            name, frechet_distance=frechet_distance(classifier, drawn, image)
        )
    log_classified(run, *(predict_batches(classifier, one) for one in (image, samples)))
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
    run.log_figure("samples", png(sheet(samples[: 8 * COLUMNS])), SAMPLES)
    log_neighbors(run, samples, image, train_image)
    run.log_figure("interpolation", png(interpolations(model)), INTERPOLATION)


SAMPLES = "The first samples of seed zero, none left out."
INTERPOLATION = "Linear interpolations between two rows of noise, one a row."
EPOCHS = "Samples of the same noise after each epoch of training."
NEIGHBORS = (
    "The samples that are nearest to a training {what}, and below each that {what}."
)


def baseline_samples(train_rows: TensorRows, count: int) -> dict[str, Tensor]:
    """Return images of independent pixels, and of some principal components."""
    train_image = to_model_input(train_rows.input)
    shape = (count, *train_image.shape[1:])
    generator = torch.Generator().manual_seed(0)
    rows = torch.randint(
        len(train_image), (count, train_image[0].numel()), generator=generator
    )
    mixed = train_image.flatten(start_dim=1).gather(0, rows).view(shape)
    mean, components, std = baselines.pca(train_rows, COMPONENTS)
    noise = torch.randn(count, COMPONENTS, generator=generator).double() * std
    drawn = (mean + noise @ components.T).clamp(0, 1).float().view(shape)
    return {
        "independent pixels": mixed,
        f"{COMPONENTS} principal components": drawn,
    }


def log_classified(run: Run, real_logits: Tensor, sample_logits: Tensor) -> None:
    """Log how a classifier of ten classes reads test images and samples."""
    real, generated = (
        one.softmax(dim=1).max(dim=1) for one in (real_logits, sample_logits)
    )
    classes = one_hot(generated.indices, 10).float().mean(dim=0)
    run.log_summary(
        low_confidence_samples=(generated.values < CONFIDENT).float().mean().item(),
        low_confidence_real=(real.values < CONFIDENT).float().mean().item(),
        min_class_fraction=classes.min().item(),
        max_class_fraction=classes.max().item(),
    )


def log_neighbors(
    run: Run,
    samples: Tensor,
    image: Tensor,
    train_image: Tensor,
    *,
    what: str = "digit",
) -> None:
    """Log how near samples are to training images, beside test images, and a plot."""
    samples, image = samples[:NEIGHBOR_SAMPLES], image[:NEIGHBOR_SAMPLES]
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
    run.log_figure("neighbors", png(sheet(images)), NEIGHBORS.format(what=what))


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
