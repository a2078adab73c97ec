"""The linear probe: the best linear head on a frozen model's features."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from zoo.evaluation.metric_selection import signed_score
from zoo.finetuning import linear_solver
from zoo.finetuning.linear_solver import Choice, LinearWeights
from zoo.inference.features import before_head
from zoo.models.freeze import head_of
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.tasks import task_of

__all__ = [
    "FROM_ZEROS",
    "Probe",
    "ends_in_head",
    "is_linear",
    "is_pixelwise",
    "probe",
    "set_head",
    "solve_on_pixels",
]

FROM_ZEROS, FROM_OLD_HEAD, FROM_PRESENT_HEAD = (
    "zeros",
    "the old head",
    "the present head",
)


PIXELS = 20_000  # of the training pictures, on which a head of every pixel is solved
PIXELS_L2 = 1e-4


@dataclass(frozen=True)
class Probe:
    """The chosen head, what was tried for it, and the best that starts from zeros."""

    tried: list[Choice]
    chosen: Choice
    head: LinearWeights
    plain: LinearWeights


def probe(
    model: nn.Module,
    old: nn.Module,
    given: Tensor,
    target: Tensor,
    *,
    figure: str,
    l2: float | None,
    weight: Tensor | None,
    seed: int,
    copies: int = 1,
) -> Probe:
    """Return the best linear head on features `given` of a model that `is_linear`.

    `old` is the head that the model had for its old classes; `figure` is the metric by
    which start and pull are chosen, in cross-validation: of those close to the best the
    one that stays nearest to its start, unless the best that starts from zeros is ahead
    of that one. With `copies`, all rows follow each other that often.
    """
    spec, task = model_metadata(model).spec, task_of(model_metadata(model).spec)

    def starts(rows: Tensor) -> dict[str, LinearWeights]:
        return _starts(model, old, given, target, rows)

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return task.loss(output, target, spec.output, weight)

    def judge(output: Tensor, target: Tensor) -> float:
        return signed_score(
            figure, task.compute_metrics(output, target, spec.output)[figure]
        )

    how: dict[str, Any] = {"stratified": bool(spec.labels), "copies": copies}
    if figure == "accuracy":
        how["right"] = _right
    if l2 is not None:
        how["l2_grid"] = (l2,)
    tried = linear_solver.choose(starts, given, target, loss, judge, seed=seed, **how)
    every = starts(torch.arange(len(target)))
    plain = next(one for one in tried if one.start == FROM_ZEROS)
    chosen = linear_solver.most_regularized(tried)
    if plain.score > chosen.score:  # by the same rows of the training set
        chosen = plain

    def solved(one: Choice) -> LinearWeights:
        start = every[one.start]
        return linear_solver.solve(start, given, target, loss, l2=one.l2)

    return Probe(tried, chosen, solved(chosen), solved(plain))


def _starts(
    model: nn.Module, old: nn.Module, given: Tensor, target: Tensor, rows: Tensor
) -> dict[str, LinearWeights]:
    """Return where a head may start: always from zeros, and from what is known."""
    head = unwrap_model(model).get_submodule(head_of(model))
    assert isinstance(head, nn.Linear)
    zeros = torch.zeros(head.weight.shape), torch.zeros(len(head.weight))
    starts: dict[str, LinearWeights] = {FROM_ZEROS: zeros}
    report = model_metadata(model).report
    if report is None or not report.fresh:
        starts[FROM_PRESENT_HEAD] = head.weight.detach().cpu(), _bias(head)
    elif isinstance(old, nn.Linear) and len(old.weight) > 1:
        starts[FROM_OLD_HEAD] = linear_solver.mixture(
            old, given, target, len(head.weight), rows
        )
    return starts


def set_head(model: nn.Module, head: LinearWeights) -> None:
    """Write a solved head into a model."""
    place = unwrap_model(model).get_submodule(head_of(model))
    with torch.no_grad():
        place.weight.copy_(head[0])  # type: ignore[operator]
        if place.bias is not None:
            place.bias.copy_(head[1])  # type: ignore[operator]


def ends_in_head(model: nn.Module, given: Tensor) -> bool:
    """Return whether the model's output is what its head gives, and nothing after."""
    head = unwrap_model(model).get_submodule(head_of(model))
    with eval_mode(model), torch.inference_mode():
        seen, output = before_head(model, given)
        return torch.equal(forward_on_device(head, seen), output)


def is_linear(model: nn.Module, given: Tensor) -> bool:
    """Return whether the head is one linear layer on one row of numbers an input."""
    head = unwrap_model(model).get_submodule(head_of(model))
    with eval_mode(model), torch.inference_mode():
        seen, _ = before_head(model, given)
    return isinstance(head, nn.Linear) and seen.ndim == 2


def is_pixelwise(model: nn.Module) -> bool:
    """Return whether the head is one linear layer on the numbers of each pixel."""
    head = unwrap_model(model).get_submodule(head_of(model))
    if not isinstance(head, nn.Conv2d):
        return False
    sides = head.kernel_size, head.stride, head.dilation, (head.groups, head.groups)
    return all(side == (1, 1) for side in sides) and head.padding == (0, 0)


def solve_on_pixels(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    *,
    rows: int,
    weight: Tensor | None,
    seed: int,
) -> None:
    """Start the head of a model that `is_pixelwise` as the best on some pixels.

    `batches` are prepared pictures and the label of each pixel, (B, height, width), of
    `rows` pictures in all. As many pixels of each picture count.
    """
    spec, task = model_metadata(model).spec, task_of(model_metadata(model).spec)
    head = unwrap_model(model).get_submodule(head_of(model))
    assert isinstance(head, nn.Conv2d), "asked for where it is"
    random = torch.Generator().manual_seed(seed)
    seen, known = [], []
    with eval_mode(model), torch.inference_mode():
        for given, target in batches:
            features = before_head(model, given)[0].flatten(2)  # (B, numbers, pixels)
            labels = target.flatten(1)
            for picture, label in zip(features, labels, strict=True):
                places = torch.randperm(len(label), generator=random)
                places = places[: max(1, PIXELS // rows)]
                seen.append(picture[:, places].T)
                known.append(label[places])

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return task.loss(
            output[:, :, None, None], target[:, None, None], spec.output, weight
        )

    given, target = (torch.cat(parts).clone() for parts in (seen, known))
    start = torch.zeros(len(head.weight), given.shape[1]), torch.zeros(len(head.weight))
    solved = linear_solver.solve(start, given, target, loss, l2=PIXELS_L2)
    set_head(model, (solved[0][:, :, None, None], solved[1]))


def _right(output: Tensor, target: Tensor) -> Tensor:
    """Return 1 for each row with the right label, else 0; (rows,)."""
    single = output.shape[1] == 1  # one logit, for the second of two labels
    predicted = (output[:, 0] > 0).long() if single else output.argmax(dim=1)
    return (predicted == target).float()


def _bias(head: nn.Linear) -> Tensor:
    bias = head.bias
    return torch.zeros(len(head.weight)) if bias is None else bias.detach().cpu()
