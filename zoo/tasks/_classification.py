"""What every classification shares: from numbers to labels, and how often right."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from torch.nn import functional

from zoo.errors import InputError, MissingExtra, OptionError, SpecError
from zoo.preprocessing.image import thumbnail
from zoo.runtime import classification
from zoo.runtime.classification import probabilities
from zoo.specs import ClassOutput, ModelSpec, Output
from zoo.tasks._task import Figures, FinetuneSettings, InputT, RawRows, Task
from zoo.tasks.results.result import Result
from zoo.tasks.results.vision import Classification as Label
from zoo.tasks.results.vision import MultiLabel

__all__ = ["Classification"]


class Classification(Task[InputT, ClassOutput]):
    """An input of some kind in, one label out, or several that hold."""

    output_types = (ClassOutput,)
    metric = "accuracy"

    def kept(self, opened: Any, pictures: bool) -> Any:
        return thumbnail(opened) if pictures else None

    def postprocess(
        self, output: Tensor, opened: Sequence[Any], output_spec: ClassOutput
    ) -> list[Result]:
        """Return labels, each with a small copy of its picture, if it is of one."""
        make = MultiLabel if output_spec.multi_label else Label
        self.scores(output, output_spec)  # raises where there are none
        results = classification.results(output, output_spec)
        return [
            make(**one, picture=thumbnail(item))
            for one, item in zip(results, opened, strict=True)
        ]

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: ClassOutput,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean cross-entropy; `weight` is that of each label."""
        if output_spec.multi_label:
            return functional.binary_cross_entropy_with_logits(output, target.float())
        if output_spec.function_to_apply == "softmax":
            return functional.cross_entropy(output, target.long(), weight=weight)
        if output_spec.function_to_apply == "sigmoid" and output[0].numel() == 1:
            each = weight[target.long()] if weight is not None else None
            return functional.binary_cross_entropy_with_logits(
                output.flatten(), target.to(output.dtype), weight=each
            )
        expected = "'softmax' or 'sigmoid', which have a loss to train with"
        raise SpecError(
            "ClassOutput", "function_to_apply", output_spec.function_to_apply, expected
        )

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: ClassOutput
    ) -> dict[str, float]:
        """Return accuracy and macro F1; `target` holds numbers (or 0/1 by label)."""
        try:
            from torchmetrics.functional import classification as metrics
        except ImportError as exc:
            raise MissingExtra("torchmetrics", "Measuring a model") from exc
        scores, count = probabilities(output, output_spec), len(output_spec.labels)
        if output_spec.multi_label:
            accuracy = metrics.multilabel_accuracy(
                scores, target, num_labels=count, average="micro"
            )
            f1 = metrics.multilabel_f1_score(scores, target, num_labels=count)
        else:
            accuracy = metrics.multiclass_accuracy(
                scores, target, num_classes=count, average="micro"
            )
            f1 = metrics.multiclass_f1_score(scores, target, num_classes=count)
        return {"accuracy": accuracy.item(), "f1": f1.item()}

    def scores(self, output: Tensor, output_spec: ClassOutput) -> Tensor:
        """Return `probabilities`; raises SpecError or InputError where they can't
        be."""
        scores = probabilities(output, output_spec)
        if output.ndim > 2 or scores.shape[1] != len(output_spec.labels):
            expected = (
                f"one for each number of the model's output, {tuple(output.shape)}"
            )
            raise SpecError("ClassOutput", "labels", output_spec.labels, expected)
        if scores.isnan().any():
            problem = (
                "The model's output holds NaN: its weights or this input are at fault."
            )
            raise InputError(problem, "numbers it can count with")
        return scores

    def selection_metric(
        self, *, balance: bool, output_spec: Output | None = None
    ) -> str:
        """Return accuracy, or macro F1 where all labels count alike."""
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
        commonest = max(training.targets, key=training.targets.count)
        share = rows.targets.count(commonest) / len(rows.targets)
        return {"the commonest class": {"accuracy": share}}
