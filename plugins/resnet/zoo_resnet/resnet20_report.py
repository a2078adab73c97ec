"""The report of a classifier of CIFAR-10: what its model card says of it.

Baselines on the same rows, the accuracy by class, and the accuracy and confidence on
images that differ from those of the training data.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, interpolate

from zoo import Run
from zoo.recipes import (
    TensorRows,
    baselines,
    normalize,
    plots,
    predict_batches,
    to_model_input,
)
from zoo_resnet.resnet20_recipe import data

__all__ = ["report", "softmax_regression_accuracy"]

L2 = 0.01  # penalty on the squared weights of the softmax regression
CONFIDENT = 0.9  # a score that a user may take for certainty


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and plots of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    for name, accuracy in {
        "majority class": baselines.majority,
        "nearest class mean": baselines.nearest_mean,
        "softmax regression": softmax_regression_accuracy,
    }.items():
        run.log_baseline(name, accuracy=accuracy(train_rows, test_rows))
    score, predicted = _predict(model, run, to_model_input(test_rows.input))
    correct, labels = predicted == test_rows.target, run.spec.labels
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, test_rows.target, labels),
        "Confusion matrix of the test split.",
    )
    confident = score > CONFIDENT
    run.log_summary(
        mean_confidence=score.mean().item(),
        confident=_fraction(confident),
        accuracy_confident=_fraction(correct[confident]),
        accuracy_not_confident=_fraction(correct[~confident]),
    )
    for number, label in enumerate(labels):
        of_class = test_rows.target == number
        run.log_summary(**{f"recall_{label}": _fraction(correct[of_class])})
    _note_confusions(run, predicted, test_rows.target)
    _note_corruptions(model, run, test_rows)
    _note_out_of_distribution(model, run)


def softmax_regression_accuracy(train_rows: TensorRows, test_rows: TensorRows) -> float:
    """Return the test accuracy of a softmax regression on standardized pixels."""
    classes = int(train_rows.target.max()) + 1
    train_input = to_model_input(train_rows.input).flatten(start_dim=1)
    mean, std = train_input.mean(dim=0), train_input.std(dim=0).clamp_min(1e-6)
    start = torch.zeros(classes, train_input.shape[1]), torch.zeros(classes)
    weight, bias = baselines.solve_linear(
        start, (train_input - mean) / std, train_rows.target, cross_entropy, l2=L2
    )
    test_input = (to_model_input(test_rows.input).flatten(start_dim=1) - mean) / std
    predicted = (test_input @ weight.T + bias).argmax(dim=1)
    return _fraction(predicted == test_rows.target)


def _note_confusions(run: Run, predicted: Tensor, target: Tensor) -> None:
    """Note how much of a class is taken for another, of pairs that look alike."""
    number = {label: number for number, label in enumerate(run.spec.labels)}
    for one, other in (("cat", "dog"), ("automobile", "truck"), ("bird", "airplane")):
        for first, second in ((one, other), (other, one)):
            confused = predicted[target == number[first]] == number[second]
            run.log_summary(**{f"{first}_as_{second}": _fraction(confused)})


def _note_corruptions(model: nn.Module, run: Run, test_rows: TensorRows) -> None:
    """Note the accuracy on the test images, each of them changed in one way."""
    image = to_model_input(test_rows.input)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(image.shape, generator=generator)
    luma = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)  # ITU-R BT.601, as JPEG
    low_resolution = avg_pool2d(image, 2)  # what an image of 16x16 pixels would hold
    center = image[:, :, 8:24, 8:24]
    changed = {
        "grayscale": (image * luma).sum(dim=1, keepdim=True).expand_as(image),
        "upside_down": image.flip(2),
        "rotated": image.rot90(1, dims=(2, 3)),
        "inverted": 1 - image,
        "noisy": (image + 0.1 * noise).clamp(0, 1),
        "low_resolution": interpolate(low_resolution, scale_factor=2, mode="bilinear"),
        "center_crop": interpolate(center, scale_factor=2, mode="bilinear"),
        "shifted": image.roll(8, dims=3),
    }
    for name, other in changed.items():
        _, predicted = _predict(model, run, other)
        run.log_summary(
            **{f"accuracy_{name}": _fraction(predicted == test_rows.target)}
        )


def _note_out_of_distribution(model: nn.Module, run: Run) -> None:
    """Note the answers for photographs of other datasets, some of none of the classes,
    and for noise."""
    cat, dog, frog, horse = (
        run.spec.labels.index(label) for label in ("cat", "dog", "frog", "horse")
    )
    _, predicted, species = _predict_dataset(model, run, "oxford_iiit_pet", "species")
    run.log_summary(
        recall_cat_photos=_fraction(predicted[species == 0] == cat),
        recall_dog_photos=_fraction(predicted[species == 1] == dog),
    )
    score, predicted, domain = _predict_dataset(model, run, "horse2zebra", "label")
    run.log_summary(
        recall_horse_photos=_fraction(predicted[domain == 0] == horse),
        zebra_as_horse=_fraction(predicted[domain == 1] == horse),
        confident_on_zebras=_fraction(score[domain == 1] > CONFIDENT),
    )
    score, predicted, _ = _predict_dataset(model, run, "hymenoptera", "label")
    run.log_summary(
        confident_on_insects=_fraction(score > CONFIDENT),
        mean_confidence_on_insects=score.mean().item(),
        insect_as_frog=_fraction(predicted == frog),
    )
    generator = torch.Generator().manual_seed(0)
    score, _ = _predict(model, run, torch.rand(1000, 3, 32, 32, generator=generator))
    run.log_summary(
        confident_on_noise=_fraction(score > CONFIDENT),
        mean_confidence_on_noise=score.mean().item(),
    )


def _predict_dataset(
    model: nn.Module, run: Run, name: str, target: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Return for the test rows of a dataset the score and the number of the best label,
    and the true number."""
    rows = run.stream_rows(name, "test", target=target)
    rows = rows[:20] if run.smoke else rows
    image = torch.cat(list(rows.in_order()))
    score, predicted = _predict(model, run, to_model_input(image))
    return score, predicted, rows.target


def _predict(model: nn.Module, run: Run, image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the score and the number of the best label, for pixels in 0..1."""
    logits = predict_batches(model, normalize(image, run.spec.input))
    score, predicted = logits.softmax(dim=1).max(dim=1)
    return score, predicted


def _fraction(true: Tensor) -> float:
    return true.float().mean().item() if len(true) else 0.0
