"""The report of the small Vision Transformer: what its model card says of it.

Baselines on the same rows, the accuracy by class and on changed images, and where the
attention goes: pictures of its maps, and the distances of the paper's figure 7.
"""

from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, interpolate

import zoo
from zoo import Run
from zoo.recipes import (
    TensorRows,
    baselines,
    get_task,
    normalize,
    plots,
    predict_batches,
    to_model_input,
)
from zoo_vit.vit_cifar10_recipe import data

__all__ = ["attention_distance", "report", "softmax_regression_accuracy"]

L2 = 0.01  # penalty on the squared weights of the softmax regression
CONFIDENT = 0.9  # a score that a user may take for certainty
BATCH_SIZE = 500
ATTENTION_ROWS = 2000  # test images whose maps are averaged


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and plots of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    for name, accuracy in {
        "majority class": baselines.majority,
        "nearest class mean": baselines.nearest_mean,
        "softmax regression": softmax_regression_accuracy,
    }.items():
        run.log_baseline(name, accuracy=accuracy(train_rows, test_rows))
    image, target = to_model_input(test_rows.input), test_rows.target
    score, predicted = _predict(model, run, image)
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, target, run.spec.labels),
        "Confusion matrix of the test split.",
    )
    _log_accuracy(run, score, predicted, target)
    _log_changed(model, run, image, target)
    _log_attention(model, run, image[:ATTENTION_ROWS])


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


def attention_distance(maps: Tensor, patch_size: int) -> Tensor:
    """Return how far, in pixels, a patch's attention reaches on average, (..., heads).

    `maps`, (..., heads, N, N), are of `VisionTransformer.attention_maps`; the class
    token is left out. This is the mean attention distance of the paper's figure 7.
    """
    weight = maps[..., 1:, 1:]
    side = int(weight.shape[-1] ** 0.5)
    place = torch.cartesian_prod(torch.arange(side), torch.arange(side)).float()
    distance = torch.cdist(place, place) * patch_size
    # of patches alone: what goes to the class token has no distance
    return (weight * distance).sum(dim=(-2, -1)) / weight.sum(dim=(-2, -1))


def _log_accuracy(run: Run, score: Tensor, predicted: Tensor, target: Tensor) -> None:
    """Log the recall of each class, and whether confident answers are right."""
    correct, confident = predicted == target, score > CONFIDENT
    run.log_summary(
        mean_confidence=score.mean().item(),
        confident=_fraction(confident),
        accuracy_confident=_fraction(correct[confident]),
        accuracy_not_confident=_fraction(correct[~confident]),
    )
    for number, label in enumerate(run.spec.labels):
        run.log_summary(**{f"recall_{label}": _fraction(correct[target == number])})


def _log_changed(model: nn.Module, run: Run, image: Tensor, target: Tensor) -> None:
    """Log the accuracy on changed images, and with the positions in another order."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(image.shape, generator=generator)
    luma = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)  # ITU-R BT.601, as JPEG
    low_resolution = avg_pool2d(image, 2)  # what an image of 16x16 pixels would hold
    changed = {
        "grayscale": (image * luma).sum(dim=1, keepdim=True).expand_as(image),
        "upside_down": image.flip(2),
        "noisy": (image + 0.1 * noise).clamp(0, 1),
        "low_resolution": interpolate(low_resolution, scale_factor=2, mode="bilinear"),
        "shifted": image.roll(8, dims=3),
    }
    for name, other in changed.items():
        _, predicted = _predict(model, run, other)
        run.log_summary(**{f"accuracy_{name}": _fraction(predicted == target)})
    positions: Any = model.pos_embed
    kept = positions.detach().clone()
    order = torch.randperm(kept.shape[1] - 1, generator=generator) + 1
    try:
        positions.data[:, 1:] = kept[:, order]
        _, predicted = _predict(model, run, image)
    finally:
        positions.data.copy_(kept)
    run.log_summary(accuracy_shuffled_positions=_fraction(predicted == target))


def _log_attention(model: nn.Module, run: Run, image: Tensor) -> None:
    """Log and draw where the attention of every layer and head goes."""
    module: Any = model.eval()
    inputs = normalize(image, run.spec.input)
    total = sum(
        module.attention_maps(part).sum(dim=0) for part in inputs.split(BATCH_SIZE)
    )
    maps = total / len(inputs)  # (layers, heads, N, N)
    side = int((maps.shape[-1] - 1) ** 0.5)
    patch_size = module.image_size // side
    distance = attention_distance(maps, patch_size).mean(dim=1)
    uniform = attention_distance(torch.ones_like(maps[0, 0]), patch_size)
    run.log_summary(attention_distance_uniform=uniform.item())
    for layer, row in enumerate(maps, start=1):
        run.log_summary(
            **{
                f"attention_distance_{layer}": distance[layer - 1].item(),
                f"class_token_to_itself_{layer}": row[:, 0, 0].mean().item(),
            }
        )
    panels = {
        f"layer {layer}, head {head}": one[0, 1:].view(side, side)
        for layer, heads in enumerate(maps, start=1)
        for head, one in enumerate(heads, start=1)
    }
    run.log_figure(
        "mean_attention",
        _draw(panels, columns=maps.shape[1]),
        f"What the class token takes from each of the {side}x{side} patches, as a mean "
        "over test images: a row for each layer, a column for each head.",
    )
    run.log_figure(
        "attention",
        _attention_of_example(module, run, side),
        "The example, what the class token takes from each patch in each layer, as a "
        "mean over the heads, and the attention rollout through all layers.",
    )


def _attention_of_example(module: Any, run: Run, side: int) -> bytes:
    """Draw the example photograph, and the class token's attention in each layer."""
    task, spec = get_task(run.spec.task), run.spec
    with Image.open(zoo.example(spec.name)) as photo:
        opened = task.load_item(photo, spec.input)
    maps = module.attention_maps(task.collate([opened], spec.input))[0].mean(dim=1)
    # Abnar, Zuidema: "Quantifying attention flow in transformers", 2020: the residual
    # connection passes a half on, and layers are multiplied.
    rollout = torch.eye(maps.shape[-1])
    for layer in maps:
        rollout = (layer + torch.eye(len(layer))) / 2 @ rollout
    panels: dict[str, Any] = {"the example": opened}
    for number, layer in enumerate(maps, start=1):
        panels[f"layer {number}"] = layer[0, 1:].view(side, side)
    panels["rollout"] = rollout[0, 1:].view(side, side)
    return _draw(panels, columns=len(panels))


def _draw(panels: dict[str, Any], *, columns: int) -> bytes:
    """Draw maps, each from black for zero to its own largest value, and pictures."""
    rows = -(-len(panels) // columns)

    def draw(figure: Any) -> None:
        for place, (title, panel) in enumerate(panels.items(), start=1):
            axes = figure.add_subplot(rows, columns, place)
            is_map = isinstance(panel, Tensor)
            low = {"vmin": 0} if is_map else {}
            axes.imshow(panel.numpy() if is_map else panel, cmap="magma", **low)
            axes.set_title(title, fontsize=8)
            axes.axis("off")

    return plots.to_png(1.5 * columns, 1.7 * rows, draw)


def _predict(model: nn.Module, run: Run, image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the score and the number of the best label, for pixels in 0..1."""
    logits = predict_batches(model, normalize(image, run.spec.input))
    score, predicted = logits.softmax(dim=1).max(dim=1)
    return score, predicted


def _fraction(true: Tensor) -> float:
    return true.float().mean().item() if len(true) else 0.0
