"""Frozen parts: no gradient, statistics that do not move, and the way back."""

import copy
import gc
import io
import pickle
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from small import Small, small
from torch import Tensor, nn

import zoo
from zoo.errors import OptionError
from zoo.models.freeze import freeze_norms, frozen, unfreeze_module


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


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_a_copy_and_its_original_are_apart(copied: Any) -> None:
    """
    To unfreeze the one, or let it go, changes nothing about the other.
    """
    model = zoo.freeze(small())
    twin = copied(model)

    zoo.unfreeze(twin).train()
    model.train()

    assert all(part.training for part in twin.modules())
    assert not model.first[1].training

    second = copied(model)
    del model
    assert second.train() is second
    assert second.first.train() is second.first
    assert not second.first[1].training
    assert second.head.training


def test_a_whole_module_goes_through_torch_save() -> None:
    """
    As people save models elsewhere: what comes back is frozen, and of its own classes.
    """
    file = io.BytesIO()
    model = zoo.freeze(small())

    torch.save(model, file)
    file.seek(0)
    twin = torch.load(file, weights_only=False)
    before = body(twin)
    step(twin)

    assert same(before, body(twin))
    assert [type(m) for m in twin.modules()] == [type(m) for m in model.modules()]
    assert twin.zoo.spec == model.zoo.spec


def test_a_frozen_model_is_let_go_at_once() -> None:
    """
    Its memory does not wait for the garbage collector: nothing in it points back.
    """
    gc.disable()
    try:
        model = zoo.freeze(small())
        gone = weakref.ref(model.first[0].weight)
        del model
        assert gone() is None
    finally:
        gc.enable()


def test_a_shallow_copy_stays_frozen() -> None:
    """
    It shares what the original holds; once that is gone, the error says what to do.
    """
    conv = zoo.freeze(small()).first[0]
    twin = copy.copy(conv)

    assert not twin.train().training
    assert not twin.training

    del conv
    with pytest.raises(ReferenceError) as caught:
        twin.train()
    assert str(caught.value) == (
        "This is a shallow copy of a frozen module that is gone. Copy modules with "
        "copy.deepcopy."
    )


def test_a_compiled_model_is_frozen() -> None:
    """
    torch.compile before or after: training mode stops at the same part, and what is
    frozen keeps every bit through a step.
    """
    model = zoo.freeze(small())
    compiled = torch.compile(model, backend="eager")
    before = body(model)

    step(compiled)
    assert same(before, body(model))
    assert model.head.training
    assert not model.first[1].training

    zoo.unfreeze(compiled).train()
    assert all(part.training for part in model.modules())
    zoo.freeze(compiled).train()
    assert not model.first[1].training


@pytest.fixture
def group(tmp_path: Path) -> Iterator[None]:
    """A group of one process, for DistributedDataParallel."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path / 'group'}", rank=0, world_size=1
    )
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.usefixtures("group")
def test_a_distributed_model_is_frozen() -> None:
    """
    DistributedDataParallel around it, and its own `train`, wake nothing.
    """
    model = zoo.freeze(small())
    wrapped = nn.parallel.DistributedDataParallel(model)
    before = body(model)

    step(wrapped)

    assert wrapped.training
    assert model.head.training
    assert same(before, body(model))
    assert not any(part.training for part in model.first.modules())


def test_hooks_go_on_being_called() -> None:
    """
    Those from before the freezing and those from after it, as often as before.
    """
    model = small()
    seen: list[str] = []
    model.first[1].register_forward_hook(lambda *_: seen.append("before"))
    zoo.freeze(model)
    model.first[1].register_forward_hook(lambda *_: seen.append("after"))

    model.train()(batch())

    assert seen == ["before", "after"]


class Counting(nn.BatchNorm2d):
    """A normalisation with a `train` of its own, as some classes have."""

    calls = 0

    def train(self, mode: bool = True) -> "Counting":
        self.calls += 1
        return super().train(mode)


def test_a_class_with_its_own_train_is_still_asked() -> None:
    """
    It is told False, and asked as written again after unfreezing.
    """
    model = small()
    model.first[1] = Counting(8)
    zoo.freeze(model)
    norm = model.first[1]
    before = norm.calls

    model.train()
    assert (norm.calls > before, norm.training) == (True, False)

    zoo.unfreeze(model).train()
    assert norm.training
    assert "train" not in vars(norm)


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
    Neither the type of any part, nor isinstance, nor the printed names change.
    """
    model = small()
    plain, kinds = repr(model), [type(part) for part in model.modules()]

    zoo.freeze(model)

    assert [type(part) for part in model.modules()] == kinds
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
    assert not any("train" in vars(part) for part in model.modules())


def test_freezing_twice_is_freezing_once() -> None:
    """
    One unfreeze undoes it.
    """
    model = zoo.unfreeze(zoo.freeze(zoo.freeze(small()))).train()

    assert model.first[0].training


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

    unfreeze_module(model.second)
    unfreeze_module(model.rest)
    model.train()

    assert model.second[0].weight.requires_grad
    assert not model.second[1].training
    assert model.rest[2].training


def test_hold_norms_holds_nothing_else() -> None:
    """
    Gradients still reach the two factors; the statistics are fixed.
    """
    model = freeze_norms(small()).train()

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
