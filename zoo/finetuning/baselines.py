"""What can be answered without a look at the inputs: it stands beside a lesson."""

from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets.custom.examples import Examples, Gathered
from zoo.evaluation import baselines
from zoo.evaluation.evaluate import measured
from zoo.inference import features as featuring
from zoo.models.metadata import about
from zoo.tasks.image_segmentation import certain
from zoo.tasks.image_to_text import compared
from zoo.training.run import Run

__all__ = ["compare"]


def compare(run: Run, model: nn.Module, found: Gathered, rows: Examples) -> None:
    """Keep what no knowledge of the inputs reaches on the same rows."""
    targets = found.training.targets
    if found.masks:
        seen = featuring.targets(model, found.training)
        meaning: Any = about(model).spec.output
        for name, mask in baselines.masks(seen, len(found.labels)).items():
            flat = certain(mask.expand(len(rows), *mask.shape), meaning)
            run.baseline(name, **measured(model, flat, rows))
    elif found.texts:
        said = [_commonest(targets)] * len(rows)
        run.baseline("the commonest text", **compared(said, rows.targets))
    elif found.labels:
        share = rows.targets.count(_commonest(targets)) / len(rows)
        run.baseline("the commonest class", accuracy=share)
    elif found.timed:
        still = _persistence(rows, about(model).spec.output)
        if still is not None:
            run.baseline("persistence", **measured(model, still, rows))
    else:
        flat = torch.full((len(rows), 1), sum(targets) / len(targets))
        run.baseline("the mean", **measured(model, flat, rows))


def _commonest(targets: tuple[Any, ...]) -> Any:
    return max(targets, key=targets.count)


def _persistence(rows: Examples, meaning: Any) -> Tensor | None:
    """Return forecasts that nothing changes, (rows, horizon), where the last value of
    what is forecast is among the inputs."""
    windows: Any = rows.items
    if meaning.name not in windows.rows.column_names:
        return None
    last = torch.tensor(windows.last(meaning.name))
    return last[:, None].expand(-1, meaning.horizon)
