"""The frame of ejected recipes does what `zoo.Run` does, practice by practice."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import zoo
from zoo import ImageInput, Run
from zoo.datasets import in_memory as tensors
from zoo.datasets.splits import Fold
from zoo.errors import DataError, Diverged
from zoo.evaluation import evaluate_tensors as measuring
from zoo.sharing.eject.runtime import run as frame
from zoo.sharing.eject.runtime import tensors as alone
from zoo.training.train import seeded

NAME = "mlp-mnist"
COUNT = 70


def noise() -> tuple[Tensor, Tensor]:
    """Return pictures as bytes, and labels."""
    random = torch.Generator().manual_seed(0)
    shape = (COUNT, 1, 28, 28)
    picture = torch.randint(256, shape, generator=random, dtype=torch.uint8)
    return picture, torch.randint(10, (COUNT,), generator=random)


def frames() -> list[tuple[Any, Any, Any]]:
    """Return both frames, each with its rows and its measure."""
    picture, label = noise()
    spec = zoo.get_spec(NAME)
    assert isinstance(spec.input, ImageInput), "the model reads pictures"
    ours = tensors.TensorRows(input=picture, target=label, source="n", fingerprint="n")
    held = SimpleNamespace(
        build=lambda **options: zoo.build(NAME, **options),
        options=dict(spec.options),
        input=SimpleNamespace(mean=spec.input.mean, std=spec.input.std),
        output=SimpleNamespace(kind="classes", function_to_apply="softmax"),
    )
    mine = alone.TensorRows(input=picture, target=label)
    return [
        (Run(spec, seed=3), ours, measuring.evaluate),
        (frame.Run(held, seed=3), mine, alone.evaluate),
    ]


def lesson(run: Any, rows: Any, measure: Any, **practice: Any) -> nn.Module:
    """Train for three epochs with a practice; return the best weights."""
    fitting, holding = run.split(rows, 0.2)
    model = run.prepare(run.build())
    average = run.ema(model, decay=0.9) if practice.get("average") else None
    optimizer = run.prepare(torch.optim.Adam(model.parameters(), lr=0.01))
    schedule = run.prepare(torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9))
    length = torch.arange(len(fitting)) if practice.get("length") else None
    turned = (lambda batch, random: batch.flip(-1)) if practice.get("augment") else None
    for _ in run.epochs(3, patience=practice.get("patience")):
        model.train()
        batches = run.batches(fitting, 8, length=length, augment=turned)
        for picture, label in batches:
            loss = cross_entropy(model(picture), label)
            how = {k: practice[k] for k in ("clip", "accumulate") if k in practice}
            run.step(loss, optimizer, schedule, **how)
        accuracy = measure(average or model, holding)["accuracy"]
        figures = {"accuracy": accuracy, "first": 1.0}
        run.log(figures, best=("first", "accuracy"), model=average)
    found: nn.Module = run.best(average or model)
    return found


@pytest.mark.parametrize(
    "practice",
    [
        {},
        {"average": True},
        {"clip": 0.1},
        {"accumulate": 2},
        {"length": True},
        {"augment": True},
        {"patience": 1},
    ],
    ids=str,
)
def test_both_frames_make_the_same_weights(practice: dict[str, Any]) -> None:
    """
    And the same history, figure by figure.
    """
    made = []
    for run, rows, measure in frames():
        with seeded(3):
            model = lesson(run, rows, measure, **practice)
        made.append((run, model.state_dict()))

    (ours, weights), (theirs, again) = made
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert len(ours.history) == len(theirs.history)
    for row, other in zip(ours.history, theirs.history, strict=True):
        assert row == pytest.approx(other, abs=1e-6)


def test_both_frames_normalise_alike() -> None:
    """
    By the mean and deviation of the rows to fit, in batches and in measuring.
    """
    said = []
    for run, rows, measure in frames():
        run.fit_normalization(rows)
        with seeded(3):
            model = lesson(run, rows, measure)
        said.append((next(run.batches(rows, 8))[0], measure(model, rows)["accuracy"]))

    assert torch.equal(said[0][0], said[1][0])
    assert said[0][1] == pytest.approx(said[1][1])


@pytest.mark.parametrize("stratified", [False, True])
def test_both_kinds_of_rows_have_the_same_folds(stratified: bool) -> None:
    """
    The rows inside and outside, in the same order.
    """
    fold = Fold(number=1, count=5, stratified=stratified)

    (one, other), (again, rest) = (rows.fold(fold, seed=2) for _, rows, _ in frames())

    assert torch.equal(one.input, again.input)
    assert torch.equal(other.target, rest.target)


def test_a_loss_that_is_no_number_ends_it() -> None:
    """
    With the zoo's own error.
    """
    run = frames()[1][0]
    weight = nn.Parameter(torch.tensor(1.0))
    run.step(weight * torch.nan, torch.optim.SGD([weight], lr=0.1))

    with pytest.raises(Diverged, match=r"The loss became nan in epoch 0\."):
        run.log({})


def test_rows_that_were_not_given_are_named() -> None:
    """
    What was asked for, what there is, and how to give it.
    """
    run = frames()[1][0]

    with pytest.raises(DataError) as told:
        run.load_rows("mnist", "test")

    assert str(told.value) == (
        "The recipe asks for the rows 'test' (of mnist), and there are none. Give them "
        "as {'test': (input, target)}."
    )
