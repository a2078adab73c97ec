"""Models to break, for the tests of the core: they need no plugin's weights."""

from pathlib import Path

import pytest
import torch

import zoo
from zoo.models import saving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint folder of LeNet-5 with random weights and a golden."""
    torch.manual_seed(0)
    model = zoo.build("lenet5-mnist")
    return saving.save(model, tmp_path / "lenet", example=torch.rand(2, 1, 28, 28))
