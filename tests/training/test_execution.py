"""One process or several: the same recipe, one receipt, one set of files."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import zoo
from zoo.errors import TrainingError
from zoo.training.execution import execution_context, recipe_precision

SETTINGS = ["--set", "epochs=2", "--set", "batch_size=16"]


def test_one_process_goes_round_accelerate(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nothing is wrapped where there is nothing to manage.
    """
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    here, model = execution_context("cpu"), torch.nn.Linear(2, 2)

    assert (here.world_size, here.rank, here.accelerator) == (1, 0, None)
    assert here.prepare(model) is model


def test_a_launcher_that_started_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Some launchers quietly start one process; the command to use is told.
    """
    monkeypatch.delenv("WORLD_SIZE", raising=False)

    with pytest.raises(TrainingError) as caught:
        execution_context("cpu", processes=2)

    assert str(caught.value) == (
        "2 processes were asked for, and 1 run together. Start them with "
        "torchrun --nproc-per-node 2 -m zoo train ..."
    )


LAUNCHERS = {
    "torchrun": [
        *("torch.distributed.run", "--nproc-per-node", "2", "--master-port"),
    ],
    "accelerate": [
        *("accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"),
        *("--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"),
        "--main_process_port",
    ],
}


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run by one process."""
    folder = tmp_path_factory.mktemp("runs") / "single"
    settings = {"epochs": 2, "batch_size": 16}
    return zoo.train("mlp-mnist", folder, smoke=True, settings=settings)


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_two_processes_make_one_checkpoint(
    launcher: str, tmp_path: Path, single: Path
) -> None:
    """
    Both share every batch; the first writes, and what it wrote loads and verifies.
    """
    folder = tmp_path / "run"
    with socket.socket() as free:  # else two launches on a machine wait for each other
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [
        *(sys.executable, "-m", *LAUNCHERS[launcher], port, "-m", "zoo", "train"),
        *("mlp-mnist", "--smoke", "--processes", "2", "--out", str(folder)),
        *SETTINGS,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    receipts = [json.loads((f / "run.json").read_text()) for f in (folder, single)]
    losses = [receipt["history"][-1]["loss"] for receipt in receipts]

    assert done.stdout.count("accuracy") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
    assert losses[0] == pytest.approx(losses[1], rel=0.1)


def test_training_in_bfloat16_is_told_by_the_receipt(tmp_path: Path) -> None:
    """
    The same seed gives the same weights again, others than in float32, and the model
    that was saved loads and verifies as any.
    """
    runs = {"first": "bf16", "again": "bf16", "float32": "no"}
    for name, precision in runs.items():
        zoo.train("mlp-mnist", tmp_path / name, smoke=True, precision=precision)
    weights = {
        name: (tmp_path / name / "model.safetensors").read_bytes() for name in runs
    }
    receipts = {
        name: json.loads((tmp_path / name / "run.json").read_text()) for name in runs
    }

    assert {name: r["precision"] for name, r in receipts.items()} == runs
    assert weights["first"] == weights["again"] != weights["float32"]
    zoo.load(tmp_path / "first")
    assert zoo.verify(tmp_path / "first").passed
    assert "in bfloat16 mixed precision" in (tmp_path / "first/README.md").read_text()
    assert "precision" not in (tmp_path / "float32/README.md").read_text()


def test_bfloat16_that_nothing_used_is_not_claimed(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="precision") as warned:
        zoo.train("sine-poly3", tmp_path / "run", smoke=True, precision="bf16")

    assert [str(one.message) for one in warned] == [
        "The recipe of 'sine-poly3' calls no prepared model while it trains, so "
        "precision='bf16' changed nothing: it has computed in float32."
    ]
    assert json.loads((tmp_path / "run/run.json").read_text())["precision"] == "no"


@pytest.mark.parametrize(("amp", "expected"), [(True, "bf16"), (False, "no")])
def test_a_recipe_says_whether_auto_may_be_bfloat16(
    amp: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoo.models.precision.cpu_features", lambda: {"avx512_bf16"})
    settings = SimpleNamespace(amp=amp)

    assert recipe_precision("auto", "cpu", settings) == expected
    assert recipe_precision("auto", "cpu", SimpleNamespace()) == "no"
    assert recipe_precision("bf16", "cpu", settings) == "bf16"
    assert recipe_precision("no", "cpu", settings) == "no"
