"""The branches for Windows, with what its calls do played by Linux.

They were not run on Windows itself.
"""

import errno
import fcntl
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from zoo._utils import atomic_write, file_lock
from zoo._utils.atomic_folder import put_folder


@pytest.fixture(autouse=True)
def windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Locks by msvcrt, a folder of its own for temporary files, and no `fcntl`."""
    msvcrt = ModuleType("msvcrt")

    def locking(descriptor: int, mode: int, count: int) -> None:
        assert count == 1
        assert mode == msvcrt.LK_NBLCK
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    msvcrt.LK_NBLCK = 2  # type: ignore[attr-defined]
    msvcrt.locking = locking  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    for module in (atomic_write, file_lock):
        monkeypatch.setattr(module, "sys", SimpleNamespace(platform="win32"))


def replace_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to replace a file, as Windows does while it is mapped."""
    genuine = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target).exists():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        genuine(source, target)

    monkeypatch.setattr(os, "replace", replace)


def test_a_file_is_locked_by_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        file_lock.file_lock(path),
        pytest.raises(BlockingIOError),
        file_lock.file_lock(path),
    ):
        pass
    with file_lock.file_lock(path) as descriptor:
        assert os.fstat(descriptor).st_ino == path.stat().st_ino


def test_a_file_stands_for_a_folder(tmp_path: Path) -> None:
    """
    It is the same one however the folder is spelled, and lies elsewhere.
    """
    folder = tmp_path / "runs"
    folder.mkdir()
    held = file_lock.try_folder_lock(folder)

    assert held is not None
    assert file_lock.try_folder_lock(tmp_path / "runs" / ".." / "runs") is None
    os.close(held)
    with file_lock.folder_lock(folder):
        assert not list(folder.iterdir())


def test_a_mapped_file_goes_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What is written is whole, and who has mapped the old file still sees that.
    """
    path = tmp_path / "weights"
    path.write_bytes(b"old and longer")
    replace_nothing(monkeypatch)
    with path.open("rb") as mapped:
        atomic_write.write_atomic(path, b"new")

        assert path.read_bytes() == b"new"
        assert mapped.read() == b"old and longer"
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["weights"]


def test_a_file_that_stays_mapped_is_left_to_be_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Under the name of a partial file, which `zoo cache` deletes later.
    """
    path = tmp_path / "weights"
    path.write_bytes(b"old")
    replace_nothing(monkeypatch)

    def busy(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "unlink", busy)
    atomic_write.write_atomic(path, b"new")
    aside = [one for one in tmp_path.iterdir() if one.name.startswith(".zoo-part-")]

    assert path.read_bytes() == b"new"
    assert [one.read_bytes() for one in aside] == [b"old"]
    assert all(atomic_write.PARTIAL.fullmatch(one.name) for one in aside)


def test_a_folder_with_a_mapped_file_is_replaced_file_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old = tmp_path / "new", tmp_path / "run"
    for folder, content in ((new, b"new"), (old, b"old")):
        folder.mkdir()
        for name in ("weights", "config"):
            (folder / name).write_bytes(content)
    monkeypatch.setattr("zoo._utils.atomic_folder._swap", lambda: None)
    monkeypatch.setattr(
        "zoo._utils.atomic_folder.sys", SimpleNamespace(platform="win32")
    )
    replace_nothing(monkeypatch)

    put_folder(new, old, keep=lambda _: True, last="config")

    assert {one.name: one.read_bytes() for one in old.iterdir()} == {
        "weights": b"new",
        "config": b"new",
    }
