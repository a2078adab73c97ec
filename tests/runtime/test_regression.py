"""The metrics of numbers, beside torchmetrics, to the last bit."""

import math

import pytest
import torch
from torch import nn
from torchmetrics import functional

import zoo
from zoo.runtime.regression import evaluate, metrics
from zoo.runtime.rows import TensorRows
from zoo.tasks import get_task


@pytest.mark.parametrize("count", [2, 57, 5000])
def test_they_are_torchmetrics(count: int) -> None:
    """
    A run chooses its best weights by them: a bit more or less could choose others.
    """
    generator = torch.Generator().manual_seed(count)
    true = 9 * torch.randn(count, generator=generator) + 100
    predicted = true + torch.randn(count, generator=generator)
    ours = metrics(predicted[:, None], true)
    both = predicted.double(), true.double()

    assert ours == {
        "rmse": functional.mean_squared_error(*both, squared=False).item(),
        "mae": functional.mean_absolute_error(*both).item(),
        "r2": functional.r2_score(*both).item(),
    }


def test_numbers_that_are_all_the_same_have_no_variance_to_explain() -> None:
    """
    Right is right, and wrong explains nothing; what is no number is none.
    """
    same = torch.full((9,), 3.0)

    assert metrics(same, same)["r2"] == 1
    assert metrics(same + 1, same)["r2"] == 0
    assert math.isnan(metrics(same * math.nan, torch.arange(9.0))["r2"])


def test_one_row_has_no_r2() -> None:
    """
    It is left out, and that is said; the others are as ever.
    """
    with pytest.warns(
        UserWarning,
        match=r"^R2 is not defined on one row, and is left out of the metrics\.$",
    ):
        found = metrics(torch.tensor([[5.0]]), torch.tensor([3.0]))

    assert found == {"rmse": 2.0, "mae": 2.0}


def test_a_model_is_measured_as_by_its_task() -> None:
    """
    On rows, in eval mode, and left as it was.
    """
    model: nn.Module = zoo.build("mlp-diabetes").train()
    given = torch.rand(30, 10, generator=torch.Generator().manual_seed(0))
    rows = TensorRows(input=given, target=torch.arange(30), source="made")
    with torch.inference_mode():
        output = model.eval()(given)
    task = get_task("tabular-regression")

    found = evaluate(model.train(), rows)

    assert found == task.compute_metrics(output, rows.target, model.zoo.spec.output)
    assert model.training
