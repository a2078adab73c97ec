"""Initialisers switched off: for parameters, in this thread, for as long as asked."""

import threading
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules import module as torch_module
from torch.nn.modules.module import register_module_parameter_registration_hook

import zoo
from zoo.models import skip_init
from zoo.models.skip_init import skip_initialization

LAYERS = {
    "linear": lambda: nn.Linear(3, 3),
    "convolution": lambda: nn.Conv2d(3, 3, 3),
    "embedding": lambda: nn.Embedding(3, 3, padding_idx=0),
    "recurrent": lambda: nn.GRU(3, 3),
    "attention": lambda: nn.MultiheadAttention(4, 2),
    "copies": lambda: nn.TransformerEncoder(
        nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), num_layers=2
    ),
    "weight norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(3, 3)),
    "parameter of a parameter": lambda: nn.ParameterList(
        [nn.Parameter(nn.Linear(3, 3).weight), nn.Parameter(nn.Linear(3, 3).bias.data)]
    ),
    "lazy": lambda: nn.LazyLinear(3),
}


@pytest.mark.parametrize("layer", LAYERS)
def test_nothing_is_drawn_and_nothing_is_left_behind(layer: str) -> None:
    """
    torch's layers build without a random number; afterwards they have the parameters
    they would have had, of torch's own classes and with nothing stuck to them.
    """
    expected = LAYERS[layer]()
    state = torch.get_rng_state()

    with skip_initialization():
        built = LAYERS[layer]()

    assert torch.equal(torch.get_rng_state(), state)
    pairs = zip(expected.named_parameters(), built.named_parameters(), strict=True)
    for (expected_name, wanted), (name, parameter) in pairs:
        assert name == expected_name
        assert type(parameter) is type(wanted)
        assert vars(parameter) == {} or layer == "lazy"
        assert parameter.requires_grad == wanted.requires_grad
        assert layer == "lazy" or parameter.shape == wanted.shape


def test_detached_data_is_not_a_parameter() -> None:
    """A module that keeps `weight.detach()` does not get one more parameter."""

    class Keeper(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.empty(3))
            self.seen = self.weight.detach()
            self.register_buffer("copy", self.weight.data, persistent=False)

    with skip_initialization():
        keeper = Keeper()

    assert [name for name, _ in keeper.named_parameters()] == ["weight"]
    assert (type(keeper.seen), type(keeper.copy)) == (torch.Tensor, torch.Tensor)


def test_other_threads_fill_their_parameters() -> None:
    """A model built elsewhere at the same time gets its random weights."""
    elsewhere: list[nn.Linear] = []

    with skip_initialization():
        state = torch.get_rng_state()
        thread = threading.Thread(target=lambda: elsewhere.append(nn.Linear(3, 3)))
        thread.start()
        thread.join()

    assert not torch.equal(torch.get_rng_state(), state)
    assert type(elsewhere[0].weight) is nn.Parameter


def test_a_build_that_fails_leaves_nothing_behind() -> None:
    """Initialisers work again, for the next module and for the one that was begun."""
    begun: list[nn.Linear] = []

    def fail() -> None:
        begun.append(nn.Linear(3, 3))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), skip_initialization():
        fail()

    nn.init.ones_(begun[0].weight)
    assert begun[0].weight.tolist() == [[1.0] * 3] * 3
    assert nn.init.zeros_(nn.Linear(3, 3).weight).sum() == 0


def hooks() -> Any:
    """Return torch's table of what is called for each parameter of any module."""
    return torch_module._global_parameter_registration_hooks


def test_torch_is_as_it_was_once_a_model_is_loaded() -> None:
    """
    No hook for all modules of the process stays behind, and no method of theirs is
    another one: importing and loading change nothing for modules built elsewhere.
    """
    before, methods = hooks(), dict(vars(nn.Module))

    zoo.load("lenet5-mnist")

    assert hooks() is before
    assert not hooks()
    assert dict(vars(nn.Module)) == methods


def test_builds_that_overlap() -> None:
    """
    Of two threads that build at the same time, the first to end does not take the
    other's switch away; the last leaves torch as it was.
    """
    before = hooks()
    inside, done = threading.Event(), threading.Event()
    drawn: list[bool] = []

    def build() -> None:
        with skip_initialization():
            inside.set()
            done.wait()
            state = torch.get_rng_state()
            nn.Linear(3, 3)
            drawn.append(not torch.equal(torch.get_rng_state(), state))

    with skip_initialization():
        thread = threading.Thread(target=build)
        thread.start()
        inside.wait()
    assert hooks() is not before
    done.set()
    thread.join()

    assert drawn == [False]
    assert hooks() is before


def test_a_build_within_a_build() -> None:
    """A context inside of another leaves the outer one switched on."""
    state = torch.get_rng_state()

    with skip_initialization():
        with skip_initialization():
            nn.Linear(3, 3)
        nn.Linear(3, 3)

    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(nn.Linear(3, 3).weight, nn.Linear(3, 3).weight)


def test_a_thread_that_registers_while_a_build_ends() -> None:
    """
    The end of a build changes no table under a thread that walks over it, as one does
    that builds a module and calls somebody's hook at that moment.
    """
    faults: list[RuntimeError] = []
    called, go_on = threading.Event(), threading.Event()

    def wait(_module: nn.Module, _name: str, _parameter: Any) -> None:
        called.set()
        go_on.wait()

    def build() -> None:
        try:
            nn.Linear(3, 3)
        except RuntimeError as fault:
            faults.append(fault)

    handle = register_module_parameter_registration_hook(wait)
    thread = threading.Thread(target=build)
    try:
        with skip_initialization():
            thread.start()
            called.wait()
    finally:
        go_on.set()
        thread.join()
        handle.remove()

    assert not faults


def test_a_hook_that_comes_or_goes_during_a_build() -> None:
    """
    What others register while a model is built is called then and later, until its
    handle is removed; a handle from before can be removed meanwhile.
    """
    seen: list[str] = []

    def early(_module: nn.Module, name: str, _parameter: Any) -> None:
        seen.append(f"early {name}")

    def late(_module: nn.Module, name: str, _parameter: Any) -> None:
        seen.append(f"late {name}")

    first = register_module_parameter_registration_hook(early)
    with skip_initialization():
        second = register_module_parameter_registration_hook(late)
        nn.Linear(1, 1, bias=False)
        first.remove()
        nn.Linear(1, 1, bias=False)
    nn.Linear(1, 1, bias=False)
    second.remove()
    nn.Linear(1, 1, bias=False)

    assert seen == ["early weight", "late weight", "late weight", "late weight"]
    assert not hooks()


def test_a_torch_without_the_table_builds_as_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The table has no public name: were it gone, parameters would only be filled."""
    monkeypatch.setattr(skip_init._RegistrationHooks, "NAME", "_no_such_table")

    with skip_initialization():
        first, second = nn.Linear(3, 3), nn.Linear(3, 3)

    assert not torch.equal(first.weight, second.weight)
    assert not hasattr(torch_module, "_no_such_table")
