"""What a run shows of itself when it is called from Python."""

from pathlib import Path

import pytest

import zoo
from zoo.training import progress

STEPS = {"n_init": 1, "iterations": 10}


class Watcher:
    """A monitor that counts epochs."""

    def __init__(self) -> None:
        self.epochs = 0

    def training_started(self, epochs: int, done: int) -> None: ...

    def step_finished(self, done: int, total: int) -> None: ...

    def epoch_finished(self, row: object) -> None:
        self.epochs += 1


def test_progress_and_the_comparison_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    On stderr: a line an epoch, and each metric beside those of the baselines.
    """
    zoo.train("xor-mlp", tmp_path / "run", settings=STEPS, progress=True)
    shown = capsys.readouterr()

    assert shown.out == ""
    assert "epoch 1/1 loss" in shown.err
    assert "best single perceptron" in shown.err
    assert "majority class" in shown.err


def test_fine_tuning_shows_them_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Also where no folder is written.
    """
    rows = zoo.load_dataset("digits", "train").select(range(60))
    zoo.finetune("lenet5-mnist", rows, epochs=1, progress=True)

    assert "the commonest class" in capsys.readouterr().err


@pytest.mark.parametrize("asked", [None, False])
def test_a_log_file_stays_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: bool | None
) -> None:
    """
    Where stderr is neither a terminal nor a notebook, nothing is shown unasked.
    """
    zoo.train("xor-mlp", tmp_path / "run", settings=STEPS, progress=asked)

    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_it_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal

    assert progress.show_progress(None, None)
    assert not progress.show_progress(False, None)


def test_of_several_processes_one_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")

    assert not progress.show_progress(True, None)


def test_a_monitor_of_ones_own_replaces_the_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watcher = Watcher()
    zoo.train(
        "xor-mlp", tmp_path / "run", settings=STEPS, progress=True, monitor=watcher
    )

    assert watcher.epochs == 1
    assert capsys.readouterr() == ("", "")
