"""The report of a GAN of faces: what its model card says of it.

Baselines fitted on the training rows, how near samples are to training faces, beside
held-out faces, and images. No face of the training data may be shown: all pictures are
of generated ones.
"""

import torch
from torch import Tensor, nn

import zoo
from zoo import Run
from zoo.recipes import TensorRows, to_model_input
from zoo.recipes.metrics import feature_diversity, frechet_from_features
from zoo.recipes.sampling import draw_samples
from zoo_gan.dcgan_face_recipe import CLASSIFIER, data, face_features
from zoo_gan.dcgan_recipe import pixels
from zoo_gan.dcgan_report import EPOCHS, INTERPOLATION, SAMPLES, nearest
from zoo_gan.sheets import animation, interpolations, png, sheet

__all__ = ["evaluate", "gaussian_faces", "report"]

COMPONENTS = 100  # of the baseline: as many as the generator has numbers of noise
COLUMNS = 8  # of faces side by side
UNUSUAL = (
    "The samples, of as many as there are test faces, that are farthest from all "
    "training faces by their features: the worst ones."
)
GAUSSIAN = (
    "What the model is compared with: faces drawn from a normal distribution in the "
    "space of the first principal components of the training faces."
)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the metric, of as many samples as there are rows."""
    samples = pixels(draw_samples(model, len(rows), seed=0))
    classifier = zoo.load(CLASSIFIER)
    real = face_features(classifier, to_model_input(rows.input))
    drawn = face_features(classifier, samples)
    return {"frechet_distance": frechet_from_features(drawn, real)}


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_image, image = (
        to_model_input(data(run, split).input) for split in ("train", "test")
    )
    samples = pixels(draw_samples(model, len(image), seed=0))
    gaussian = gaussian_faces(train_image, len(image))
    mean = train_image.mean(dim=0).expand_as(image)
    classifier = zoo.load(CLASSIFIER)
    train_features, features, drawn, normal, same = (
        face_features(classifier, one)
        for one in (train_image, image, samples, gaussian, mean)
    )
    other = train_features[: len(image)]
    for name, baseline in {
        "mean face": same,
        f"{COMPONENTS} principal components": normal,
    }.items():
        run.log_baseline(
            name, frechet_distance=frechet_from_features(baseline, features)
        )
    run.log_summary(
        frechet_distance_real=frechet_from_features(other, features),
        variety=feature_diversity(drawn, features),
        variety_real=feature_diversity(other, features),
    )
    _log_distances(run, "pixel", samples, image, train_image)
    _log_distances(run, "feature", drawn, features, train_features)
    if "samples" in run.artifacts:
        shown = animation(run.artifacts["samples"], COLUMNS, zoom=1)
        run.log_figure("epochs", shown, EPOCHS)
    run.log_figure("samples", png(sheet(samples[: 6 * COLUMNS], COLUMNS)), SAMPLES)
    distance, _ = nearest(drawn, train_features)
    worst = distance.argsort(descending=True)[: 2 * COLUMNS]
    run.log_figure("worst", png(sheet(samples[worst], COLUMNS)), UNUSUAL)
    faces = interpolations(model, columns=COLUMNS)
    run.log_figure("interpolation", png(faces), INTERPOLATION)
    run.log_figure("gaussian", png(sheet(gaussian[:COLUMNS], COLUMNS)), GAUSSIAN)


def gaussian_faces(train_image: Tensor, count: int) -> Tensor:
    """Return images of a normal distribution of some principal components.

    They are fitted by the singular values of the centered images, (rows, pixels): a
    covariance of all pixels would be too large.
    """
    flat = train_image.flatten(start_dim=1)
    mean = flat.mean(dim=0)
    kept = min(COMPONENTS, len(flat) - 1)
    values, vectors = torch.linalg.eigh((flat - mean) @ (flat - mean).T)
    values, vectors = values[-kept:].clamp_min(0), vectors[:, -kept:]
    directions = (flat - mean).T @ vectors  # each as long as its singular value
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(count, kept, generator=generator) / (len(flat) - 1) ** 0.5
    drawn = mean + noise @ directions.T
    image: Tensor = drawn.clamp(0, 1).view(count, *train_image.shape[1:])
    return image


def _log_distances(
    run: Run, what: str, samples: Tensor, image: Tensor, train_image: Tensor
) -> None:
    """Log how near samples are to training faces, beside test faces."""
    drawn, real = (nearest(one, train_image)[0] for one in (samples, image))
    run.log_summary(
        **{
            f"nearest_{what}_median": drawn.median().item(),
            f"nearest_{what}_median_real": real.median().item(),
            f"nearest_{what}_min": drawn.min().item(),
            f"nearest_{what}_min_real": real.min().item(),
        }
    )
