"""What a command finds around it: closed streams, a notebook, odd folders, seeds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from zoo.cli import main
from zoo.errors import SettingsError
from zoo.training.train import choose_settings


def test_closed_streams_end_no_command(tmp_path: Path) -> None:
    """
    As a service manager starts a process.
    """
    command = f"{sys.executable} -m zoo list <&- >&- 2>&-"

    assert subprocess.run(command, shell=True, cwd=tmp_path).returncode == 0


def test_the_backend_of_a_notebook_is_not_for_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `!zoo` inherits it from Jupyter, and a command opens no window.
    """
    monkeypatch.setenv("MPLBACKEND", "module://no_such.backend")

    assert main(["info", "xor-mlp"]) == 0

    assert os.environ["MPLBACKEND"] == "agg"


@pytest.mark.parametrize("seed", [-1, 2**32, 2**200])
def test_a_seed_that_libraries_refuse(seed: int) -> None:
    """
    Before training, by name.
    """
    with pytest.raises(SettingsError) as caught:
        choose_settings(zoo.get_spec("xor-mlp"), {"seed": seed})

    assert str(caught.value) == (
        f"Setting 'seed': {seed} should be a whole number from 0 on, below 2**32."
    )


def test_a_point_is_the_folder_that_one_is_in(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    For commands that read, and for a save.
    """
    zoo.save(zoo.load("xor-mlp"), tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    zoo.save(zoo.load("."), ".")

    assert main(["predict", ".", "[[0, 1]]"]) == 0
    assert main(["verify", "."]) == 0
    for name in ("/", "", "..", "./"):
        capsys.readouterr()
        status = main(["verify", name])
        assert status == (0 if name == "./" else 1), name
        assert capsys.readouterr().err.startswith("error: " if status else "")


def test_folders_that_no_run_can_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    One line says why, before training.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    for out in ("/", ".", ".."):
        assert main(["train", "xor-mlp", "--smoke", "--out", out]) == 1
    assert main(["train", "xor-mlp", "--smoke", "--out="]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
