"""The report of a small StyleGAN: what its model card says of it.

Baselines fitted on the training rows, how a classifier of the same images reads the
samples, how near these are to training images, what truncation does to distance and
variety, and images of truncation and of mixed styles.
"""

from typing import Any

import torch
from torch import Tensor, nn

import zoo
from zoo import Run
from zoo.recipes import (
    TensorRows,
    normalize,
    predict_batches,
    spec_of,
    to_model_input,
    unwrap_model,
)
from zoo.recipes.metrics import feature_diversity, frechet_from_features
from zoo.recipes.sampling import draw_samples
from zoo_gan.dcgan_recipe import pixels
from zoo_gan.dcgan_report import (
    EPOCHS,
    INTERPOLATION,
    SAMPLES,
    baseline_samples,
    log_classified,
    log_neighbors,
)
from zoo_gan.sheets import COLUMNS, animation, interpolations, png, sheet
from zoo_gan.stylegan_recipe import (
    CLASSIFIER,
    FRAME,
    clothes_features,
    data,
    framed,
)

__all__ = ["evaluate", "mixed_styles", "report"]

TRUNCATION = 0.7  # at which distance and variety are measured besides
TRUNCATIONS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)  # shown, a row each
MIXED = 6  # rows of noise for coarse styles, and for fine ones
UNSURE = (
    "The samples, of as many as there are test images, of whose class the classifier "
    "is least sure."
)
TRUNCATED = (
    "The same rows of noise with a truncation of 0 in the first row, which is the mean "
    "style, then 0.25, 0.5, 0.75, 1 and 1.25."
)
MIXING = (
    "Mixed styles. The first row and the first column are samples; each other image "
    "has the coarse styles of the sample at the left, those of the first three of "
    "seven layers, and the fine styles of the one above."
)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the metric, of as many samples as there are rows."""
    samples = pixels(draw_samples(model, len(rows), seed=0))
    classifier = zoo.load(CLASSIFIER)
    real = clothes_features(classifier, to_model_input(rows.input))
    drawn = clothes_features(classifier, samples)
    return {"frechet_distance": frechet_from_features(drawn, real)}


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    classifier = zoo.load(CLASSIFIER)
    train_image, image = (to_model_input(r.input) for r in (train_rows, test_rows))
    features = clothes_features(classifier, image)
    for name, drawn in baseline_samples(train_rows, len(image)).items():
        distance = frechet_from_features(clothes_features(classifier, drawn), features)
        run.log_baseline(name, frechet_distance=distance)
    samples = pixels(draw_samples(model, len(image), seed=0)).clamp(0, 1)
    usual = pixels(draw_samples(model, len(image), seed=0, truncation=TRUNCATION))
    other = clothes_features(classifier, train_image[: len(image)])
    drawn, usual = (clothes_features(classifier, one) for one in (samples, usual))
    run.log_summary(
        frechet_distance_real=frechet_from_features(other, features),
        variety=feature_diversity(drawn, features),
        variety_real=feature_diversity(other, features),
        truncation=TRUNCATION,
        truncated_frechet_distance=frechet_from_features(usual, features),
        truncated_variety=feature_diversity(usual, features),
    )
    logits = _logits(classifier, samples[:, :, FRAME:-FRAME, FRAME:-FRAME])
    log_classified(run, _logits(classifier, image), logits)
    log_neighbors(run, samples, framed(image), framed(train_image), what="image")
    if "samples" in run.artifacts:
        run.log_figure("epochs", animation(run.artifacts["samples"]), EPOCHS)
    run.log_figure("samples", png(sheet(samples[: 8 * COLUMNS])), SAMPLES)
    unsure = logits.softmax(dim=1).max(dim=1).values.argsort()[: 2 * COLUMNS]
    run.log_figure("unsure", png(sheet(samples[unsure])), UNSURE)
    run.log_figure("truncation", png(sheet(_truncations(model))), TRUNCATED)
    run.log_figure("mixing", png(sheet(mixed_styles(model), MIXED + 1)), MIXING)
    run.log_figure("interpolation", png(interpolations(model)), INTERPOLATION)


@torch.inference_mode()
def mixed_styles(model: nn.Module, first: int = 3) -> Tensor:
    """Return pixels of samples and of all pairs of their styles, row by row.

    The first image is white; `first` is the first layer that has the fine styles.
    """
    inner: Any = unwrap_model(model).eval()
    generator = torch.Generator().manual_seed(0)
    coarse, fine = torch.randn(2, MIXED, inner.latent_dim, generator=generator)
    above, left = inner(fine), inner(coarse)
    rows = [torch.cat([torch.ones_like(above[:1]), above])]
    for number in range(MIXED):
        same = coarse[number].expand(MIXED, -1)
        rows.append(torch.cat([left[number, None], inner.mix(same, fine, first)]))
    return pixels(torch.cat(rows)).clamp(0, 1)


def _truncations(model: nn.Module) -> Tensor:
    """Return pixels of the same rows of noise with several truncations."""
    rows = [
        pixels(draw_samples(model, COLUMNS, seed=0, truncation=truncation))
        for truncation in TRUNCATIONS
    ]
    return torch.cat(rows).clamp(0, 1)


def _logits(classifier: nn.Module, image: Tensor) -> Tensor:
    prepared = normalize(image, spec_of(classifier).input)
    logits: Tensor = predict_batches(classifier, prepared)
    return logits
