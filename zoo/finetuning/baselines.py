"""What can be answered without a look at the inputs: it stands beside a lesson."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.evaluation import baselines
from zoo.evaluation.evaluate import compute_metrics
from zoo.inference import features as featuring
from zoo.models.metadata import model_metadata
from zoo.tasks.image_segmentation import certain
from zoo.tasks.image_to_text import compared
from zoo.training.run import Run

__all__ = ["compare"]


def compare(
    run: Run, model: nn.Module, found: DatasetSplits, rows: LabeledExamples
) -> None:
    """Keep what no knowledge of the inputs reaches on the same rows."""
    targets = found.training.targets
    if found.masks:
        seen = featuring.targets(model, found.training)
        output_spec: Any = model_metadata(model).spec.output
        for name, mask in baselines.masks(seen, len(found.labels)).items():
            flat = certain(mask.expand(len(rows), *mask.shape), output_spec)
            run.log_baseline(name, **compute_metrics(model, flat, rows))
    elif found.texts:
        said = [_commonest(targets)] * len(rows)
        run.log_baseline("the commonest text", **compared(said, rows.targets))
    elif found.labels:
        share = rows.targets.count(_commonest(targets)) / len(rows)
        run.log_baseline("the commonest class", accuracy=share)
    elif found.timed:
        still = _persistence(rows, model_metadata(model).spec.output)
        if still is not None:
            run.log_baseline("persistence", **compute_metrics(model, still, rows))
    else:
        flat = torch.full((len(rows), 1), sum(targets) / len(targets))
        run.log_baseline("the mean", **compute_metrics(model, flat, rows))


def _commonest(targets: tuple[Any, ...]) -> Any:
    return max(targets, key=targets.count)


def _persistence(rows: LabeledExamples, output_spec: Any) -> Tensor | None:
    """Return forecasts that nothing changes, (rows, horizon), where the last value of
    what is forecast is among the inputs."""
    windows: Any = rows.items
    if output_spec.name not in windows.rows.column_names:
        return None
    last = torch.tensor(windows.last(output_spec.name))
    return last[:, None].expand(-1, output_spec.horizon)
