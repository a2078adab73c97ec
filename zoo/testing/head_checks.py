"""The checks of a declared head: can it be replaced, and fine-tuned?"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.datasets.in_memory import synthetic_rows, to_model_input
from zoo.errors import OptionError
from zoo.finetuning import finetune
from zoo.finetuning.strategies import Settings
from zoo.inference import features
from zoo.models import loading, saving
from zoo.models.metadata import model_metadata
from zoo.specs import ModelSpec
from zoo.tasks import task_of
from zoo.tasks.targets.base import targets_of
from zoo.testing.remark import Remark, not_applicable

__all__ = ["head_can_be_replaced", "head_learns"]

MAX_PARAMETERS = 10_000_000  # of a model whose head is fine-tuned in a check
ROWS = 8


def head_can_be_replaced(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """With other labels only the head is fresh; where there are none, they are refused.

    A model without a head has none to replace, and one that gives numbers no labels.
    """
    folder = saving.save(loading.build(spec.name), tmp_path / "model")
    count = max(2, len(spec.labels) + 1)
    labels = spec.output.example_labels(count)
    if spec.head is None or not (spec.labels or spec.output.is_features):
        try:
            loading.load(folder, labels=labels)
        except OptionError:
            return not_applicable("it has no head for labels")
        raise AssertionError("there is no head for labels, but labels= was accepted")
    model = loading.load(folder, labels=labels)
    report = model_metadata(model).report
    assert report is not None
    assert report.fresh, "the new head should be fresh"
    assert all(name.startswith(f"{spec.head}.") for name in report.fresh)
    assert model_metadata(model).labels == labels
    with torch.inference_mode():
        output = model(to_model_input(_drawn(spec)[:3], spec.input))
    known = model_metadata(model).spec
    assert task_of(known).num_label_outputs(output, known.output) == len(labels)
    return None


def head_learns(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """The head is taught two kinds of rows that differ clearly; all before it is kept.

    The loss on rows of both kinds falls well below what the answer nearest to all of
    them costs or, of a model with a loss of its own, below what it was. Models of more
    than ten million parameters are not asked: the check is of how the parts fit, which
    smaller ones of the family show.
    """
    if spec.head is None:
        return not_applicable("it declares no head")
    if spec.parameters > MAX_PARAMETERS:
        return not_applicable(f"it has more than {MAX_PARAMETERS:,} parameters")
    model, splits = _model_and_rows(spec)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    task, output_spec = task_of(spec), model_metadata(model).spec.output
    epochs, lr = task.head_check
    chosen = Settings(epochs=epochs, batch_size=4, lr=lr, l2_sp=1e-4, patience=None)
    if task.own_loss:
        first, what = _own_loss(model, splits), "before it"
        finetune.finetune_model(model, splits, chosen)
        cost = _own_loss(model, splits)
    else:
        result = finetune.finetune_model(model, splits, chosen)
        target = features.targets(model, result.rows)
        cost = task.loss(result.output, target, output_spec).item()
        first = task.constant_loss(result.output, target, output_spec)
        what = "of a flat answer"
    assert cost < 0.8 * first, f"the loss is {cost:.3g}, {what} {first:.3g}"
    moved = [n for n, v in model.state_dict().items() if not torch.equal(v, before[n])]
    assert moved, "nothing has learned"
    assert all(name.startswith(f"{spec.head}.") for name in moved), f"moved: {moved}"
    return None


@torch.no_grad()
def _own_loss(model: nn.Module, splits: DatasetSplits) -> float:
    """Return what a model says that its answers to all rows cost."""
    torch.manual_seed(0)  # some of what counts is drawn
    given = torch.cat(list(features.model_inputs(model, splits.training)))
    cost: Tensor = model(given, features.targets(model, splits.training))
    return cost.sum().item()


def _drawn(spec: ModelSpec) -> Tensor:
    """Return inputs as a dataset would hold them."""
    return synthetic_rows(spec.input, spec.output, ROWS, spec.name).input


@torch.no_grad()
def _show(model: nn.Module, given: Tensor) -> None:
    """Let batch normalizations take the statistics of inputs, and leave a model in eval
    mode: through many that have seen nothing, hardly anything passes."""
    norms = [one for one in model.modules() if isinstance(one, _BatchNorm)]
    for norm in norms:
        norm.momentum = None  # the mean of all batches, of which there is one
    if norms:
        model.train()(given)
    model.eval()


def _model_and_rows(spec: ModelSpec) -> tuple[nn.Module, DatasetSplits]:
    """Return rows of two kinds, and the model, untrained, with a head for them."""
    torch.manual_seed(0)
    kind = targets_of(spec.output)
    drawn = kind.two_kinds(to_model_input(_drawn(spec)), spec.input, spec.output)
    rows = LabeledExamples(
        items=list(drawn.items),
        targets=drawn.targets,
        names=[f"row {number}" for number in range(ROWS)],
    )
    labels = drawn.labels if spec.labels else ()
    model = loading.build(spec.name, **({"labels": labels} if labels else {}))
    _show(model, drawn.items)
    return model, DatasetSplits(
        source="stand-in",
        labels=labels,
        training=rows,
        test=rows.pick([0, 1]),
        kind=kind,
    )
