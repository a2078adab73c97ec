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


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in a hook of its own
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Skip the slow tests, where they were not asked for; keep together what shares.

    A process runs the tests of a file one after the other, so that its fixtures are
    made once. Of a file that tests every model, it runs those of one model.
    """
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        model = parameters.get("name", "") if "check" in parameters else ""
        item.add_marker(pytest.mark.xdist_group(f"{item.path.name}{model}"))
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(7200))
            if not config.getoption("--all"):
                item.add_marker(pytest.mark.skip(reason="slow: scripts/check --all"))


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep stamps, tensors and mismatches of the tests out of the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["ZOO_CACHE"] = str(folder)
    return folder


@pytest.fixture(autouse=True, scope="session")
def float32_by_default() -> Iterator[None]:
    """Let "auto" mean float32 on every processor, so that figures are the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.models.precision.cpu_features", frozenset)
        yield


@pytest.fixture(autouse=True)
def same_draws() -> None:
    """Let weights that a test draws be the same in every run, whatever ran before."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True, scope="session")
def this_machine_alone() -> Iterator[None]:
    """Fail a test that reaches for another machine, unless a Hub there is to be."""
    if os.environ.get("HUB_UNDER_TEST"):
        yield
        return
    with guarded():
        yield
