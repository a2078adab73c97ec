"""A folder is replaced as a whole, by one of several ways, and keeps what is kept."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zoo._utils import atomic_folder
from zoo._utils.atomic_folder import put_folder, scratch_folder
from zoo._utils.file_lock import folder_lock

WAYS = ("exchanged", "file by file", "from another file system")
OLD = {"a.txt": "old", "config": "old", "gone.txt": "old", "notes.md": "mine"}
NEW = {"a.txt": "new", "config": "new", "b.txt": "new"}


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def fill(folder: Path, texts: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
    return folder


def replace(folder: Path) -> None:
    with scratch_folder(folder) as new:
        fill(new, NEW)
        put_folder(new, folder, keep=lambda path: path.suffix == ".md", last="config")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Take from the system what the way does without."""
    replace_file = os.replace

    def far(source: Path, target: Path) -> None:
        if Path(source).parent != Path(target).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        replace_file(source, target)

    if request.param != "exchanged":
        busy = lambda *_: errno.EBUSY  # noqa: E731 - as a mount point says
        monkeypatch.setattr(atomic_folder, "_swap", lambda: busy)
    if request.param == "from another file system":
        monkeypatch.setattr(os, "replace", far)
    return str(request.param)


def test_a_folder_is_replaced(tmp_path: Path, way: str) -> None:
    """
    What is kept stays, what is not goes, and nothing is left beside or in it.
    """
    folder = fill(tmp_path / "run", OLD)

    replace(folder)

    assert contents(folder) == NEW | {"notes.md": "mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_link_to_a_folder_stays(tmp_path: Path, way: str) -> None:
    """
    The folder that it leads to is replaced where it lies.
    """
    fill(tmp_path / "disk", OLD)
    link = tmp_path / "run"
    link.symlink_to("disk")

    replace(link)

    assert link.is_symlink()
    assert contents(tmp_path / "disk") == NEW | {"notes.md": "mine"}
    assert {path.name for path in tmp_path.iterdir()} == {"disk", "run"}


def test_a_new_folder(tmp_path: Path) -> None:
    """
    With the folders above it.
    """
    replace(tmp_path / "more" / "run")

    assert contents(tmp_path / "more" / "run") == NEW


def test_the_working_directory_stays_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A process that works in the folder is not left in one that was removed.
    """
    folder = fill(tmp_path / "run", OLD)
    monkeypatch.chdir(folder)
    before = folder.stat().st_ino

    replace(Path())

    assert folder.stat().st_ino == before
    assert contents(Path()) == NEW | {"notes.md": "mine"}


def test_a_pipe_of_the_users_stays(tmp_path: Path) -> None:
    """
    What can't be copied is left where it is.
    """
    folder = fill(tmp_path / "run", OLD)
    os.mkfifo(folder / "pipe.md")

    replace(folder)

    assert {path.name for path in folder.iterdir()} == {*NEW, "notes.md", "pipe.md"}


def test_files_are_replaced_with_the_last_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whoever dies before that leaves a folder that says of itself that it is old.
    """
    folder = fill(tmp_path / "run", OLD)
    order: list[str] = []
    replace_file = os.replace

    def noted(source: Path, target: Path) -> None:
        order.append(Path(target).name)
        replace_file(source, target)

    monkeypatch.setattr(atomic_folder, "_swap", lambda: None)
    monkeypatch.setattr(os, "replace", noted)
    replace(folder)

    assert order == ["a.txt", "b.txt", "config"]


def test_a_parent_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The scratch folder lies in the folder itself then; with no folder, that is refused.
    """
    folder = fill(tmp_path / "run", OLD)
    mkdir = Path.mkdir

    def forbidding(self: Path, *args: object, **options: object) -> None:
        if self.parent == tmp_path:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        mkdir(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", forbidding)
    replace(folder)

    assert contents(folder) == NEW | {"notes.md": "mine"}
    with pytest.raises(PermissionError), scratch_folder(tmp_path / "other"):
        pass


DIES = """
import os, signal, sys
from pathlib import Path
from zoo._utils.atomic_folder import scratch_folder
with scratch_folder(Path(sys.argv[1])) as new:
    (new / "half").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    """
    By the next that writes there; the scratch of one that lives is left, and so is what
    only resembles one.
    """
    done = subprocess.run([sys.executable, "-c", DIES, str(tmp_path / "run")])
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1
    (tmp_path / ".zoo-save-notes").mkdir()

    with scratch_folder(tmp_path / "run") as living, scratch_folder(tmp_path / "other"):
        left = {path.name for path in tmp_path.iterdir()}

    assert len(left) == 3
    assert {living.name, ".zoo-save-notes"} < left
    assert [path.name for path in tmp_path.iterdir()] == [".zoo-save-notes"]


def test_a_folder_that_cannot_be_locked_is_used_without(tmp_path: Path) -> None:
    """
    As on a system that has no such locks.
    """
    with folder_lock(tmp_path / "absent"):
        pass
