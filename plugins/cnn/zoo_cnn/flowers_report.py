"""What the card of the network for flowers tells: other methods, classes, changes.

The other methods are fitted on the training rows, and the penalty of a linear
classifier is chosen on the validation rows. No photograph is shown.
"""

import math
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import (
    avg_pool2d,
    conv2d,
    cross_entropy,
    interpolate,
    normalize,
    one_hot,
)

from zoo import Run
from zoo.recipes import (
    TensorRows,
    baselines,
    images,
    model_metadata,
    plots,
    predict_batches,
    to_model_input,
)
from zoo.recipes import normalize as normalize_pixels
from zoo.recipes.metrics import extract_features
from zoo_cnn.flowers_photographs import example, photographs
from zoo_cnn.flowers_recipe import SMOKE_ROWS, data

__all__ = [
    "color_and_gradients",
    "color_histogram",
    "example",
    "gradient_histograms",
    "linear_predictions",
    "report",
]

PRETRAINED = "efficientnet-lite0"
SPLITS = ("train", "validation", "test")
L2_GRID = (0.1, 0.01, 1e-3, 1e-4)  # penalties on the squared weights
CONFIDENT = 0.9  # a score that a user may take for certainty
LEVELS = 4  # of each color, in a histogram of colors
ORIENTATIONS, CELL = 9, 8  # of a histogram of gradients; the side of its cells
SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))
BATCH = 50


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and plots of the model card."""
    rows = {split: data(run, split) for split in SPLITS}
    test_rows = rows["test"]
    majority = baselines.majority(rows["train"], test_rows)
    run.log_baseline("majority class", accuracy=majority)
    simple = {split: color_and_gradients(one.input) for split, one in rows.items()}
    answer = linear_predictions(simple, rows)
    run.log_baseline(
        "linear classifier of colors and gradients",
        accuracy=_fraction(answer == test_rows.target),
    )
    answer = linear_predictions(pretrained_features(run, rows), rows)
    run.log_summary(pretrained_accuracy=_fraction(answer == test_rows.target))
    image, target = to_model_input(test_rows.input), test_rows.target
    score, predicted = _predict(model, run, image)
    correct = predicted == target
    for number, label in enumerate(run.spec.labels):
        run.log_summary(**{f"recall_{label}": _fraction(correct[target == number])})
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, target, run.spec.labels),
        "Confusion matrix of the test split.",
    )
    confident = score > CONFIDENT
    run.log_summary(
        validation_accuracy=max(epoch["accuracy"] for epoch in run.history),
        confident=_fraction(confident),
        accuracy_confident=_fraction(correct[confident]),
    )
    coarse = interpolate(avg_pool2d(image, 4), scale_factor=4, mode="bilinear")
    changed = {
        "grayscale": image.mean(dim=1, keepdim=True).expand_as(image),
        "upside_down": image.flip(2),
        "low_resolution": coarse,
        "red_and_blue_exchanged": image.flip(1),
    }
    for name, other in changed.items():
        _, answer = _predict(model, run, other)
        run.log_summary(**{f"accuracy_{name}": _fraction(answer == target)})
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(1000, *image.shape[1:], generator=generator)
    score, _ = _predict(model, run, noise)
    run.log_summary(confident_on_noise=_fraction(score > CONFIDENT))


def linear_predictions(
    features: dict[str, Tensor], rows: dict[str, TensorRows]
) -> Tensor:
    """Return the predictions for the test rows of a linear classifier of features.

    Of several penalties, the one that is best on the validation rows is taken.
    """
    mean = features["train"].mean(dim=0)
    std = features["train"].std(dim=0).clamp_min(1e-6)
    ready = {split: (one - mean) / std for split, one in features.items()}
    target = rows["train"].target
    classes = int(target.max()) + 1
    zeros = torch.zeros(classes, len(mean)), torch.zeros(classes)
    best, kept = -1.0, zeros
    for l2 in L2_GRID:
        weight, bias = baselines.solve_linear(
            zeros, ready["train"], target, cross_entropy, l2=l2
        )
        answer = (ready["validation"] @ weight.T + bias).argmax(dim=1)
        accuracy = _fraction(answer == rows["validation"].target)
        if accuracy > best:
            best, kept = accuracy, (weight, bias)
    return (ready["test"] @ kept[0].T + kept[1]).argmax(dim=1)


def color_and_gradients(image: Tensor) -> Tensor:
    """Return the colors of images, (B, 3, H, W) bytes, and where which edges are."""
    parts = [
        torch.cat([color_histogram(one), gradient_histograms(one)], dim=1)
        for one in to_model_input(image).split(BATCH)
    ]
    return torch.cat(parts)


def color_histogram(image: Tensor) -> Tensor:
    """Return how much of each image has which of 64 colors, (B, 64), as square roots;
    the pixels are in 0..1."""
    level = (image * LEVELS).long().clamp(max=LEVELS - 1)
    color = (level[:, 0] * LEVELS + level[:, 1]) * LEVELS + level[:, 2]
    return one_hot(color.flatten(1), LEVELS**3).double().mean(dim=1).sqrt().float()


def gradient_histograms(image: Tensor) -> Tensor:
    """Return histograms of the orientation of gradients by cells of 8x8 pixels.

    Dalal, Triggs: "Histograms of oriented gradients for human detection", 2005: each
    pixel votes for its orientation by the gradient's length. Here the votes of a cell
    are scaled to length one by themselves.
    """
    gray = image.mean(dim=1, keepdim=True)
    kernel = torch.tensor(SOBEL)
    both = conv2d(gray, torch.stack([kernel, kernel.T])[:, None], padding=1)
    across, down = both.unbind(dim=1)
    angle = torch.atan2(down, across) % math.pi
    number = (angle / math.pi * ORIENTATIONS).long().clamp(max=ORIENTATIONS - 1)
    vote = one_hot(number, ORIENTATIONS) * torch.hypot(across, down)[..., None]
    cells = avg_pool2d(vote.permute(0, 3, 1, 2), CELL)
    return normalize(cells, dim=1, eps=1e-3).flatten(start_dim=1)


def pretrained_features(run: Run, rows: dict[str, TensorRows]) -> dict[str, Tensor]:
    """Return what the head of a network with ImageNet weights is given."""
    network = run.load_model(PRETRAINED)
    expected: Any = model_metadata(network).spec.input
    features = {}
    for split, one in rows.items():
        if one.fingerprint == "stand-in":  # a smoke run without the data
            shown = [Image.fromarray(a.permute(1, 2, 0).numpy()) for a in one.input]
        else:
            shown = photographs(split, SMOKE_ROWS if run.smoke else None)
        parts = [
            torch.stack(
                [images.image_to_tensor(p, expected) for p in shown[k : k + BATCH]]
            )
            for k in range(0, len(shown), BATCH)
        ]
        features[split] = torch.cat([extract_features(network, p) for p in parts])
    return features


def _predict(model: nn.Module, run: Run, image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the score and the number of the best label, for pixels in 0..1."""
    logits = predict_batches(model, normalize_pixels(image, run.spec.input))
    score, predicted = logits.softmax(dim=1).max(dim=1)
    return score, predicted


def _fraction(true: Tensor) -> float:
    return true.float().mean().item() if len(true) else 0.0
