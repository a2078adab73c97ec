"""Outputs of commands onto what is no ordinary file: pipes, links and devices."""

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Run

COMMANDS = {"bundle": ("bundle", "xor-mlp"), "lock": ("lock", "xor-mlp")}


def piped(pipe: Path, call: Callable[[], object]) -> bytes:
    """Return what a call writes into a pipe."""
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(
        target=lambda: read.append(pipe.read_bytes()), daemon=True
    )
    reader.start()
    call()
    reader.join(60)
    return read[0]


@pytest.fixture
def run(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command line in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return run


@pytest.mark.parametrize("command", ["bundle"])
def test_a_pipe_gets_what_a_file_would(run: Run, tmp_path: Path, command: str) -> None:
    """
    To the byte, and it stays a pipe.
    """
    words, pipe = COMMANDS[command], tmp_path / "pipe"

    assert run(*words, "-o", "file").status == 0
    ended = []
    content = piped(pipe, lambda: ended.append(run(*words, "-o", "pipe")))

    assert ended[0].status == 0
    assert content == (tmp_path / "file").read_bytes()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("place", ["pipe", os.devnull])
def test_a_lock_file_is_read_too(run: Run, tmp_path: Path, place: str) -> None:
    """
    So a pipe and a device are refused at once, and stay what they are.
    """
    os.mkfifo(tmp_path / "pipe")

    ended = run(*COMMANDS["lock"], "-o", place)

    assert ended.status == 1
    assert ended.err == (
        f"error: {place} can't be read (it is no file). A lock file is read as well as "
        "written: name another place with -o.\n"
    )
    assert not stat.S_ISREG(os.stat(place).st_mode)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_link_stays_a_link(run: Run, tmp_path: Path, command: str) -> None:
    """
    What it leads to is written, and nothing beside it.
    """
    words, other = COMMANDS[command], tmp_path / "elsewhere"
    other.mkdir()
    (tmp_path / "link").symlink_to("elsewhere/real")

    assert run(*words, "-o", "file").status == 0
    assert run(*words, "-o", "link").status == 0

    assert (tmp_path / "link").is_symlink()
    assert (other / "real").read_bytes() == (tmp_path / "file").read_bytes()
    assert sorted(path.name for path in other.iterdir()) == ["real"]


def test_a_bundle_into_nothing_leaves_the_device(run: Run) -> None:
    """
    Nothing is put in the place of a device.
    """
    assert run(*COMMANDS["bundle"], "-o", os.devnull).status == 0
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
