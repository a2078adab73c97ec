"""A model that tells how unusual a row is: its output, its result and its metrics."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)
from torch import Tensor, nn

from zoo import AnomalyOutput, Column, SeriesInput
from zoo.errors import InputError, SpecError
from zoo.runtime import anomaly_detection
from zoo.runtime.time_series import Series
from zoo.specs import Output
from zoo.tasks import get_task
from zoo.tasks.results.vision import Anomaly

TASK: Any = get_task("anomaly-detection")
ERROR = AnomalyOutput(name="error", unit="mV")
FOUND = Anomaly(score=0.5, is_anomaly=True, threshold=0.25, name="error", unit="mV")


def test_an_anomaly_prints_its_score_and_the_threshold() -> None:
    """
    The verdict comes first, and a unit is only there if there is one.
    """
    normal = Anomaly(score=0.1, is_anomaly=False, threshold=0.25, name="error")

    assert str(FOUND) == "anomaly (error 0.5 mV, threshold 0.25)"
    assert str(normal) == "normal (error 0.1, threshold 0.25)"


def test_an_anomaly_is_plain_json() -> None:
    """
    `.to_dict()` survives a round trip through JSON unchanged, without the input.
    """
    found = FOUND.to_dict()

    assert found == {
        "score": 0.5,
        "is_anomaly": True,
        "threshold": 0.25,
        "name": "error",
        "unit": "mV",
    }
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_an_anomaly_escapes_its_words() -> None:
    """
    Neither the name nor the unit can bring a tag into the page.
    """
    shown = Anomaly(
        score=1.0, is_anomaly=True, threshold=0.5, name="<b>", unit="<i>"
    )._repr_html_()

    assert "<table>" in shown
    assert "anomaly" in shown
    assert "<b>" not in shown
    assert "<i>" not in shown


def test_only_a_series_of_one_column_is_drawn() -> None:
    """
    A line in a notebook; a terminal shows the answer alone.
    """
    one, two = (Series([[1.0] * n, [2.0] * n], ("a", "b")[:n]) for n in (1, 2))
    drawn, plain = TASK.postprocess(torch.ones(2, 2), [one, two], ERROR)

    assert drawn.history == (1.0, 2.0)
    assert drawn.picture is not None
    assert "<img" in drawn._repr_html_()
    assert (plain.history, plain.picture) == ((), None)
    assert (drawn.lines(), drawn.beside()) == ([str(drawn)], None)


def test_a_score_at_the_threshold_is_normal() -> None:
    """
    An anomaly is above it.
    """
    output = torch.tensor([[0.25, 0.25], [0.5, 0.25], [0.0, 0.25]])
    found = TASK.postprocess(output, [None] * 3, ERROR)

    assert [one.is_anomaly for one in found] == [False, True, False]
    assert found[1] == FOUND


@pytest.mark.parametrize("shape", [(3, 1), (3,), (3, 2, 1)], ids=str)
def test_an_output_without_score_and_threshold(shape: tuple[int, ...]) -> None:
    """
    Other numbers of a row are no answer.
    """
    with pytest.raises(SpecError) as caught:
        TASK.postprocess(torch.zeros(shape), [None] * 3, ERROR)

    assert str(caught.value) == (
        "AnomalyOutput: name='error' should be score and threshold, but the model's "
        f"output is {shape}."
    )


def test_an_output_that_is_not_finite() -> None:
    """
    NaN is above no threshold, and would pass for normal.
    """
    with pytest.raises(InputError) as caught:
        TASK.postprocess(torch.tensor([[float("nan"), 1.0]]), [None], ERROR)

    assert str(caught.value) == (
        "The model's output is not finite: its weights or this input are at fault. The "
        "model expects numbers it can count with."
    )


def test_the_metrics_are_scikit_learns() -> None:
    """
    With many ties among the scores, which count half in the area under the curve.
    """
    random = torch.Generator().manual_seed(0)
    true = torch.randint(2, (200,), generator=random)
    score = (torch.randn(200, generator=random) + true).mul(2).round().div(2)
    output = torch.stack([score, torch.full_like(score, 0.75)], dim=1)
    found = score > 0.75

    assert len(score.unique()) < 20
    assert anomaly_detection.metrics(output, true) == pytest.approx(
        {
            "roc_auc": roc_auc_score(true, score),
            "accuracy": accuracy_score(true, found),
            "precision": precision_score(true, found),
            "recall": recall_score(true, found),
            "f1": f1_score(true, found),
        }
    )


def test_metrics_of_rows_of_one_kind() -> None:
    """
    With nothing to compare, the area is one half; what can't be counted is zero.
    """
    output = torch.tensor([[0.0, 1.0], [0.5, 1.0]])
    found = anomaly_detection.metrics(output, torch.zeros(2))

    assert found == {
        "roc_auc": 0.5,
        "accuracy": 1.0,
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
    }


def test_config_json_knows_the_output() -> None:
    """
    It is read back as it was, and needs a name.
    """
    plain = {"kind": "anomaly", "name": "error", "unit": "mV"}

    assert Output.from_plain(plain) == ERROR
    assert ERROR.facts == {"output": "error mV, and whether it is unusual"}
    with pytest.raises(SpecError) as caught:
        AnomalyOutput(name=" ")
    assert str(caught.value) == "AnomalyOutput: name=' ' should be what the score is."


def test_a_model_alone_predicts_what_the_task_does() -> None:
    """
    What an ejected package calls gives the same numbers.
    """

    class Largest(nn.Module):
        def forward(self, series: Tensor) -> Tensor:
            score = series.flatten(start_dim=1).max(dim=1).values
            return torch.stack([score, torch.full_like(score, 2.5)], dim=1)

    column = Column(name="a", low=0, high=9)
    model: Any = Largest()
    series = SeriesInput(columns=(column,), length=2)
    model.zoo = SimpleNamespace(spec=SimpleNamespace(input=series, output=ERROR))
    batch = torch.tensor([[[1.0], [2.0]], [[3.0], [0.0]]])
    items = [Series(rows.tolist(), ("a",)) for rows in batch]
    found = anomaly_detection.predict(model, batch, items)

    assert [Anomaly(**one) for one in found] == TASK.postprocess(
        model(batch), items, ERROR
    )
    assert [one["is_anomaly"] for one in found] == [False, True]
