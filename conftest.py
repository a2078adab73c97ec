"""Settings shared by every test of the core and of the plugins."""

import os
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)  # small models on few cores: more threads only wait


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep stamps, tensors and mismatches of the tests out of the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["ZOO_CACHE"] = str(folder)
    return folder
