"""A file that another library wrote: its names become the module's, strictly."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from zoo.errors import MisfitError
from zoo.models import safetensors_io


def turned(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a layer's tensors by torch's names, as a plugin's `renamed` would."""
    known = {"w": "weight", "b": "bias"}
    return {
        known.get(name, name): one.T.contiguous() if one.ndim == 2 else one
        for name, one in tensors.items()
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a linear layer's weight the other way round."""
    found = tmp_path / "model.safetensors"
    safetensors_io.write({"w": torch.arange(6.0).view(3, 2), "b": torch.ones(2)}, found)
    return found


def test_a_renamed_file_fills_the_module(path: Path) -> None:
    """
    Every slot from the tensor that stands for it.
    """
    layer = nn.Linear(3, 2)
    safetensors_io.read(layer, path, safetensors_io.slots(layer), renamed=turned)

    assert torch.equal(layer.weight, torch.arange(6.0).view(3, 2).T)
    assert torch.equal(layer.bias, torch.ones(2))


def test_what_is_not_renamed_is_refused(path: Path) -> None:
    """
    A tensor too many is told by the name that it has, one too few by the module's; and
    without renaming nothing of the file is known.
    """
    layer = nn.Linear(3, 2)
    slots = safetensors_io.slots(layer)
    safetensors_io.write({"w": torch.zeros(3, 2), "strange": torch.ones(2)}, path)

    with pytest.raises(MisfitError) as refused:
        safetensors_io.read(layer, path, slots, renamed=turned)
    with pytest.raises(MisfitError) as unknown:
        safetensors_io.read(layer, path, slots)

    assert refused.value.faults == (
        "tensor 'bias' is missing",
        "tensor 'strange' is unexpected",
    )
    assert len(unknown.value.faults) == 4
