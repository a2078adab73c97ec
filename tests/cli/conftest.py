"""Fixtures of the tests of the command line."""

from pathlib import Path

import pytest
import torch
from command_line import Ended, Run

import zoo
from zoo.cli import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process."""

    def ran(*arguments: object) -> Ended:
        status = main([str(argument) for argument in arguments])
        return Ended(status, *capsys.readouterr())

    return ran


@pytest.fixture(scope="session")
def vae(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder of an untrained model that generates, encodes and decodes."""
    torch.manual_seed(0)
    return zoo.save(zoo.build("vae-mnist"), tmp_path_factory.mktemp("run") / "vae")


@pytest.fixture
def digit() -> Path:
    return zoo.example("vae-mnist")
