"""Frozen parts: no gradient, statistics that do not move, and the way back."""

import copy
import io
import pickle

import pytest
import torch
from small import Small, small
from torch import Tensor, nn

import zoo
from zoo.errors import OptionError
from zoo.models.freeze import frozen, hold_norms, thaw


def batch() -> Tensor:
    return torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def step(model: nn.Module) -> torch.optim.Optimizer:
    """Go one step down some loss, in training mode, with all in the optimizer."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    model.train()
    model(batch()).square().sum().backward()
    optimizer.step()
    return optimizer


def body(model: nn.Module) -> dict[str, Tensor]:
    """Return a copy of everything before the head: parameters and buffers."""
    held = model.state_dict().items()
    return {k: v.clone() for k, v in held if not k.startswith("head.")}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


def test_frozen_is_frozen() -> None:
    """
    No gradient, no optimizer state, no moved statistic; the head learns.
    """
    model = zoo.freeze(small())
    before, head = body(model), model.head.weight.clone()

    optimizer = step(model)

    held = [p for n, p in model.named_parameters() if not n.startswith("head.")]
    assert same(before, body(model))
    assert all(p.grad is None and p not in optimizer.state for p in held)
    assert not torch.equal(head, model.head.weight)


def test_a_parameter_beside_the_modules_is_frozen_too() -> None:
    """
    Such as the class token of a transformer.
    """
    assert frozen(zoo.freeze(small()))[0] == "scale"


def test_without_freezing_statistics_move() -> None:
    """
    The tests above can fail.
    """
    model = small()
    before = body(model)

    step(model)

    assert not torch.equal(before["first.1.running_mean"], model.first[1].running_mean)


def test_train_does_not_wake_what_is_held() -> None:
    """
    Not from the model, not from the part itself.
    """
    model = zoo.freeze(small())

    model.train()
    model.second.train()
    model.rest[2].train()

    assert not any(m.training for m in model.second.modules())
    assert not model.rest[2].training
    assert model.head.training


def test_a_copy_is_frozen_too() -> None:
    """
    copy.deepcopy keeps the hold, the knowledge, and lets the original alone.
    """
    model = zoo.freeze(small())

    twin = copy.deepcopy(model)
    before = body(twin)
    step(twin)

    assert same(before, body(twin))
    assert twin.zoo.spec == model.zoo.spec
    assert not twin.train().first[1].training


def test_a_pickle_is_frozen_too() -> None:
    """
    What is sent to another process stays held.
    """
    twin = pickle.loads(pickle.dumps(zoo.freeze(small()).second))

    assert not twin.train()[1].training
    assert isinstance(twin[1], nn.BatchNorm2d)


def test_state_goes_through_a_file() -> None:
    """
    torch.save of a frozen state_dict holds what that of a free one holds.
    """
    model, file = small(), io.BytesIO()
    before = body(model)
    zoo.freeze(model).train()

    torch.save(model.state_dict(), file)
    file.seek(0)
    fresh = zoo.freeze(Small(), until="head")
    fresh.load_state_dict(torch.load(file, weights_only=True))

    assert same(before, body(fresh))


def test_classes_stay_what_they_are() -> None:
    """
    isinstance and the printed names do not change.
    """
    model = small()
    plain = repr(model)

    zoo.freeze(model)

    assert isinstance(model.first, nn.Sequential)
    assert isinstance(model.first[0], nn.Conv2d)
    assert repr(model) == plain


def test_unfreeze_gives_everything_back() -> None:
    """
    Classes, gradients and modes are as they were.
    """
    model = small()

    zoo.unfreeze(zoo.freeze(model)).train()

    assert frozen(model) == []
    assert all(m.training for m in model.modules())
    assert type(model.first[1]) is nn.BatchNorm2d


def test_freezing_twice_is_freezing_once() -> None:
    """
    One unfreeze undoes it.
    """
    model = zoo.unfreeze(zoo.freeze(zoo.freeze(small())))

    assert type(model.first[0]) is nn.Conv2d


def test_freeze_until_a_part() -> None:
    """
    What comes before the part is held; the part and all after it learn.
    """
    model = zoo.freeze(small(), until="second.1")

    names = [n for n, p in model.named_parameters() if p.requires_grad]
    expected = ["second.1.weight", "second.1.bias", "head.weight", "head.bias"]
    assert names == expected


def test_a_thawed_part_learns_with_its_statistics_held() -> None:
    """
    Dropout wakes, the running mean does not.
    """
    model = zoo.freeze(small())

    thaw(model.second)
    thaw(model.rest)
    model.train()

    assert model.second[0].weight.requires_grad
    assert not model.second[1].training
    assert model.rest[2].training


def test_hold_norms_holds_nothing_else() -> None:
    """
    Gradients still reach the two factors; the statistics are fixed.
    """
    model = hold_norms(small()).train()

    assert not model.first[1].training
    assert model.first[0].training
    assert frozen(model) == []


def test_an_unknown_part_is_refused_with_what_is_near() -> None:
    """
    The top parts are listed.
    """
    with pytest.raises(OptionError) as caught:
        zoo.freeze(small(), until="secnd")

    assert str(caught.value) == (
        "Model 'Small': it has no submodule 'secnd' to freeze until. Did you mean "
        "'second' or 'second.2' or 'second.1'? Options: first, second, rest, head."
    )


def test_a_model_without_a_head_is_refused() -> None:
    """
    Unless the part is named.
    """
    with pytest.raises(OptionError) as caught:
        zoo.freeze(zoo.load("perceptron-iris"))

    assert str(caught.value) == (
        "Model 'perceptron-iris': it declares no head, so there is nothing to freeze "
        "it up to. Options: until."
    )
