"""Tensors that are mapped from a file where they are large."""

import os
from pathlib import Path

import pytest
import torch

from zoo.models import scratch_tensor


def test_a_large_tensor_is_mapped_from_a_file_that_has_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its numbers are kept as in memory, and nothing is left in the folder."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(scratch_tensor, "MAX_MEMORY_BYTES", 100)
    made = scratch_tensor.empty((10, 4))
    made[:] = torch.arange(40).view(10, 4)
    assert made.sum().item() == 780
    assert made.shape == (10, 4)
    if os.name == "posix":
        assert [*(tmp_path / "cache").iterdir()] == []


def test_a_small_tensor_needs_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in memory."""
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    assert scratch_tensor.empty((2, 3)).shape == (2, 3)
    assert not (tmp_path / "cache").exists()
