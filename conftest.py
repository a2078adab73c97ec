"""Settings shared by every test of the core and of the plugins."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from loopback import guarded

torch.set_num_threads(1)  # small models on few cores: more threads only wait


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep stamps, tensors and mismatches of the tests out of the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["ZOO_CACHE"] = str(folder)
    return folder


@pytest.fixture(autouse=True, scope="session")
def this_machine_alone() -> Iterator[None]:
    """Fail a test that reaches for another machine, unless a Hub there is to be."""
    if os.environ.get("HUB_UNDER_TEST"):
        yield
        return
    with guarded():
        yield
