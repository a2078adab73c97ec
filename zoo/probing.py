"""The linear probe: the best linear head on a frozen model's features."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from zoo import heads
from zoo.about import about, unwrapped
from zoo.featuring import before_head
from zoo.figures import score
from zoo.freezing import head_of
from zoo.heads import Choice, Start
from zoo.modes import evaluating
from zoo.tasks import task

__all__ = ["FRESH", "Probe", "ends_in_head", "probe", "put"]

FRESH, OLD, PRESENT = "zeros", "the old head", "the present head"


@dataclass(frozen=True)
class Probe:
    """The chosen head, what was tried for it, and the best that starts from zeros."""

    tried: list[Choice]
    chosen: Choice
    head: Start
    plain: Start


def probe(
    model: nn.Module,
    old: nn.Module,
    given: Tensor,
    target: Tensor,
    *,
    figure: str,
    pull: float | None,
    weight: Tensor | None,
    seed: int,
) -> Probe | None:
    """Return the best linear head on features `given`, or None where none would fit.

    `old` is the head that the model had for its old classes; `figure` is the metric by
    which start and pull are chosen, in cross-validation.
    """
    head = unwrapped(model).get_submodule(head_of(model))
    if not isinstance(head, nn.Linear) or given.ndim != 2:
        return None
    spec = about(model).spec
    doing = task(spec.task)

    def starts(rows: Tensor) -> dict[str, Start]:
        return _starts(model, head, old, given[rows], target[rows])

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return doing.loss(output, target, spec.output, weight)

    def judge(output: Tensor, target: Tensor) -> float:
        return score(figure, doing.measure(output, target, spec.output)[figure])

    stratified = bool(spec.labels)
    tried = heads.choose(
        starts, given, target, loss, judge, seed=seed, stratified=stratified
    )
    every = starts(torch.ones(len(target), dtype=torch.bool))
    plain = next(one for one in tried if one.start == FRESH)
    chosen = heads.nearest(tried, _slack(figure, tried[0].score, len(target)))
    if pull is not None:
        chosen = replace(chosen, pull=pull)

    def solved(one: Choice) -> Start:
        return heads.solve(every[one.start], given, target, loss, pull=one.pull)

    return Probe(tried, chosen, solved(chosen), solved(plain))


def _starts(
    model: nn.Module, head: nn.Linear, old: nn.Module, given: Tensor, target: Tensor
) -> dict[str, Start]:
    """Return where a head may start: always from zeros, and from what is known."""
    zeros = torch.zeros_like(head.weight), torch.zeros(len(head.weight))
    found: dict[str, Start] = {FRESH: zeros}
    report = about(model).report
    if report is None or not report.fresh:
        found[PRESENT] = head.weight.detach(), _bias(head)
    elif isinstance(old, nn.Linear) and len(old.weight) > 1:
        found[OLD] = heads.mixture(old, given, target, len(head.weight))
    return found


def put(model: nn.Module, head: Start) -> None:
    """Write a solved head into a model."""
    place = unwrapped(model).get_submodule(head_of(model))
    with torch.no_grad():
        place.weight.copy_(head[0])  # type: ignore[operator]
        if place.bias is not None:
            place.bias.copy_(head[1])  # type: ignore[operator]


def ends_in_head(model: nn.Module, given: Tensor) -> bool:
    """Return whether the model's output is what its head gives, and nothing after."""
    head = unwrapped(model).get_submodule(head_of(model))
    with evaluating(model), torch.inference_mode():
        seen, output = before_head(model, given)
        return torch.equal(head(seen), output)


def _slack(figure: str, score: float, rows: int) -> float:
    """Return the standard error of a share of rows; of other figures, nothing."""
    if figure != "accuracy":
        return 0.0
    return math.sqrt(max(score * (1 - score), 0.0) / rows)


def _bias(head: nn.Linear) -> Tensor:
    return torch.zeros(len(head.weight)) if head.bias is None else head.bias.detach()
