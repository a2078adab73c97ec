"""A file that changes while it is read: what was hashed is what is loaded.

`ZOO_LONG=10` multiplies the rounds, for a long run.
"""

import json
import mmap
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import nn

import zoo
from zoo.artifacts import checked_file, checkpoint_folder
from zoo.errors import CheckpointError, IntegrityError
from zoo.models import safetensors_io
from zoo.specs import Weights

TIMES = int(os.environ.get("ZOO_LONG", "1"))
LARGE = 600_000  # floats: a file that gets a stamp


def write(path: Path, value: float, count: int = LARGE) -> Weights:
    """Write a file whose weights are all the same, and return its pin."""
    safetensors_io.write({"weight": torch.full((1, count), value)}, path)
    return Weights(size=path.stat().st_size, sha256=checked_file.sha256_of(path))


def load(path: Path, pin: Weights, verify: checked_file.Verify = "stamp") -> nn.Module:
    model = nn.Linear(LARGE if pin.size and pin.size > 1 << 20 else 10, 1, bias=False)
    with checked_file.open_checked(path, pin, verify=verify, blame="Blame") as file:
        safetensors_io.read(model, file, safetensors_io.slots(model))
        file.check_unchanged()
    return model


def settled() -> None:
    """Let the clock of the file system go on: a file just written gets no stamp."""
    time.sleep(0.03)


@contextmanager
def swapping(path: Path, *others: Path) -> Iterator[None]:
    """Put one file after the other in the place of a path, as fast as can be."""
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            for other in others:
                os.link(other, path.with_suffix(".next"))
                os.replace(path.with_suffix(".next"), path)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("count", [10, LARGE])
def test_a_swapped_file_is_never_loaded_under_the_good_hash(
    tmp_path: Path, count: int
) -> None:
    """
    Either the good weights are loaded, or the load is refused.
    """
    path, good, bad = (tmp_path / name for name in ("w", "good", "bad"))
    pin = write(good, 1.0, count)
    write(bad, 2.0, count)
    os.link(good, path)
    outcomes = set()
    with swapping(path, bad, good):
        for _ in range(100 * TIMES):
            try:
                outcomes.add(load(path, pin).weight[0, -1].item())
            except IntegrityError:
                outcomes.add(0.0)

    assert outcomes <= {0.0, 1.0}


def test_a_large_file_is_hashed_once(tmp_path: Path) -> None:
    """
    As long as its times are the same and nobody writes to it.
    """
    path = tmp_path / "w"
    pin = write(path, 1.0)
    settled()

    first, second = (
        checked_file.check(path, pin, verify="stamp", blame="") for _ in range(2)
    )

    assert (first, second) == (True, False)


def test_a_page_written_through_a_map_is_seen(tmp_path: Path) -> None:
    """
    Its time may be that of the first write: a file that somebody may write to is hashed
    at every load, and gets no stamp.
    """
    path = tmp_path / "w"
    pin = write(path, 1.0)
    settled()
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as pages:
        pages[-1:] = pages[-1:]  # now the page may be written without a word
        settled()
        for _ in range(2):
            assert checked_file.check(path, pin, verify="stamp", blame="")
        pages[-2] ^= 1

        with pytest.raises(IntegrityError):
            load(path, pin)


def test_a_map_that_is_older_than_the_stamp_is_seen(tmp_path: Path) -> None:
    """
    A stamp does not vouch for a file that is open for writing.
    """
    path = tmp_path / "w"
    pin = write(path, 1.0)
    settled()
    assert checked_file.check(path, pin, verify="stamp", blame="")
    times = path.stat()
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as pages:
        pages[-2] ^= 1
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

        with pytest.raises(IntegrityError):
            load(path, pin)


def test_a_file_in_memory_gets_no_stamp() -> None:
    """
    There, a write through a map that was read before leaves the times as they are.
    """
    place = Path("/dev/shm")
    if not os.access(place, os.W_OK):
        pytest.skip("this machine has no file system in memory")
    path = place / f"zoo-test-{os.getpid()}"
    try:
        pin = write(path, 1.0)
        settled()
        assert checked_file.check(path, pin, verify="stamp", blame="")
        with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as pages:
            assert pages[-2] is not None
            pages[-2] ^= 1

        with pytest.raises(IntegrityError):
            load(path, pin)
    finally:
        path.unlink(missing_ok=True)


def test_a_write_while_the_file_is_mapped_is_refused(tmp_path: Path) -> None:
    """
    Between the hash and the end of the load.
    """
    path = tmp_path / "w"
    pin = write(path, 1.0)
    model = nn.Linear(LARGE, 1, bias=False)
    with checked_file.open_checked(path, pin, verify="stamp", blame="Ask") as file:
        safetensors_io.read(model, file, safetensors_io.slots(model))
        settled()
        with path.open("r+b") as other:
            other.seek(-1, os.SEEK_END)
            other.write(b"\x00")

        with pytest.raises(IntegrityError) as caught:
            file.check_unchanged()

    assert str(caught.value) == f"{path} was changed while it was read. Ask."


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    """
    Nobody waits for who would write into it.
    """
    path = tmp_path / "w"
    pin = write(path, 1.0, 10)
    path.unlink()
    os.mkfifo(path)

    with pytest.raises(IntegrityError) as caught:
        load(path, pin)

    assert str(caught.value) == f"{path} is no file. Blame."


@pytest.mark.parametrize(
    "pin",
    [
        {"size": None},
        {"sha256": None},
        {"size": None, "sha256": None, "repo": "a/b", "revision": "0" * 40},
        {"repo": "a/b", "revision": "0" * 40},
    ],
)
def test_a_config_that_pins_nothing_is_refused(
    folder: Path, pin: dict[str, object]
) -> None:
    """
    Also where a repository is named, whose files may be unpinned in a plugin.
    """
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["weights"] |= pin
    path.write_text(json.dumps(config))

    with pytest.raises(CheckpointError) as caught:
        checkpoint_folder.read_config(folder)

    assert str(path) in str(caught.value)
    with pytest.raises(CheckpointError):
        zoo.load(folder)


UNPINNED = """
import sys, zoo
from zoo.errors import CheckpointError
assert False, "assertions are on"
try:
    zoo.load(sys.argv[1])
except CheckpointError:
    print("refused")
"""


def test_nothing_is_safe_by_assertion_alone(folder: Path) -> None:
    """
    With `python -O` an unpinned folder is refused as well, and `zoo check`, which is
    made of assertions, does not run.
    """
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["weights"] |= {"size": None, "sha256": None}
    path.write_text(json.dumps(config))

    load = [sys.executable, "-O", "-c", UNPINNED, str(folder)]
    check = [sys.executable, "-O", "-m", "zoo", "check", "xor-mlp"]
    loaded, checked = (
        subprocess.run(command, capture_output=True, text=True)
        for command in (load, check)
    )

    assert loaded.stdout == "refused\n"
    assert checked.stderr == (
        "error: python -O leaves out every assertion, so a check would find nothing. "
        "Run it without -O, and without PYTHONOPTIMIZE.\n"
    )
