"""Trackers receive every row of a run: off unless asked for, and without a key."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zoo.errors import SettingsError
from zoo.training.trackers import tracker


def track(kind: str, tmp_path: Path) -> Path:
    """Run the smallest recipe with a tracker; return the tracker's folder."""
    command = [
        *(sys.executable, "-m", "zoo", "train", "perceptron-gates", "--track", kind),
        *("--out", str(tmp_path / "gates")),
    ]
    keyless = {k: v for k, v in os.environ.items() if k != "WANDB_API_KEY"}
    environment = {**keyless, "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return tmp_path / "gates-tracking"


def test_tensorboard_reads_every_epoch(tmp_path: Path) -> None:
    """
    TensorBoard's own reader finds the errors of each pass.
    """
    folder = track("tensorboard", tmp_path)
    code = (
        "from tensorboard.backend.event_processing.event_accumulator import "
        f"EventAccumulator as Read; read = Read({str(folder)!r}); read.Reload(); "
        "print([(e.step, e.value) for e in read.Scalars('errors')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    seen = ast.literal_eval(done.stdout)

    assert [step for step, _ in seen] == list(range(1, len(seen) + 1))
    assert seen[-1][1] == 0


def test_wandb_works_without_a_key(tmp_path: Path) -> None:
    """
    Offline it writes a run of its own, and no key is asked for or stored.
    """
    folder = track("wandb", tmp_path)

    assert list(folder.glob("wandb/offline-run-*/*.wandb"))


def test_no_tracker_writes_nothing(tmp_path: Path) -> None:
    """
    Tracking is off unless asked for.
    """
    import zoo

    zoo.train("perceptron-gates", tmp_path / "gates")

    assert [path.name for path in tmp_path.iterdir()] == ["gates"]


def test_an_unknown_tracker(tmp_path: Path) -> None:
    """
    A near miss is suggested.
    """
    with pytest.raises(SettingsError) as caught:
        tracker("tensorbord", tmp_path, name="net", settings={})

    assert str(caught.value) == "No tracker 'tensorbord'. Did you mean 'tensorboard'?"
