"""A quick copy gives the same numbers, or is no other than the model."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from small import small
from torch import nn

import zoo
from zoo.models.fuse_batchnorm import MIN_BATCH, fuse_batchnorm, optimize_for_batch

GIVEN = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def norms(model: nn.Module) -> int:
    return sum(isinstance(m, nn.BatchNorm2d) for m in model.modules())


@torch.no_grad()
def test_normalisation_is_folded_and_nothing_changes() -> None:
    """
    The copy has no normalisation, the model still has; outputs agree to rounding.
    """
    model = small()

    quick = fuse_batchnorm(model, GIVEN)

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

    quick = fuse_batchnorm(model, GIVEN)

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

    quick = fuse_batchnorm(model, GIVEN)

    assert norms(quick) == 1
    assert torch.equal(quick(GIVEN), model(GIVEN))


def test_a_row_of_a_table_is_left_alone() -> None:
    """
    There is nothing to fold; the copy is in eval mode and takes no gradient.
    """
    quick = fuse_batchnorm(nn.Linear(3, 2), torch.rand(4, 3))

    assert not quick.training
    assert not quick.weight.requires_grad


@torch.no_grad()
def test_many_pictures_pass_a_quick_copy() -> None:
    """
    For as many pictures as pay, the copy runs; for fewer, the model itself.
    """
    model = small()
    many = GIVEN.repeat(MIN_BATCH // len(GIVEN), 1, 1, 1)

    quick = optimize_for_batch(model, many)

    assert norms(quick) == 0
    assert torch.allclose(quick(many), model(many), atol=1e-5)
    assert optimize_for_batch(model, many[1:]) is model


def halved(model: nn.Module) -> nn.Module:
    return model.half()


def heard(model: nn.Module) -> nn.Module:
    model.get_submodule("first.0").register_forward_hook(lambda *_: None)
    return model


def plain(model: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3))


@pytest.mark.parametrize("changed", [halved, heard, plain])
def test_where_a_copy_would_not_do(changed: Callable[[nn.Module], nn.Module]) -> None:
    """
    Half precision, a hook, and nothing to fold leave the model as it is.
    """
    model = changed(small())

    assert optimize_for_batch(model, GIVEN.repeat(MIN_BATCH, 1, 1, 1)) is model


def test_predictions_of_many_are_those_of_each() -> None:
    """
    A list that goes through a quick copy gets the answers of its items, to rounding.
    """
    name = "resnet20-cifar10"
    noise = np.random.default_rng(0).integers(
        256, size=(MIN_BATCH, 32, 32, 3), dtype="u1"
    )
    pictures = [Image.fromarray(row) for row in noise]
    model = zoo.load(name)
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}

    found = zoo.predict(model, pictures)

    for one, picture in zip(found, pictures, strict=True):
        alone = zoo.predict(model, picture)
        assert one.label == alone.label
        assert one.scores == pytest.approx(alone.scores, abs=1e-5)
    assert all(model.state_dict()[key].equal(old) for key, old in before.items())


def test_a_compiled_model_is_run_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Many pictures by a model from torch.compile pass that, and no copy of it.
    """
    copied: list[nn.Module] = []
    monkeypatch.setattr(
        "zoo.inference.batch_runner.optimize_for_batch",
        lambda model, _: copied.append(model),
    )
    compiled = torch.compile(zoo.load("resnet20-cifar10"), backend="eager")

    found = zoo.predict(compiled, [Image.new("RGB", (32, 32))] * MIN_BATCH)

    assert len(found) == MIN_BATCH
    assert not copied
