"""Torch's defaults of the process, and a fault of older releases."""

import pytest
import torch

import zoo


def test_a_device_that_was_set_to_none_breaks_no_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Up to torch 2.9 nobody can ask for the default device after
    `torch.set_default_device(None)`.
    """

    def broken() -> torch.device:
        raise AttributeError("'NoneType' object has no attribute 'device'")

    monkeypatch.setattr(torch, "get_default_device", broken)

    assert next(zoo.load("xor-mlp").parameters()).device.type == "cpu"
