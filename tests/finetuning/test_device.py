"""Fine-tuning on another device: tensors of "meta" have no numbers, and mixing them
with those of the CPU is an error, as with those of a GPU.
"""

import pytest
import torch
from torch import nn

import zoo
from zoo.datasets.in_memory import TensorRows
from zoo.errors import DeviceError
from zoo.finetuning.finetune import _context, finetune_by_name
from zoo.finetuning.strategies import Settings, train_model
from zoo.inference.features import _optimized
from zoo.training.run import Run

META = torch.device("meta")


class EpochIsOver(Exception):
    """Ends a training before something is measured, which needs numbers."""


def test_an_epoch_on_features_is_computed_on_the_device_of_the_model() -> None:
    """So are class weights, which come from the CPU."""
    model = zoo.load("lenet5-mnist").to(META)
    chosen = Settings(epochs=1, batch_size=4, optimizer="rmsprop")
    rows = TensorRows(
        input=torch.rand(12, 84),
        target=torch.arange(12) % 10,
        source="s",
        fingerprint="",
    )
    used: list[torch.device] = []
    head = model.get_submodule("classifier.5")
    head.register_forward_hook(
        lambda _layer, _given, output: used.append(output.device)
    )

    def validate(_trained: nn.Module) -> dict[str, float]:
        raise EpochIsOver

    run = Run(model.zoo.spec, place=_context(chosen, META))
    with pytest.raises(EpochIsOver):
        train_model(
            model, run, chosen, rows, validate, best="accuracy", weight=torch.ones(10)
        )
    assert used == [META] * 3  # steps


def test_no_quick_copy_is_made_for_another_device() -> None:
    """Folding is proven on the CPU, and pays only there."""
    model = zoo.build("resnet20-cifar10").eval().to(META)
    assert _optimized(model, torch.rand(2, 3, 32, 32), 1000) is model


def test_a_device_that_is_not_here_is_refused_before_rows_are_read() -> None:
    """As by every verb."""
    with pytest.raises(DeviceError, match="Device 'cuda:99' can't be used"):
        finetune_by_name("lenet5-mnist", "no such data", device="cuda:99")
