"""What a run does where there is no zoo: as in an ejected package."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from zoo.runtime.ema import ema
from zoo.runtime.features import extract_features
from zoo.runtime.folds import child_run
from zoo.runtime.run import Run

SPEC = SimpleNamespace(build=lambda: nn.Linear(2, 1), options={})


def test_an_average_follows_the_steps_of_its_own_model() -> None:
    """
    Exponentially; the steps of another network leave it as it is.
    """
    run, other = Run(SPEC), nn.Linear(1, 1)
    model = run.build()
    average = ema(run, model, decay=0.5)
    ours, theirs = (torch.optim.SGD(one.parameters(), lr=1.0) for one in (model, other))
    start = model.bias.item()
    for _ in range(2):  # the first update copies
        run.step(model.bias.sum(), ours)
    run.step(other.bias.sum(), theirs)

    assert average.bias.item() == pytest.approx(start - 1.5)


def test_a_child_is_a_run_of_its_own_for_the_same_model() -> None:
    """
    It has an order, a history and a best model of its own.
    """
    run = Run(SPEC, seed=1)
    run.build()

    child = child_run(run, seed=7)
    for _ in child.epochs(1):
        child.log({"rmse": 1.0}, best="rmse", model=child.build())

    assert (child.spec, child.seed, len(child.history)) == (SPEC, 7, 1)
    assert run.history == []


def test_features_are_what_the_head_is_given_or_the_output() -> None:
    """
    In eval mode, in parts as a whole.
    """
    body, head = nn.Sequential(nn.Flatten(), nn.Dropout(0.9)), nn.Linear(4, 1)
    model = nn.Sequential(body, head).train()
    rows = torch.rand(5, 2, 2, generator=torch.Generator().manual_seed(0))

    whole = extract_features(model, rows)
    model.zoo = SimpleNamespace(spec=SimpleNamespace(head="1"))  # type: ignore[assignment]

    assert whole.shape == (5, 1)
    assert torch.equal(extract_features(model, rows, batch_size=2), rows.flatten(1))
    assert model.training
