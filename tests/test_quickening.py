"""A quick copy gives the same numbers, or is no other than the model."""

import pytest
import torch
from small import small
from torch import nn

from zoo.quickening import keep_memory, quickened

GIVEN = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def norms(model: nn.Module) -> int:
    return sum(isinstance(m, nn.BatchNorm2d) for m in model.modules())


@torch.no_grad()
def test_normalisation_is_folded_and_nothing_changes() -> None:
    """
    The copy has no normalisation, the model still has; outputs agree to rounding.
    """
    model = small()

    quick = quickened(model, GIVEN)

    assert norms(quick) == 0
    assert norms(model) == 2
    assert torch.allclose(quick(GIVEN), model(GIVEN), atol=1e-5)


@torch.no_grad()
def test_a_normalisation_that_activates_still_does() -> None:
    """
    timm's BatchNormAct2d is folded, its activation stays.
    """
    layers = pytest.importorskip("timm.layers")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), layers.BatchNormAct2d(8)).eval()
    model[1].running_mean.uniform_(-0.3, 0.3)

    quick = quickened(model, GIVEN)

    assert norms(quick) == 0
    assert (quick(GIVEN) >= 0).all()
    assert torch.allclose(quick(GIVEN), model(GIVEN), atol=1e-5)


class Crossed(nn.Module):
    """A model whose normalisation does not follow the convolution beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        seen: torch.Tensor = self.conv(self.norm(image).relu())
        return seen


@torch.no_grad()
def test_a_wrong_guess_is_taken_back() -> None:
    """
    Where folding changes the output, the copy is of the model as it is.
    """
    torch.manual_seed(0)
    model = Crossed().eval()
    model.norm.running_mean.uniform_(-1, 1)

    quick = quickened(model, GIVEN)

    assert norms(quick) == 1
    assert torch.equal(quick(GIVEN), model(GIVEN))


def test_a_row_of_a_table_is_left_alone() -> None:
    """
    There is nothing to fold; the copy is in eval mode and takes no gradient.
    """
    quick = quickened(nn.Linear(3, 2), torch.rand(4, 3))

    assert not quick.training
    assert not quick.weight.requires_grad


def test_memory_is_left_alone_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    ZOO_MALLOC=0 forbids to change how the C library keeps memory.
    """
    monkeypatch.setenv("ZOO_MALLOC", "0")
    keep_memory.cache_clear()

    assert keep_memory() is False

    keep_memory.cache_clear()
