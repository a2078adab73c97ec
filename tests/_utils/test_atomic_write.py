"""What is written replaces a file at one stroke, and nothing that is no file."""

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from zoo._utils.atomic_write import atomic_file, check_replaceable_file, write_atomic


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """
    And nothing beside it.
    """
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with atomic_file(path) as file:
            file.write(b"ne")
            raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        interrupted()

    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["out.bin"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """
    The file that it leads to is replaced, and may not be there yet.
    """
    (tmp_path / "far").mkdir()
    for name in ("there", "absent"):
        link = tmp_path / name
        link.symlink_to(tmp_path / "far" / name)
    (tmp_path / "far" / "there").write_bytes(b"old")

    for name in ("there", "absent"):
        write_atomic(tmp_path / name, b"new")

        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "far" / name).read_bytes() == b"new"


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    """
    A script stays executable, and a new file gets what the umask leaves.
    """
    path = tmp_path / "run.sh"
    path.write_bytes(b"old")
    path.chmod(0o750)

    write_atomic(path, b"new")
    write_atomic(tmp_path / "fresh", b"new")

    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o666 & ~mask


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """
    As a device is: neither becomes a file.
    """
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()

    write_atomic(pipe, b"through")
    reader.join()
    write_atomic(Path(os.devnull), b"gone")

    assert read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    with pytest.raises(OSError, match="it is no file, but a pipe or a device"):
        check_replaceable_file(pipe)


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV])
def test_a_mount_point_is_written_in_place(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A file that was mounted into a container can't be renamed over.
    """
    path = tmp_path / "mounted"
    path.write_bytes(b"longer than what comes")

    def busy(_source: Path, _target: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", busy)
    write_atomic(path, b"new")

    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["mounted"]


def test_threads_that_write_one_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    """
    A scratch file is one writer's alone; the content is that of one of them.
    """
    path = tmp_path / "shared"
    contents = [bytes([65 + n]) * 100_000 for n in range(8)]
    threads = [
        threading.Thread(target=write_atomic, args=(path, c)) for c in contents * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert path.read_bytes() in contents
    assert [one.name for one in tmp_path.iterdir()] == ["shared"]


def test_what_a_dead_process_left_is_swept(tmp_path: Path) -> None:
    """
    By the next write beside it; what a living one still writes is left alone, and so
    are files of like names.
    """
    dead, alike = tmp_path / f".zoo-part-{'0' * 16}", tmp_path / ".zoo-part-mine"
    dead.write_bytes(b"half")
    alike.write_bytes(b"mine")
    with atomic_file(tmp_path / "one") as file:
        write_atomic(tmp_path / "other", b"2")
        file.write(b"1")

    assert {path.name for path in tmp_path.iterdir()} == {"one", "other", alike.name}
    assert (tmp_path / "one").read_bytes() == b"1"
