"""Which head of those that were tried becomes the model's."""

import pytest
import torch
from small import small

from zoo.finetuning import linear_probe, linear_solver
from zoo.finetuning.linear_solver import Choice


@pytest.mark.parametrize(
    ("kept", "start"), [(0.91, "the present head"), (0.89, "zeros")]
)
def test_the_head_from_zeros_is_taken_where_it_is_ahead(
    monkeypatch: pytest.MonkeyPatch, kept: float, start: str
) -> None:
    """
    By the rows that the folds left out. Otherwise the head stays as near to what was
    known as chance allows.
    """
    tried = [
        Choice("the present head", 0.001, 0.92, within_one_se=True),
        Choice("the present head", 1.0, kept, within_one_se=True),
        Choice("zeros", 0.01, 0.90, within_one_se=True),
    ]
    monkeypatch.setattr(linear_solver, "choose", lambda *_, **__: tried)
    model, given = small(), torch.rand(9, 16)
    found = linear_probe.probe(
        model,
        model.head,
        given,
        torch.arange(9) % 3,
        figure="accuracy",
        l2=None,
        weight=None,
        seed=0,
    )

    assert found.chosen.start == start
    same = torch.equal(found.head[0], found.plain[0])
    assert same == (start == "zeros")
