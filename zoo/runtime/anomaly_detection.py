"""From a model's output to how unusual a row is, and the metrics of detection."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError, SpecError
from zoo.runtime.rows import predict_batches, spec_of
from zoo.runtime.time_series import Series

__all__ = ["area_under_roc", "evaluate", "metrics", "predict", "results"]


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return the score of each row of a batch; see `results`."""
    with eval_mode(model):
        output = forward_on_device(model, batch)
    return results(output, items, spec_of(model).output)


def results(
    output: Tensor, items: Sequence[Any], output_spec: Any
) -> list[dict[str, Any]]:
    """Return the score of each row, the threshold, and whether it is above that."""
    if output.ndim != 2 or output.shape[1] != 2:
        expected = f"score and threshold, but the model's output is {(*output.shape,)}"
        raise SpecError("AnomalyOutput", "name", output_spec.name, expected)
    if not output.isfinite().all():
        problem = (
            "The model's output is not finite: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    return [
        {
            "score": score,
            "is_anomaly": score > threshold,
            "threshold": threshold,
            "name": output_spec.name,
            "unit": output_spec.unit,
            "history": _history(item),
        }
        for (score, threshold), item in zip(
            output.double().tolist(), items, strict=True
        )
    ]


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return the metrics of a model on rows, in eval mode; a target of 1 is an
    anomaly."""
    return metrics(predict_batches(model, rows), rows.target)


def metrics(output: Tensor, target: Tensor) -> dict[str, float]:
    """Return ROC AUC, and at the threshold accuracy, precision, recall and F1.

    `output` is (rows, 2), `target` (rows,), 1 for an anomaly. Precision and recall are
    those of the anomalies; where there is nothing to count they are 0.
    """
    score, threshold = output.double().unbind(dim=1)
    found, true = score > threshold, target.flatten() > 0
    hits = (found & true).sum().item()
    return {
        "roc_auc": area_under_roc(score, true),
        "accuracy": (found == true).double().mean().item(),
        "precision": hits / max(found.sum().item(), 1),
        "recall": hits / max(true.sum().item(), 1),
        "f1": 2 * hits / max((found.sum() + true.sum()).item(), 1),
    }


def area_under_roc(score: Tensor, true: Tensor) -> float:
    """Return the share of pairs of an anomaly and another row in which the anomaly has
    the higher score; a tie counts half. Without such pairs it is 0.5."""
    anomalies, others = score[true], score[~true].sort().values
    if not len(anomalies) or not len(others):
        return 0.5
    below = torch.searchsorted(others, anomalies.contiguous()).double()
    up_to = torch.searchsorted(others, anomalies.contiguous(), right=True).double()
    return ((below + up_to) / 2 / len(others)).mean().item()


def _history(item: Any) -> tuple[float, ...]:
    single = isinstance(item, Series) and len(item.names) == 1
    return item.column(item.names[0]) if single else ()
