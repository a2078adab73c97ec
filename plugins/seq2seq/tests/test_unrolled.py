"""The steps of a cell in training are those of use, and so are their gradients."""

import copy

import pytest
import torch
from zoo_seq2seq.attention import GRUCell


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_gradients_are_those_of_the_steps(reverse: bool, padded: bool) -> None:
    """
    Of the inputs, of the first state and of all weights; where a text is filled up the
    state is handed on.
    """
    torch.manual_seed(0)
    cell = GRUCell(input_size=6, hidden_size=5)
    given, first = torch.randn(4, 7, 6), torch.randn(4, 5)
    mask = torch.arange(7) < torch.tensor([7, 2, 4, 1])[:, None] if padded else None
    found = []
    for training in (True, False):
        model = copy.deepcopy(cell).train(training)
        inputs, state = given.clone().requires_grad_(), first.clone().requires_grad_()
        made = model.states(model.input_proj(inputs), state, mask, reverse=reverse)
        (made * torch.linspace(-1, 1, made.numel()).view_as(made)).sum().backward()
        weights = [parameter.grad for parameter in model.parameters()]
        found.append([made.detach(), inputs.grad, state.grad, *weights])

    for own, plain in zip(*found, strict=True):
        assert own is not None
        assert torch.allclose(own, plain, atol=1e-5)


def test_in_bfloat16_the_gradients_are_near() -> None:
    """
    To the two digits that the format has.
    """
    torch.manual_seed(0)
    cell = GRUCell(input_size=32, hidden_size=32)
    given = torch.randn(8, 6, 32)
    found = []
    for enabled in (True, False):
        model = copy.deepcopy(cell).train()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            made = model.unroll(given, torch.ones(8, 6, dtype=torch.bool))
        made.float().square().sum().backward()
        found.append([parameter.grad for parameter in model.parameters()])

    for low, full in zip(*found, strict=True):
        assert low is not None
        assert full is not None
        assert (low - full).norm() < 0.02 * full.norm()
