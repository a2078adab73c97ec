"""Folders of this machine, also for a user who has no home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zoo._utils import paths
from zoo.artifacts import lockfile
from zoo.errors import ZooError


@pytest.fixture
def homeless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No HOME, and no entry for the user: as `docker run --user 12345` has it."""
    import pwd

    def unknown(_uid: int) -> None:
        raise KeyError("uid not found")

    for name in ("HOME", "XDG_CACHE_HOME", "ZOO_CACHE", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    paths._temporary_home.cache_clear()
    yield tmp_path
    paths._temporary_home.cache_clear()


def test_a_user_without_a_home_has_a_cache(
    homeless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A folder of their own among the temporary files; with ZOO_CACHE, that.
    """
    home = homeless / f"zoo-home-{os.getuid()}"

    assert paths.is_homeless()
    assert paths.cache_dir() == home / ".cache" / "zoo"
    assert paths.store_dirs()[0] == home / ".cache" / "zoo" / "store"
    assert home.stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("ZOO_CACHE", str(homeless / "mine"))
    assert paths.cache_dir() == homeless / "mine"


def test_a_folder_that_another_may_write_to_is_not_the_home(homeless: Path) -> None:
    """
    Whoever made it before could put anything into the cache.
    """
    taken = homeless / f"zoo-home-{os.getuid()}"
    taken.mkdir()
    taken.chmod(0o777)

    assert paths.cache_dir().parents[1] != taken
    assert paths.cache_dir().parents[1].is_dir()


def test_commands_work_without_a_home(tmp_path: Path) -> None:
    """
    From the start of the process: `zoo list`, and no folder "~" is made.
    """
    script = (
        "import pwd, sys\n"
        "def unknown(uid):\n    raise KeyError(uid)\n"
        "pwd.getpwuid = unknown\n"
        "from zoo.cli import main\n"
        "sys.exit(main(['info', 'xor-mlp']))"
    )
    kept = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=kept | {"TMPDIR": str(tmp_path), "ZOO_CACHE": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "~").exists()


def test_a_home_of_nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The variable and the user are said.
    """
    monkeypatch.setenv("ZOO_CACHE", "~nobody-of-this-name/zoo")

    with pytest.raises(ZooError) as caught:
        paths.cache_dir()

    assert str(caught.value) == (
        "ZOO_CACHE='~nobody-of-this-name/zoo': there is no user "
        "'~nobody-of-this-name' on this machine. Write the folder in full."
    )


def test_home_in_the_name_of_the_lock_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Where no shell has seen the variable.
    """
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ZOO_LOCK", "~/zoo.lock")

    assert lockfile.lock_path() == tmp_path / "zoo.lock"
