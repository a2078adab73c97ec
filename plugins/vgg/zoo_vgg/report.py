"""What the card of the slim VGG tells: baselines, classes, confusions."""

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
from zoo_vgg.recipe import data

__all__ = ["report", "softmax_regression_accuracy", "worst_confusions"]

L2 = 0.01  # penalty on the squared weights of the softmax regression
CONFIDENT = 0.9  # a score that a user may take for certainty


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and plots of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    for name, accuracy in {
        "majority class": baselines.majority,
        "softmax regression": softmax_regression_accuracy,
    }.items():
        run.log_baseline(name, accuracy=accuracy(train_rows, test_rows))
    image, target = to_model_input(test_rows.input), test_rows.target
    score, predicted = _predict(model, run, image)
    correct, labels = predicted == target, run.spec.labels
    for number, label in enumerate(labels):
        of_class = target == number
        run.log_summary(**{f"recall_{label}": _fraction(correct[of_class])})
    confused = worst_confusions(predicted, target, labels)
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, target, labels),
        "Confusion matrix of the test split. Most often "
        + ", ".join(f"{true} is taken for {other}" for true, other, _ in confused)
        + ", in this order.",
    )
    run.log_summary(
        **{f"confused_{rank}": part for rank, (_, _, part) in enumerate(confused, 1)}
    )
    confident = score > CONFIDENT
    run.log_summary(
        validation_accuracy=max(epoch["accuracy"] for epoch in run.history),
        confident=_fraction(confident),
        accuracy_confident=_fraction(correct[confident]),
    )
    low_resolution = avg_pool2d(image, 2)  # what an image of 16x16 pixels would hold
    changed = {
        "grayscale": image.mean(dim=1, keepdim=True).expand_as(image),
        "low_resolution": interpolate(low_resolution, scale_factor=2, mode="bilinear"),
        "upside_down": image.flip(2),
        "shifted": image.roll(8, dims=3),
        "inverted": 1 - image,
    }
    for name, other in changed.items():
        _, answer = _predict(model, run, other)
        run.log_summary(**{f"accuracy_{name}": _fraction(answer == target)})
    generator = torch.Generator().manual_seed(0)
    score, _ = _predict(model, run, torch.rand(1000, 3, 32, 32, generator=generator))
    run.log_summary(confident_on_noise=_fraction(score > CONFIDENT))


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


def worst_confusions(
    predicted: Tensor, true: Tensor, labels: tuple[str, ...], count: int = 3
) -> list[tuple[str, str, float]]:
    """Return the true label, the answer, and how much of the class gets it, for the
    `count` pairs with the largest parts."""
    of_pair = torch.zeros(len(labels), len(labels))
    of_pair.index_put_((true, predicted), torch.ones(len(true)), accumulate=True)
    part = of_pair / of_pair.sum(dim=1, keepdim=True).clamp_min(1)
    part.fill_diagonal_(0)
    largest = part.flatten().argsort(descending=True, stable=True)[:count].tolist()
    pairs = [divmod(place, len(labels)) for place in largest]
    return [
        (labels[row], labels[column], part[row, column].item()) for row, column in pairs
    ]


def _predict(model: nn.Module, run: Run, image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the score and the number of the best label, for pixels in 0..1."""
    logits = predict_batches(model, normalize(image, run.spec.input))
    score, predicted = logits.softmax(dim=1).max(dim=1)
    return score, predicted


def _fraction(true: Tensor) -> float:
    return true.float().mean().item() if len(true) else 0.0
