"""Metrics of image segmentation."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.image_segmentation import probabilities
from zoo.runtime.rows import predict_batches, spec_of

IGNORED = 255  # the number of a pixel of no label, which counts nowhere


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return the metrics of a model on rows, in eval mode; see `metrics`."""
    return metrics(predict_batches(model, rows), rows.target, spec_of(model).output)


def metrics(output: Tensor, target: Tensor, output_spec: Any) -> dict[str, float]:
    """Return the metrics of predicted masks; `target` is (batch, height, width), 255
    where a pixel is of no label.

    `iou` and `dice` count the pixels of all pictures together, and `image_iou` is the
    mean over pictures. They are of the second label where there are two; of more, the
    mean over those that are in the answer or in the truth.
    """
    predicted, known = (
        probabilities(output, output_spec).argmax(dim=1),
        target != IGNORED,
    )
    predicted = predicted.masked_fill(~known, IGNORED)
    shared, either = overlap(predicted, target, len(output_spec.labels))
    if len(output_spec.labels) == 2:
        shared, either = shared[:, 1:], either[:, 1:]
    all_shared, all_either = shared.sum(dim=0), either.sum(dim=0)
    return {
        "iou": _mean(all_shared / all_either),
        "image_iou": _over_pictures(shared, either),
        "dice": _mean(2 * all_shared / (all_shared + all_either)),
        "pixel_accuracy": (predicted == target)[known].double().mean().item(),
    }


def overlap(predicted: Tensor, target: Tensor, labels: int) -> tuple[Tensor, Tensor]:
    """Return of each picture and label how many pixels are in both masks, and how many
    in one of them at least, (batch, labels) each."""
    both, either = [], []
    for number in range(labels):
        one, other = predicted == number, target == number
        both.append((one & other).sum(dim=(1, 2)))
        either.append((one | other).sum(dim=(1, 2)))
    return torch.stack(both, dim=1).double(), torch.stack(either, dim=1).double()


def _over_pictures(shared: Tensor, either: Tensor) -> float:
    """Return the mean over pictures; an empty mask that is right counts 1."""
    each = [_mean(one / other) for one, other in zip(shared, either, strict=True)]
    return sum(each) / len(each)


def _mean(shares: Tensor) -> float:
    """Return the mean without NaN: 0 / 0 is of a label in neither mask."""
    known = shares[~shares.isnan()]
    return known.mean().item() if len(known) else 1.0
