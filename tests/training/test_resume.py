"""A run that is killed goes on, and ends with the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import zoo
from zoo.errors import SettingsError, TrainingError
from zoo.runtime.ema import average
from zoo.training import resume_file
from zoo.training.resume import ResumeCheckpoint
from zoo.training.run import Run

# Enough epochs to be killed in, small enough to be quick.
SETTINGS = {"epochs": 8, "batch_size": 8}
COMMAND = [
    *(sys.executable, "-m", "zoo", "train", "mlp-mnist", "--smoke", "--resume"),
    *("--keep-every", "0", "--set", "epochs=8", "--set", "batch_size=8", "--out"),
]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}  # as the tests themselves have it


def test_a_killed_run_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """
    kill -9 in the middle, twice; the weights are those of a run left alone.
    """
    alone = zoo.train("mlp-mnist", tmp_path / "alone", smoke=True, settings=SETTINGS)
    killed, held = tmp_path / "killed", tmp_path / ".killed.state"
    for _ in range(2):
        before = held.stat().st_mtime_ns if held.exists() else 0
        with subprocess.Popen([*COMMAND, killed], env=ENVIRONMENT) as process:
            while not (held.exists() and held.stat().st_mtime_ns > before):
                assert process.poll() is None, "it ended before it could be killed"
                time.sleep(0.001)
            os.kill(process.pid, signal.SIGKILL)
        assert not killed.exists()
    subprocess.run([*COMMAND, killed], check=True, env=ENVIRONMENT)

    weights = "model.safetensors"
    assert (killed / weights).read_bytes() == (alone / weights).read_bytes()
    assert (
        zoo.load(killed).zoo.receipt["history"]
        == (zoo.load(alone).zoo.receipt["history"])
    )
    assert not held.exists()


def test_a_state_is_what_was_written(tmp_path: Path) -> None:
    """
    Nested lists, tuples and mappings with tensors and numbers come back as they were.
    """
    written = {
        0: [torch.arange(3), (1, 2.5, "three")],
        "deep": {"none": None, "yes": True, (1, 2): torch.tensor(float("nan"))},
    }
    resume_file.write(written, tmp_path / "state")
    read = resume_file.read(tmp_path / "state")

    assert torch.equal(read[0][0], written[0][0])
    assert read[0][1] == (1, 2.5, "three")
    assert read["deep"]["none"] is None
    assert read["deep"][(1, 2)].isnan()


def test_a_state_holds_no_code(tmp_path: Path) -> None:
    """
    What would need a pickle is refused.
    """
    with pytest.raises(TrainingError) as caught:
        resume_file.write({"schedule": lambda step: step}, tmp_path / "state")

    assert str(caught.value) == (
        "A function can't be kept for resuming; state_dict() should hold tensors, "
        "numbers, text, lists and mappings."
    )
    assert not list(tmp_path.iterdir())


def keeper(path: Path, **identity: object) -> ResumeCheckpoint:
    """Return a keeper of one layer."""
    kept = ResumeCheckpoint(path, identity, seconds=0)
    kept.add(torch.nn.Linear(2, 2))
    return kept


def test_a_state_that_rotted_is_not_gone_on_from(tmp_path: Path) -> None:
    """
    One byte of a weight, or of what lies beside, is enough; and so is a cut file.
    """
    path = tmp_path / "state"
    resume_file.write({"weight": torch.rand(1000), "epoch": 3}, path)
    whole = path.read_bytes()
    for place in (-1, -500, len(whole) // 2):
        content = bytearray(whole)
        content[place] ^= 1
        path.write_bytes(content)

        with pytest.raises(TrainingError) as caught:
            resume_file.read(path)

        assert str(caught.value) == (
            f"{path} is not as the interrupted run wrote it, so the run can't go on "
            "from it. Start again without --resume."
        )
    path.write_bytes(whole[:100])
    with pytest.raises(TrainingError, match="is not as the interrupted run wrote it"):
        resume_file.read(path)


def test_other_rows_do_not_go_on() -> None:
    """
    A run belongs to the data that it began with; what it reads later is its own.
    """
    run = Run(zoo.get_spec("xor-mlp"))
    run.data = {"gates/train": {"rows": 4, "fingerprint": "ab"}}
    run._check_data({**run.data, "gates/test": {"rows": 4, "fingerprint": "cd"}})

    for begun in ({}, {"gates/train": {"rows": 4, "fingerprint": "cd"}}):
        with pytest.raises(SettingsError) as caught:
            run._check_data(begun)

        assert str(caught.value) == (
            "The rows of gates/train are not those that the interrupted run began "
            "with. Bring them back, or start again without --resume."
        )


def test_other_settings_do_not_go_on(tmp_path: Path) -> None:
    """
    A state of another run is refused, not loaded.
    """
    path = tmp_path / "state"
    first = keeper(path, lr=1)
    first.load()
    first.save({}, now=True)

    with pytest.raises(SettingsError) as caught:
        keeper(path, lr=2).load()

    assert str(caught.value) == (
        f"{path} is of a run with other settings or another recipe. Use the same, or "
        "start again without --resume."
    )


def test_an_average_goes_on_where_it_was(tmp_path: Path) -> None:
    """
    It does not begin again with a copy of the weights, as at its first step.
    """
    path, model = tmp_path / "state", torch.nn.Linear(1, 1)
    first, again = average(model, 0.5), average(model, 0.5)
    for weight in (0.0, 1.0):
        torch.nn.init.constant_(model.weight, weight)
        first.update_parameters(model)
    for followed, save in ((first, True), (again, False)):
        kept = ResumeCheckpoint(path, {}, seconds=0)
        kept.add(followed)
        kept.load()
        if save:
            kept.save({}, now=True)
    again.update_parameters(model)

    assert again.module.weight.item() == pytest.approx(0.75)


def test_moments_go_on_in_the_memory_order_of_their_weights(tmp_path: Path) -> None:
    """
    A file holds them contiguous, and a step that mixes two orders rounds otherwise.
    """

    def parts() -> tuple[torch.nn.Conv2d, torch.optim.Adam, ResumeCheckpoint]:
        model = torch.nn.Conv2d(3, 4, 3)
        model = model.to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(model.parameters(), fused=True)
        keeper = ResumeCheckpoint(tmp_path / "state", {}, seconds=0)
        keeper.add(model)
        keeper.add(optimizer)
        keeper.load()
        return model, optimizer, keeper

    model, optimizer, keeper = parts()
    model(torch.randn(2, 3, 5, 5)).sum().backward()
    optimizer.step()
    keeper.save({}, now=True)
    again, restored, _ = parts()
    moments = [
        owner.state[net.weight]["exp_avg"]
        for net, owner in ((model, optimizer), (again, restored))
    ]

    assert moments[1].stride() == again.weight.stride() == moments[0].stride()
    assert torch.equal(*moments)


def test_without_resume_a_run_starts_afresh(tmp_path: Path) -> None:
    """
    An old state is removed, whatever is in it.
    """
    (tmp_path / ".gates.state").write_text("old")
    zoo.train("perceptron-gates", tmp_path / "gates", smoke=True)

    assert not (tmp_path / ".gates.state").exists()
