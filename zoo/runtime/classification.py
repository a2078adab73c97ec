"""From a model's output to labels, and the metrics of classification."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.rows import predict_batches, spec_of


def probabilities(output: Tensor, output_spec: Any) -> Tensor:
    """Return the scores of every label, (batch, labels)."""
    output = output.float().view(len(output), -1)  # (B,) -> (B, 1)
    if output_spec.function_to_apply == "softmax":
        return output.softmax(dim=1)
    sigmoid = output_spec.function_to_apply == "sigmoid"
    scores = output.sigmoid() if sigmoid else output
    if scores.shape[1] == 1 and len(output_spec.labels) == 2:
        return torch.cat([1 - scores, scores], dim=1)
    return scores


def predict(model: nn.Module, batch: Tensor, items: Any) -> list[dict[str, Any]]:
    """Return the prediction for each item of a batch; see `results`."""
    return results(predict_batches(model, batch), spec_of(model).output)


def results(output: Tensor, output_spec: Any) -> list[dict[str, Any]]:
    """Return the predicted label of each row, or its labels, and all scores."""
    predictions: list[dict[str, Any]] = []
    for row in probabilities(output, output_spec).tolist():
        scores = dict(zip(output_spec.labels, row, strict=True))
        if output_spec.multi_label:
            labels = tuple(name for name, score in scores.items() if score >= 0.5)
            predictions.append({"labels": labels, "scores": scores})
        else:
            scores = dict(sorted(scores.items(), key=lambda pair: -pair[1]))
            label, score = next(iter(scores.items()))
            predictions.append({"label": label, "score": score, "scores": scores})
    return predictions


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return accuracy and macro F1 of a model on rows, in eval mode."""
    return metrics(predict_batches(model, rows), rows.target, spec_of(model).output)


def metrics(output: Tensor, target: Tensor, output_spec: Any) -> dict[str, float]:
    """Return accuracy and macro F1; `target` holds label numbers (or 0/1 by label)."""
    scores, many = probabilities(output, output_spec), output_spec.multi_label
    best, labels = scores.argmax(dim=1, keepdim=True), torch.arange(scores.shape[1])
    predicted = scores > 0.5 if many else best == labels
    true = target == 1 if many else target.unsqueeze(1) == labels
    right = predicted == true if many else (predicted & true).any(dim=1)
    either = predicted.sum(dim=0) + true.sum(dim=0)
    f1 = 2 * (predicted & true).sum(dim=0) / either.clamp(min=1)
    weight = ((either > 0) | many).float()  # F1 is over the labels that occur
    share = weight * f1 / weight.sum()
    return {"accuracy": right.float().mean().item(), "f1": share.sum().item()}
