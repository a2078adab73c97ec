"""A recipe that a test writes, in the place of a plugin's."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

import zoo
from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.plugins.discovery import discover

NAME = "xor-mlp"  # whose recipe is replaced


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 2
    rate: float = 0.5
    size: int = 1
    loud: bool = False

    def __post_init__(self) -> None:
        if self.size == 13:
            raise ValueError("size=13 brings bad luck.")


def table(count: int = 20, labels: int = 2) -> TensorRows:
    """Return numbered rows, whose labels follow each other unevenly."""
    number = torch.arange(count)
    label = torch.zeros(count, dtype=torch.int64)
    label[: count // 4] = labels - 1
    return TensorRows(
        input=number[:, None].float(),
        target=label,
        source="made/train",
        fingerprint="none",
    )


def pairs(count: int = 20) -> TensorRows:
    """Return rows of two numbers, as the model takes them."""
    rows = table(count)
    return replace(rows, input=torch.linspace(0, 1, 2 * count).view(count, 2))


def data(run: Run, split: str) -> TensorRows:
    """Refuse the test split: nothing here may read it."""
    if split == "test":
        raise AssertionError("the test split was read")
    return table()


def train(settings: Settings, run: Run) -> nn.Module:
    """Log a figure that is best where rate is 0.3, and grows by the epoch."""
    model: nn.Module = run.build()
    run.split(data(run, "train"), 0.5)
    for epoch in run.epochs(settings.epochs):
        close = 1 - abs(settings.rate - 0.3) + epoch / 100
        run.log({"accuracy": close * settings.size}, best="accuracy")
    return model


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give a model the recipe above, with other parts where a test says so."""

    def given(**parts: Any) -> None:
        held = {
            "Settings": Settings,
            "SMOKE_SETTINGS": {},
            "data": data,
            "train": train,
        }
        module = SimpleNamespace(**held, evaluate=lambda *_: {})
        vars(module).update(parts)
        monkeypatch.setitem(sys.modules, "ad_hoc_recipe", module)
        found = discover()
        spec = replace(zoo.get_spec(NAME), recipe="ad_hoc_recipe")
        known = replace(found, models={**found.models, NAME: spec})
        monkeypatch.setattr("zoo.artifacts.resolve.installed", lambda: known)

    given()
    return given
