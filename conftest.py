"""Settings shared by every test of the core and of the plugins."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from loopback import guarded

torch.set_num_threads(1)  # small models on few cores: more threads only wait


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `scripts/check --all` run what takes minutes a test."""
    parser.addoption("--all", action="store_true", help="run the slow tests as well")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Skip the slow tests, where they were not asked for."""
    if config.getoption("--all"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: scripts/check --all"))


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
