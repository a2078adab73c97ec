"""Many processes at one folder or one file: nothing is lost, nothing half is read.

`ZOO_LONG=10` multiplies the rounds, for a long run.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import zoo
from zoo.artifacts import lockfile
from zoo.artifacts.lockfile import Lock

TIMES = int(os.environ.get("ZOO_LONG", "1"))
SAVES = """
import sys, torch, zoo
folder, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.manual_seed(seed)
model = zoo.build("xor-mlp")
print("ready", flush=True)
sys.stdin.readline()
for _ in range(count):
    zoo.save(model, folder)
"""
LOADS = """
import sys, zoo
print("ready", flush=True)
sys.stdin.readline()
while True:
    zoo.load(sys.argv[1])
"""
RANKS = """
import sys, torch, zoo
torch.distributed.init_process_group("gloo")
model = zoo.build("xor-mlp")
for _ in range(int(sys.argv[2])):
    torch.distributed.barrier()
    zoo.save(model, sys.argv[1])
torch.distributed.destroy_process_group()
"""
TRUSTS = """
import sys
from zoo.artifacts import lockfile
from zoo.artifacts.lockfile import Lock
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    lockfile.remember_trusted(Lock(
        name=f"hf://alice/m{sys.argv[1]}-{number}", plugin="p", version="1", size=1,
        sha256="0" * 64, repo="alice/m", commit="0" * 40, config="0" * 64))
"""


def start(script: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start a process that waits, when it is ready, for a word to begin."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def begin(processes: "list[subprocess.Popen[str]]") -> None:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def test_two_writers_and_readers_of_one_folder(tmp_path: Path) -> None:
    """
    Every save succeeds, and every load gives the weights of one save, whole. There are
    two readers, and four in a long run.
    """
    folder = tmp_path / "run"
    zoo.save(zoo.build("xor-mlp"), folder)
    writers = [start(SAVES, folder, seed, 25 * TIMES) for seed in (1, 2)]
    readers = [start(LOADS, folder) for _ in range(1 if TIMES == 1 else 3)]
    begin([*writers, *readers])
    loads = 0
    while any(writer.poll() is None for writer in writers):
        zoo.load(folder)
        loads += 1

    assert [writer.communicate()[1] for writer in writers] == ["", ""]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert loads
    for reader in readers:
        assert reader.poll() is None  # no load has failed
        reader.kill()
        assert reader.communicate()[1] == ""
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.slow
def test_two_ranks_save_one_folder_at_once(tmp_path: Path) -> None:
    """
    A script under torchrun that saves in every process loses nothing.
    """
    script, folder = tmp_path / "ranks.py", tmp_path / "run"
    script.write_text(RANKS)

    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", "2", str(script), str(folder), str(100 * TIMES)),
        ],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    zoo.load(folder, verify="always")
    assert {path.name for path in tmp_path.iterdir()} == {"ranks.py", "run"}


def test_a_killed_save_brings_no_ghost(tmp_path: Path) -> None:
    """
    What was moved away stays away: no later load or save finds an older one.
    """
    folder = tmp_path / "run"
    zoo.save(zoo.build("xor-mlp"), folder)
    for pause in (0.001, 0.003, 0.01) * TIMES:
        writer = start(SAVES, folder, 1, 10**6)
        begin([writer])
        time.sleep(pause)
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        zoo.load(folder, verify="always")
    os.rename(folder, tmp_path / "archived")

    with pytest.raises(zoo.errors.ZooError):
        zoo.load(folder)
    zoo.save(zoo.load(tmp_path / "archived"), tmp_path / "other")

    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"archived", "other"}  # and the scratch of the dead is swept


def test_first_uses_at_once_are_all_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Each process puts its entry to those of the others.
    """
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path))
    processes = [start(TRUSTS, number, 10 * TIMES) for number in range(4)]
    begin(processes)
    assert [process.communicate()[1] for process in processes] == [""] * 4

    assert len(lockfile.read_trusted()) == 40 * TIMES


def test_locks_written_at_once_are_all_kept(tmp_path: Path) -> None:
    """
    `zoo lock` of other names keeps what another process has written meanwhile.
    """
    path = tmp_path / "zoo.lock"
    one, other = (
        Lock(name=name, plugin="p", version="1", size=1, sha256="0" * 64)
        for name in ("one", "other")
    )
    before = lockfile.update(path, {"one": one})
    assert before == {}

    assert lockfile.update(path, {"other": other}) == {"one": one}

    assert lockfile.read(path) == {"one": one, "other": other}


def test_the_config_of_one_save_and_the_weights_of_another(tmp_path: Path) -> None:
    """
    A folder that holds both is refused, however often it is read: nobody writes there.
    """
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        torch.manual_seed(len(folder.name))
        zoo.save(zoo.build("xor-mlp"), folder)
    os.replace(other / "model.safetensors", one / "model.safetensors")
    pinned = json.loads((one / "config.json").read_text())["weights"]["sha256"]

    with pytest.raises(zoo.errors.IntegrityError, match=f"{pinned[:12]}... is pinned"):
        zoo.load(one)
