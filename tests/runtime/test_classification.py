"""Labels and how often they are right, as torchmetrics counts, to the last bit."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torchmetrics.functional import classification as theirs

from zoo.runtime import classification

SIZES = [(7, 2), (50, 3), (3, 5), (1000, 10), (40, 20), (99, 100)]


def spec(labels: int, apply: str = "softmax", *, many: bool = False) -> Any:
    names = tuple(map(str, range(labels)))
    return SimpleNamespace(labels=names, function_to_apply=apply, multi_label=many)


@pytest.mark.parametrize(("rows", "labels"), SIZES)
def test_of_one_label(rows: int, labels: int) -> None:
    """
    Accuracy, and F1 as the mean over the labels that are said or true.
    """
    random = torch.Generator().manual_seed(rows)
    output = torch.randn(rows, labels, generator=random)
    target = torch.randint(max(1, labels // 2), (rows,), generator=random)

    found = classification.metrics(output, target, spec(labels))

    scores = output.softmax(dim=1)
    accuracy = theirs.multiclass_accuracy(
        scores, target, num_classes=labels, average="micro"
    )
    f1 = theirs.multiclass_f1_score(scores, target, num_classes=labels)
    assert found == {"accuracy": accuracy.item(), "f1": f1.item()}


@pytest.mark.parametrize("rows", [1, 9, 1000])
def test_of_a_single_logit(rows: int) -> None:
    """
    It speaks for the second of two labels.
    """
    random = torch.Generator().manual_seed(rows)
    output = torch.randn(rows, 1, generator=random)
    target = torch.randint(2, (rows,), generator=random)

    found = classification.metrics(output, target, spec(2, "sigmoid"))

    scores = torch.cat([1 - output.sigmoid(), output.sigmoid()], dim=1)
    accuracy = theirs.multiclass_accuracy(
        scores, target, num_classes=2, average="micro"
    )
    f1 = theirs.multiclass_f1_score(scores, target, num_classes=2)
    assert found == {"accuracy": accuracy.item(), "f1": f1.item()}


@pytest.mark.parametrize(("rows", "labels"), SIZES[1:])
def test_of_several_labels(rows: int, labels: int) -> None:
    """
    Each is a question of its own, and F1 is the mean over all.
    """
    random = torch.Generator().manual_seed(rows)
    output = torch.randn(rows, labels, generator=random)
    target = torch.randint(2, (rows, labels), generator=random)

    found = classification.metrics(output, target, spec(labels, "sigmoid", many=True))

    scores = output.sigmoid()
    accuracy = theirs.multilabel_accuracy(
        scores, target, num_labels=labels, average="micro"
    )
    f1 = theirs.multilabel_f1_score(scores, target, num_labels=labels)
    assert found == {"accuracy": accuracy.item(), "f1": f1.item()}


def test_results_are_plain_data() -> None:
    """
    The likeliest label and all scores, or the labels that hold.
    """
    logits = torch.tensor([[0.0, 2.0], [1.0, -1.0]])

    one, other = classification.results(logits, spec(2))
    both = classification.results(logits, spec(2, "sigmoid", many=True))

    assert (one["label"], other["label"]) == ("1", "0")
    assert one["score"] == one["scores"]["1"] == pytest.approx(0.8808, abs=1e-4)
    assert list(one["scores"]) == ["1", "0"]
    assert [each["labels"] for each in both] == [("0", "1"), ("0",)]
