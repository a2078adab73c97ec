"""Initialisers switched off: for parameters, in this thread, for as long as asked."""

import threading

import pytest
import torch
from torch import nn

from zoo.models.skip_init import without_initialisers

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

    with without_initialisers():
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

    with without_initialisers():
        keeper = Keeper()

    assert [name for name, _ in keeper.named_parameters()] == ["weight"]
    assert (type(keeper.seen), type(keeper.copy)) == (torch.Tensor, torch.Tensor)


def test_other_threads_fill_their_parameters() -> None:
    """A model built elsewhere at the same time gets its random weights."""
    elsewhere: list[nn.Linear] = []

    with without_initialisers():
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

    with pytest.raises(ZeroDivisionError), without_initialisers():
        fail()

    nn.init.ones_(begun[0].weight)
    assert begun[0].weight.tolist() == [[1.0] * 3] * 3
    assert nn.init.zeros_(nn.Linear(3, 3).weight).sum() == 0
