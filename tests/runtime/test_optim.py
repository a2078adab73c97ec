"""The practices by name, each against torch or a formula written out."""

import math

import pytest
import torch
from torch import Tensor, nn

from zoo.errors import SettingsError
from zoo.recipes import optim

GIVEN = torch.tensor([[-2.0, 0.0, 0.5], [3.0, -0.1, 1.0]])
START = [1.0, -2.0]  # where every optimizer begins
RATE = 0.1


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("step", (GIVEN >= 0).float()),
        ("sigmoid", 1 / (1 + (-GIVEN).exp())),
        ("tanh", (GIVEN.exp() - (-GIVEN).exp()) / (GIVEN.exp() + (-GIVEN).exp())),
        ("relu", GIVEN.clamp(min=0)),
        ("leaky-relu", torch.where(GIVEN < 0, 0.01 * GIVEN, GIVEN)),
        ("prelu", torch.where(GIVEN < 0, 0.25 * GIVEN, GIVEN)),
        ("softmax", GIVEN.exp() / GIVEN.exp().sum(dim=1, keepdim=True)),
    ],
)
def test_activations_are_their_formulas(name: str, wanted: Tensor) -> None:
    """
    Each layer computes what the textbook writes; softmax goes over a row.
    """
    assert torch.allclose(optim.activation(name)(GIVEN), wanted, atol=1e-6)


POSITIVE, WANTED = torch.tensor([0.5, 2.0, 7.0]), torch.tensor([1.0, 2.0, 4.0])
GAP = POSITIVE - WANTED
ROWS = torch.tensor([0, 2])
BITS = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
SURE = GIVEN.exp() / GIVEN.exp().sum(dim=1, keepdim=True)
SIGMOID = 1 / (1 + (-GIVEN).exp())
SHARES = torch.tensor([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])


@pytest.mark.parametrize(
    ("name", "given", "target", "wanted"),
    [
        ("mse", POSITIVE, WANTED, (GAP**2).mean()),
        ("mae", POSITIVE, WANTED, GAP.abs().mean()),
        ("rmse", POSITIVE, WANTED, (GAP**2).mean() ** 0.5),
        ("msle", POSITIVE, WANTED, (((1 + POSITIVE) / (1 + WANTED)).log() ** 2).mean()),
        (
            *("bce", GIVEN, BITS),
            -(BITS * SIGMOID.log() + (1 - BITS) * (1 - SIGMOID).log()).mean(),
        ),
        ("ce", GIVEN, ROWS, -SURE[[0, 1], ROWS].log().mean()),
        ("kl", GIVEN, SHARES, (SHARES * (SHARES / SURE).log()).sum(dim=1).mean()),
    ],
)
def test_losses_are_their_formulas(
    name: str, given: Tensor, target: Tensor, wanted: Tensor
) -> None:
    """
    Each loss is the mean the textbook writes.
    """
    assert torch.allclose(optim.loss(name)(given, target), wanted, atol=1e-5)


def descend(name: str, steps: int, **options: object) -> list[float]:
    """Return where an optimizer comes from START on the bowl x^2 + y^2."""
    point = nn.Parameter(torch.tensor(START))
    optimizer = optim.optimizer(name, [point], RATE, **options)
    for _ in range(steps):
        optimizer.step(optim.lbfgs_closure(optimizer, lambda: point.square().sum()))
    return [round(value, 5) for value in point.tolist()]


def rule(name: str, start: float) -> float:
    """Return where two steps of a textbook's rule come on the bowl's slope, 2 w."""
    weight, speed, seen, mean = start, 0.0, 0.0, 0.0
    for step in (1, 2):
        slope = 2 * weight
        speed = 0.9 * speed + slope
        if name in ("adagrad", "rmsprop"):
            share = {"adagrad": (1.0, 1.0), "rmsprop": (0.99, 0.01)}[name]
            seen = share[0] * seen + share[1] * slope**2
            weight -= RATE * slope / math.sqrt(seen)
        elif name in ("adam", "adamw"):
            mean, seen = 0.9 * mean + 0.1 * slope, 0.999 * seen + 0.001 * slope**2
            weight *= 1 - RATE * 0.01 if name == "adamw" else 1
            weight -= (
                RATE * (mean / (1 - 0.9**step)) / math.sqrt(seen / (1 - 0.999**step))
            )
        else:
            way = {"momentum": speed, "nag": slope + 0.9 * speed}.get(name, slope)
            weight -= RATE * way
    return weight


@pytest.mark.parametrize("name", [n for n in optim.OPTIMIZERS if n != "l-bfgs"])
def test_optimizers_follow_their_rules(name: str) -> None:
    """
    Two steps go where the rule of the textbook goes.
    """
    wanted = [rule(name, start) for start in START]

    assert descend(name, 2) == pytest.approx(wanted, abs=1e-4)


def test_l_bfgs_reaches_the_bottom_in_a_step() -> None:
    """
    On a bowl, a line search finds the minimum; it asks for the loss as it needs.
    """
    assert descend("l-bfgs", 1) == pytest.approx([0, 0], abs=1e-4)


def test_options_are_torchs() -> None:
    """
    What is given replaces the usual: a momentum of nothing is plain descent.
    """
    assert descend("momentum", 2, momentum=0.0) == descend("gd", 2)


def rates(name: str, steps: int, **options: float) -> list[float]:
    """Return the learning rate of every step, of a start at one."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = optim.schedule(name, optimizer, steps, **options)  # type: ignore[arg-type]
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step() if len(seen) < steps else None
    return seen


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("constant", [1.0] * 6),
        ("step", [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ("exponential", [0.5 ** (n / 2) for n in range(6)]),
        ("cosine", [1, 0.5, 1, 0.5, 1, 0.5]),
        ("warm-up", [0.5, 1, 1, 1, 1, 1]),
    ],
)
def test_schedules_are_their_formulas(name: str, wanted: list[float]) -> None:
    """
    The rate of each of six steps, with a period of two and a factor of a half.
    """
    assert rates(name, 6, period=2, decay=0.5) == pytest.approx(wanted)


def test_one_cycle_is_torchs() -> None:
    """
    It rises to the optimizer's own rate and ends far below, in so many steps.
    """
    seen = rates("one-cycle", 20)

    assert seen[0] == pytest.approx(1 / 25)
    assert max(seen) == pytest.approx(1.0, abs=0.02)
    assert seen[-1] == pytest.approx(1 / 25 / 1e4)


def test_a_period_is_a_tenth_unless_given() -> None:
    """
    The first tenth of the steps warms up.
    """
    assert rates("warm-up", 40) == [0.25, 0.5, 0.75] + [1.0] * 37


def test_penalties_are_sums_over_all() -> None:
    """
    L1 adds absolute values, L2 squares, both over every tensor.
    """
    weights = [torch.tensor([3.0, -4.0]), torch.tensor([[-1.0]])]

    assert optim.l1(weights).item() == 8
    assert optim.l2(weights).item() == 26
    assert optim.l1([]).item() == optim.l2([]).item() == 0


def test_max_norm_shortens_only_what_is_too_long() -> None:
    """
    A unit's incoming weights keep their direction; short ones keep every bit.
    """
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 4.0], [0.3, 0.4]]))
    optim.max_norm_(layer, 2.0)

    assert torch.allclose(layer.weight[0], torch.tensor([1.2, 1.6]), atol=1e-6)
    assert torch.equal(layer.weight[1], torch.tensor([0.3, 0.4]))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda: optim.activation("rellu"),
            "No activation 'rellu'. Did you mean 'relu' or 'prelu'? There are: step, "
            "sigmoid, tanh, relu, leaky-relu, prelu, softmax.",
        ),
        (
            lambda: optim.loss("hinge"),
            "No loss 'hinge'. There are: mse, mae, rmse, msle, bce, ce, kl.",
        ),
        (
            lambda: optim.optimizer("Adm", [], 0.1),
            "No optimizer 'Adm'. Did you mean 'adam' or 'adamw'? There are: gd, sgd, "
            "momentum, nag, adagrad, rmsprop, adam, adamw, l-bfgs.",
        ),
        (
            lambda: rates("warmup", 3),
            "No schedule 'warmup'. Did you mean 'warm-up'? There are: constant, step, "
            "exponential, cosine, warm-up, one-cycle.",
        ),
        (
            lambda: rates("step", 3, period=0),
            "Schedule 'step': period=0 of 3 steps; both should be at least 1.",
        ),
        (
            lambda: descend("adam", 1, nesterov=True),
            "Optimizer 'adam': Adam.__init__() got an unexpected keyword argument "
            "'nesterov'.",
        ),
    ],
)
def test_what_is_unknown_is_told(ask: object, message: str) -> None:
    """
    The message names the near miss and everything there is.
    """
    with pytest.raises(SettingsError) as caught:
        ask()  # type: ignore[operator]

    assert str(caught.value) == message
