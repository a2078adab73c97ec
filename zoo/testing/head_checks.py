"""The checks of a declared head: can it be replaced, and taught? Of `zoo.testing`."""

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.datasets.custom.segmentation_masks import Mask
from zoo.datasets.in_memory import synthetic_rows, to_model_input
from zoo.errors import OptionError
from zoo.finetuning import finetune as finetuning
from zoo.finetuning.strategies import Settings
from zoo.inference import features as featuring
from zoo.models import loading as models
from zoo.models import saving
from zoo.models.metadata import model_metadata
from zoo.specs import (
    ForecastOutput,
    MaskOutput,
    ModelSpec,
    OCROutput,
    SeriesInput,
    TextInput,
)
from zoo.tasks import get_task

__all__ = ["head_can_be_replaced", "head_learns"]

MOST_PARAMETERS = 10_000_000  # of a model whose head is taught in a check
KINDS, ROWS = ("first", "second"), 8
STEPS = torch.tensor([0.95, 1.05])  # of a series after its last value, by kind
LETTERS = ("a", "b")  # to a model that reads: texts of one of them


def head_can_be_replaced(spec: ModelSpec, tmp_path: Path) -> None:
    """With other labels only the head is fresh; where there are none, they are refused.

    A model without a head has none to replace, and one that gives numbers no labels.
    """
    folder = saving.save(models.build(spec.name), tmp_path / "model")
    count = max(2, len(spec.labels) + 1)
    reads = isinstance(spec.output, OCROutput)  # characters, where others name
    labels = tuple(chr(0x4E00 + n) if reads else f"new {n}" for n in range(count))
    if spec.head is None or not spec.labels:
        try:
            models.load(folder, labels=labels)
        except OptionError:
            return
        raise AssertionError("there is no head for labels, but labels= was accepted")
    model = models.load(folder, labels=labels)
    report = model_metadata(model).report
    assert report is not None
    assert report.fresh, "the new head should be fresh"
    assert all(name.startswith(f"{spec.head}.") for name in report.fresh)
    assert model_metadata(model).labels == labels
    with torch.inference_mode():
        output = model(to_model_input(_drawn(spec)[:3], spec.input))
    wide = output.shape[2] - 1 if reads else output.shape[1]  # beside the blank
    assert wide == len(labels)


def head_learns(spec: ModelSpec, tmp_path: Path) -> None:
    """The head is taught two kinds of rows that differ clearly; all before it is kept.

    The loss on rows of both kinds falls well below what the answer nearest to all of
    them costs. Models of more than ten million parameters are not asked: the check is
    of how the parts fit, which smaller ones of the family show.
    """
    if spec.head is None or spec.parameters > MOST_PARAMETERS:
        return
    model, found = _pupil(spec), _two_kinds(spec)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    reads = isinstance(spec.output, OCROutput)  # by steps, which takes longer
    epochs, lr = (300, 1.0) if reads else (80, 0.5)
    chosen = Settings(epochs=epochs, batch_size=4, lr=lr, l2_sp=1e-4, patience=None)
    lesson = finetuning.finetune_model(model, found, chosen)
    task, output_spec = get_task(spec.task), model_metadata(model).spec.output
    target = featuring.targets(model, lesson.rows)
    flat = _flat(spec, lesson.output, target)
    cost, first = (task.loss(o, target, output_spec) for o in (lesson.output, flat))
    if reads:  # half a chance for each text is the nearest answer to both
        first = torch.tensor(math.log(2))
    assert cost < 0.8 * first, f"the loss is {cost:.3g}, of a flat answer {first:.3g}"
    moved = [n for n, v in model.state_dict().items() if not torch.equal(v, before[n])]
    assert moved, "nothing has learned"
    assert all(name.startswith(f"{spec.head}.") for name in moved), f"moved: {moved}"


def _flat(spec: ModelSpec, output: Tensor, target: Tensor) -> Tensor:
    """Return the one answer that is nearest to all rows; of forecasts, the one step
    from the last value that is."""
    flat = torch.zeros_like(output)
    if isinstance(spec.output, ForecastOutput):
        last = target.view_as(flat) / STEPS[torch.arange(len(flat)) % 2, None]
        step = (last * target.view_as(flat)).sum() / last.square().sum()
        return last * step
    return flat if spec.labels else flat + target.float().mean()


def _drawn(spec: ModelSpec) -> Tensor:
    """Return inputs as a dataset would hold them."""
    return synthetic_rows(spec.input, spec.output, ROWS, spec.name).input


def _pupil(spec: ModelSpec) -> nn.Module:
    """Return the model, untrained, with a head for two kinds where it has labels."""
    torch.manual_seed(0)
    kinds = LETTERS if isinstance(spec.output, OCROutput) else KINDS
    return models.build(spec.name, **({"labels": kinds} if spec.labels else {})).eval()


def _two_kinds(spec: ModelSpec) -> DatasetSplits:
    """Return rows of two kinds: near the least of the stand-in data, or the most."""
    if isinstance(spec.output, MaskOutput):
        return _two_halves(spec)
    drawn = to_model_input(_drawn(spec))
    target = torch.arange(ROWS) % 2
    second = (target == 1).view(-1, *[1] * (drawn.ndim - 1))
    ends = torch.where(second, drawn.amax(dim=0), drawn.amin(dim=0))
    mixed = 0.3 * drawn + 0.7 * ends
    if isinstance(spec.input, TextInput):  # a few tokens that are of one kind only
        third = spec.input.vocab_size // 3
        few = drawn % min(8, third)
        mixed = torch.where(second, 2 * third + few, third + few)
    answers: list[Any] = target.tolist()
    if isinstance(spec.output, OCROutput):
        answers = [LETTERS[kind] for kind in answers]
    elif isinstance(spec.output, ForecastOutput):
        answers = [_plain(row) for row in _following(spec, mixed, target)]
    reads = isinstance(spec.output, OCROutput)
    rows = LabeledExamples(
        items=list(mixed),
        targets=tuple(answers),
        names=[f"row {number}" for number in range(ROWS)],
    )
    labels = () if not spec.labels else LETTERS if reads else KINDS
    return DatasetSplits(
        source="stand-in", labels=labels, training=rows, test=rows.pick([0, 1])
    )


def _following(spec: ModelSpec, series: Tensor, kind: Tensor) -> Tensor:
    """Return what follows on series, (ROWS, horizon): of one kind less than the last
    value of the column that is forecast, of the other more."""
    assert isinstance(spec.input, SeriesInput), "a forecast is of a series"
    assert isinstance(spec.output, ForecastOutput), "asked for by the caller"
    names = [column.name for column in spec.input.columns]
    place = names.index(spec.output.name) if spec.output.name in names else 0
    after = series[:, -1, place] * STEPS[kind]
    return after[:, None].expand(-1, spec.output.horizon)


def _plain(answer: Tensor) -> Any:
    """Return a target as data from a file has it: a number, or a tuple of several."""
    held = answer.tolist()
    if not isinstance(held, list):
        return held
    return held[0] if len(held) == 1 else tuple(held)


def _two_halves(spec: ModelSpec) -> DatasetSplits:
    """Return pictures of which one half is near the least of the stand-in data and the
    other near the most, sides as it happens, and masks that say which."""
    drawn = to_model_input(_drawn(spec))
    across = torch.arange(drawn.shape[-1]) < drawn.shape[-1] // 2
    second = across ^ (torch.arange(ROWS) % 2 == 1)[:, None]  # (ROWS, W)
    target = second[:, None].expand(-1, *drawn.shape[-2:])
    ends = torch.where(target[:, None], drawn.max(), drawn.min())
    held = [one.byte().mul(255).numpy() for one in target]
    masks = tuple(
        Mask(
            held=held,
            row=row,
            name=f"row {row}",
            numbers=((0, 0), (255, 1)),
            counts=(int((~one).sum()), int(one.sum())),
            seal="",
        )
        for row, one in enumerate(target)
    )
    rows = LabeledExamples(
        items=list(0.3 * drawn + 0.7 * ends),
        targets=masks,
        names=[mask.name for mask in masks],
    )
    return DatasetSplits(
        source="stand-in", labels=KINDS, training=rows, test=rows.pick([0, 1])
    )
