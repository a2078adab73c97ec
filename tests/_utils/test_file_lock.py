"""A lock on a file is held by one process at a time."""

import os
from pathlib import Path

import pytest

from zoo._utils.file_lock import file_lock, wait_for_file_lock


def test_a_held_lock_refuses_the_next_one_at_once(tmp_path: Path) -> None:
    """
    And is free again afterwards.
    """
    path = tmp_path / "new" / "lock"
    with file_lock(path), pytest.raises(BlockingIOError), file_lock(path):
        pass

    with file_lock(path) as descriptor:
        assert os.fstat(descriptor).st_ino == path.stat().st_ino


def test_waiting_for_a_lock_ends_with_an_error(tmp_path: Path) -> None:
    """
    It names the file.
    """
    path = tmp_path / "new" / "lock"
    held, again = wait_for_file_lock(path), wait_for_file_lock(path, timeout=0.01)
    with held, pytest.raises(TimeoutError) as caught, again:
        pass

    assert str(caught.value) == f"{path} is locked by another process."
    with wait_for_file_lock(path, timeout=0.01):
        assert path.is_file()


def test_where_nothing_can_be_written_nothing_is_locked(tmp_path: Path) -> None:
    """
    As in a read-only cache.
    """
    file = tmp_path / "file"
    file.write_bytes(b"")

    with wait_for_file_lock(file / "lock"):
        assert file.read_bytes() == b""
