"""What every classification shares: from numbers to labels, and how often right."""

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from zoo.errors import InputError, MissingExtra, SpecError
from zoo.specs import ClassOutput
from zoo.tasks.results.vision import Classification, MultiLabel, Result

__all__ = ["loss", "measure", "probabilities", "results", "scores"]


def probabilities(output: Tensor, output_spec: ClassOutput) -> Tensor:
    """Return the scores of every label, (batch, labels)."""
    output = output.float()
    if output.ndim == 1:
        output = output.unsqueeze(1)  # (B,) -> (B, 1)
    if output_spec.function_to_apply == "softmax":
        return output.softmax(dim=1)
    scores = output.sigmoid() if output_spec.function_to_apply == "sigmoid" else output
    if scores.shape[1] == 1 and len(output_spec.labels) == 2:
        return torch.cat([1 - scores, scores], dim=1)
    return scores


def loss(
    output: Tensor,
    target: Tensor,
    output_spec: ClassOutput,
    weight: Tensor | None = None,
) -> Tensor:
    """Return the mean cross-entropy; `weight` (labels,) says how much each counts."""
    if output_spec.multi_label:
        return functional.binary_cross_entropy_with_logits(output, target.float())
    if output_spec.function_to_apply == "softmax":
        return functional.cross_entropy(output, target.long(), weight=weight)
    if output_spec.function_to_apply == "sigmoid" and output[0].numel() == 1:
        each = weight[target.long()] if weight is not None else None
        return functional.binary_cross_entropy_with_logits(
            output.flatten(), target.to(output.dtype), weight=each
        )
    wanted = "'softmax' or 'sigmoid', which have a loss to train with"
    raise SpecError(
        "ClassOutput", "function_to_apply", output_spec.function_to_apply, wanted
    )


def results(
    output: Tensor, pictures: list[Image.Image | None], output_spec: ClassOutput
) -> list[Result]:
    """Return a typed result for each row of the model's output."""
    make = _several if output_spec.multi_label else _one
    return [
        make(row, picture, output_spec)
        for row, picture in zip(
            scores(output, output_spec).tolist(), pictures, strict=True
        )
    ]


def scores(output: Tensor, output_spec: ClassOutput) -> Tensor:
    """Return `probabilities`; raises SpecError or InputError where they can't be."""
    found = probabilities(output, output_spec)
    if found.ndim != 2 or found.shape[1] != len(output_spec.labels):
        wanted = f"one for each number of the model's output, {tuple(output.shape)}"
        raise SpecError("ClassOutput", "labels", output_spec.labels, wanted)
    if found.isnan().any():
        problem = (
            "The model's output holds NaN: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    return found


def measure(
    output: Tensor, target: Tensor, output_spec: ClassOutput
) -> dict[str, float]:
    """Return accuracy and macro F1; `target` holds label numbers (or 0/1 by label)."""
    try:
        from torchmetrics.functional import classification
    except ImportError as exc:
        raise MissingExtra("torchmetrics", "Measuring a model") from exc
    scores, count = probabilities(output, output_spec), len(output_spec.labels)
    if output_spec.multi_label:
        accuracy = classification.multilabel_accuracy(
            scores, target, num_labels=count, average="micro"
        )
        f1 = classification.multilabel_f1_score(scores, target, num_labels=count)
    else:
        accuracy = classification.multiclass_accuracy(
            scores, target, num_classes=count, average="micro"
        )
        f1 = classification.multiclass_f1_score(scores, target, num_classes=count)
    return {"accuracy": accuracy.item(), "f1": f1.item()}


def _one(
    row: list[float], picture: Image.Image | None, output_spec: ClassOutput
) -> Classification:
    pairs = zip(output_spec.labels, row, strict=True)
    scores = dict(sorted(pairs, key=lambda pair: -pair[1]))
    label, score = next(iter(scores.items()))
    return Classification(label=label, score=score, scores=scores, picture=picture)


def _several(
    row: list[float], picture: Image.Image | None, output_spec: ClassOutput
) -> MultiLabel:
    scores = dict(zip(output_spec.labels, row, strict=True))
    holding = tuple(name for name, score in scores.items() if score >= 0.5)
    return MultiLabel(labels=holding, scores=scores, picture=picture)
