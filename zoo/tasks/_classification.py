"""What every classification shares: from numbers to labels, and how often right."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from zoo.errors import InputError, MissingExtra, OptionError, SpecError
from zoo.preprocessing.image import thumbnail
from zoo.specs import ClassOutput, ModelSpec
from zoo.tasks._task import Figures, FinetuneSettings, InputT, RawRows, Task
from zoo.tasks.results.result import Result
from zoo.tasks.results.vision import Classification as Label
from zoo.tasks.results.vision import MultiLabel

__all__ = ["Classification", "probabilities"]


class Classification(Task[InputT, ClassOutput]):
    """An input of some kind in, one label out, or several that hold."""

    outputs = (ClassOutput,)
    metric = "accuracy"

    def results(
        self, output: Tensor, opened: Sequence[Any], output_spec: ClassOutput
    ) -> list[Result]:
        """Return labels, each with a small copy of its picture, if it is of one."""
        make = _several if output_spec.multi_label else _one
        told = self.scores(output, output_spec).tolist()
        return [
            make(row, thumbnail(item), output_spec)
            for row, item in zip(told, opened, strict=True)
        ]

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: ClassOutput,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean cross-entropy; `weight` says how much each label counts."""
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

    def measure(
        self, output: Tensor, target: Tensor, output_spec: ClassOutput
    ) -> dict[str, float]:
        """Return accuracy and macro F1; `target` holds numbers (or 0/1 by label)."""
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

    def scores(self, output: Tensor, output_spec: ClassOutput) -> Tensor:
        """Return `probabilities`; raises SpecError or InputError where they can't
        be."""
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

    def selection_metric(self, *, balance: bool) -> str:
        """Return accuracy; where all labels count alike, macro F1 says it."""
        return "f1" if balance else "accuracy"

    def predicted_labels(self, output: Tensor, output_spec: ClassOutput) -> Tensor:
        if output.shape[-1] == 1:  # one logit for the second of two
            return (output.flatten() > 0).long()
        return output.argmax(dim=1)

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        _, output_spec = self.signature(spec)
        if output_spec.multi_label:
            problem = (
                "it answers several questions of one input at once, and fine-tuning "
                "takes rows with one label each."
            )
            raise OptionError(spec.name, problem, list(spec.options))
        super().check_finetuning(spec, chosen)

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: InputT,
        output_spec: ClassOutput,
    ) -> dict[str, Figures]:
        said = max(training.targets, key=training.targets.count)
        share = rows.targets.count(said) / len(rows.targets)
        return {"the commonest class": {"accuracy": share}}


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


def _one(
    row: list[float], picture: Image.Image | None, output_spec: ClassOutput
) -> Label:
    pairs = zip(output_spec.labels, row, strict=True)
    scores = dict(sorted(pairs, key=lambda pair: -pair[1]))
    label, score = next(iter(scores.items()))
    return Label(label=label, score=score, scores=scores, picture=picture)


def _several(
    row: list[float], picture: Image.Image | None, output_spec: ClassOutput
) -> MultiLabel:
    scores = dict(zip(output_spec.labels, row, strict=True))
    holding = tuple(name for name, score in scores.items() if score >= 0.5)
    return MultiLabel(labels=holding, scores=scores, picture=picture)
