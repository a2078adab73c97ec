"""The report of a restricted Boltzmann machine: what its model card says of it.

How good its hidden units are as features, baselines fitted on the training rows, how a
classifier reads its samples, and images.
"""

import io
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

import zoo
from zoo import Run
from zoo.recipes import TensorRows, baselines, predict_batches, to_model_input
from zoo.recipes.sampling import draw_samples
from zoo.results import image_grid
from zoo_boltzmann.likelihood import ais_log_z
from zoo_boltzmann.rbm import RBM
from zoo_boltzmann.rbm_recipe import data

__all__ = ["COLUMNS", "image_png", "report", "softmax_regression_accuracy"]

ZOOM = 2  # how much larger an image is shown
CLASSIFIER = "lenet5-mnist"  # of the samples
CONFIDENT = 0.9  # score of the classifier
ROWS_PER_SAMPLE = 50  # test rows for each sample: sampling takes long chains
L2 = 1e-6  # penalty of the softmax regression: nearly none
COLUMNS = 16  # of images side by side
CLASSES = 10


def report(model: RBM, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    image = to_model_input(test_rows.input)
    _add_baseline(run, train_rows, test_rows)
    pixels = nn.Flatten()
    run.log_summary(
        features_accuracy=softmax_regression_accuracy(
            _Encode(model), train_rows, test_rows
        ),
        pixels_accuracy=softmax_regression_accuracy(pixels, train_rows, test_rows),
        **_hidden_units(model, image),
        **_log_z(model, len(test_rows) // 2),
    )
    count = len(test_rows) // ROWS_PER_SAMPLE
    samples = draw_samples(model, count, seed=0).sigmoid()
    _note_classified(run, image, samples)
    reconstruction = predict_batches(model, image[:COLUMNS]).sigmoid()
    for name, (images, caption) in {
        "samples": (samples[: 6 * COLUMNS], SAMPLES),
        "reconstructions": (
            torch.cat([image[:COLUMNS], reconstruction]),
            RECONSTRUCTIONS,
        ),
        "filters": (_filters(model), FILTERS),
    }.items():
        run.log_figure(name, image_png(images), caption)


SAMPLES = "The first samples of seed zero, none left out."
RECONSTRUCTIONS = (
    "The first digits of the test split, and below each its reconstruction from the "
    "probabilities of the hidden units."
)
FILTERS = "The weights of the first hidden units: light is positive, dark negative."


class _Encode(nn.Module):
    """The probabilities of the hidden units as a module, to be run in batches."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        """Return the probabilities of the hidden units."""
        code: Tensor = self.model.encode(image)
        return code


def softmax_regression_accuracy(
    features: nn.Module, train_rows: TensorRows, test_rows: TensorRows
) -> float:
    """Return the test accuracy of softmax regression on the output of `features`."""
    train_features, test_features = (
        predict_batches(features, to_model_input(rows.input)).clone()
        for rows in (train_rows, test_rows)
    )
    label = train_rows.target.long() % CLASSES  # synthetic rows have other targets
    start = torch.zeros(CLASSES, train_features.shape[1]), torch.zeros(CLASSES)
    weight, bias = baselines.solve_linear(
        start, train_features, label, cross_entropy, l2=L2
    )
    predicted = (test_features @ weight.T + bias).argmax(dim=1)
    return (predicted == test_rows.target).float().mean().item()


def _add_baseline(run: Run, train_rows: TensorRows, test_rows: TensorRows) -> None:
    """Add independent pixels, and as their reconstruction the mean image."""
    image = to_model_input(test_rows.input)
    probability = to_model_input(train_rows.input).mean(dim=0).clamp(1e-4, 1 - 1e-4)
    binary = torch.bernoulli(image, generator=torch.Generator().manual_seed(0))
    nats = -(binary * probability.log() + (1 - binary) * (1 - probability).log())
    run.log_baseline(
        "independent pixels",
        negative_log_likelihood=nats.sum(dim=(1, 2, 3)).mean().item(),
        mse=(probability - image).square().mean().item(),
    )


def _hidden_units(model: RBM, image: Tensor) -> dict[str, float]:
    """Return how often hidden units are on, and how many never or always are."""
    mean = predict_batches(_Encode(model), image).mean(dim=0)
    constant = (mean < 0.01) | (mean > 0.99)
    return {
        "mean_activation": mean.mean().item(),
        "constant_units": constant.sum().item(),
    }


def _log_z(model: RBM, steps: int) -> dict[str, float]:
    """Return a second estimate of log Z, by other chains, with its standard error."""
    log_z = ais_log_z(model, torch.Generator().manual_seed(1), steps=steps)
    return {"log_z": log_z.value, "log_z_low": log_z.low, "log_z_high": log_z.high}


def _note_classified(run: Run, image: Tensor, samples: Tensor) -> None:
    """Note how a classifier reads test images and samples."""
    classifier = zoo.load(CLASSIFIER)
    real, generated = (
        predict_batches(classifier, one).softmax(dim=1).max(dim=1)
        for one in (image, samples)
    )
    classes = one_hot(generated.indices, CLASSES).float().mean(dim=0)
    run.log_summary(
        low_confidence_samples=(generated.values < CONFIDENT).float().mean().item(),
        low_confidence_real=(real.values < CONFIDENT).float().mean().item(),
        min_class_fraction=classes.min().item(),
        max_class_fraction=classes.max().item(),
    )


def _filters(model: RBM, rows: int = 6) -> Tensor:
    """Return the weights of the first hidden units as images, with zero as gray."""
    weight = model.W.detach()[: rows * COLUMNS]
    largest = weight.abs().amax(dim=1, keepdim=True)
    pixels = weight / largest / 2 + 0.5
    return pixels.view(-1, 1, model.image_size, model.image_size)


def image_png(images: Tensor) -> bytes:
    """Return images, pixels in 0..1, (count, 1, height, width), in rows."""
    pixels = images[:, 0].mul(255).round().byte().numpy()
    whole = image_grid([Image.fromarray(one) for one in pixels], columns=COLUMNS)
    size = (ZOOM * whole.width, ZOOM * whole.height)
    file = io.BytesIO()
    whole.resize(size, Image.Resampling.NEAREST).save(file, format="PNG")
    return file.getvalue()
