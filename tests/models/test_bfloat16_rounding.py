"""Weights that are rounded to bfloat16 with the error carried on."""

import pytest
import torch
from torch import nn

from zoo.inference import batch_runner
from zoo.models.bfloat16_rounding import round_kernels_, round_with_carry


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_rounded_kernels_are_bfloat16_numbers() -> None:
    """Autocast, which rounds them again, leaves them as they are."""
    rounded = round_with_carry(drawn(32, 1, 5, 5))
    assert torch.equal(rounded, rounded.bfloat16().float())


def test_no_number_moves_by_more_than_two_steps_of_bfloat16() -> None:
    """What is carried on is at most the half step of a larger number."""
    kernels = drawn(32, 3, 5, 5)
    largest = kernels.abs().amax(dim=(2, 3), keepdim=True)
    moved = (round_with_carry(kernels) - kernels).abs()
    assert (moved <= 2**-7 * largest).all()


def test_a_kernel_keeps_its_sum_where_rounding_to_the_nearest_does_not() -> None:
    """The largest error of a sum is a tenth or less."""
    kernels = drawn(64, 1, 3, 3)

    def largest_error(rounded: torch.Tensor) -> float:
        return (rounded - kernels).sum(dim=(2, 3)).abs().max().item()

    nearest = largest_error(kernels.bfloat16().float())
    assert largest_error(round_with_carry(kernels)) < nearest / 10


def test_only_kernels_that_nothing_averages_are_rounded() -> None:
    """A first layer and a depthwise one, not what adds many channels."""
    layers = [nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 8, 3)]
    before = [layer.weight.detach().clone() for layer in layers]
    round_kernels_(nn.Sequential(*layers))
    pairs = zip(layers, before, strict=True)
    assert [torch.equal(a.weight, b) for a, b in pairs] == [False, False, True]


@pytest.mark.parametrize(("precision", "rounded"), [("bf16", True), ("no", False)])
def test_many_pictures_in_bfloat16_go_through_rounded_kernels(
    precision: str, rounded: bool
) -> None:
    """The model that was given keeps its weights in either case."""
    conv = nn.Conv2d(3, 8, 3)
    model = nn.Sequential(conv, nn.BatchNorm2d(8)).eval()
    before = conv.weight.detach().clone()
    runner = batch_runner.BatchRunner(model, precision, options={})  # type: ignore[arg-type]
    quick = runner._quickened(torch.rand(16, 3, 8, 8))
    weight = quick.get_parameter("0.weight")
    assert torch.equal(weight, weight.bfloat16().float()) is rounded
    assert torch.equal(conv.weight, before)
