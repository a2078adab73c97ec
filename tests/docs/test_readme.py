"""What the README says can be done, is done here."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from zoo._utils import paths as folders

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
SHELL = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
SETUPS = ("pip ", "python -m pip ", "python scripts/install.py")
INSTALLING = (*SETUPS, "scripts/check")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def needs(text: str) -> str | None:
    """Return the dataset that a block reads, where ZOO_DATA does not hold it."""
    found = re.search(r"load\(\"(\w+_\w+)\"", text)
    if found and not any((f / found[1]).is_dir() for f in folders.data_dirs()):
        return found[1]
    return None


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_python_blocks_run(number: int, tmp_path: Path) -> None:
    """
    Each block is a whole program.
    """
    missing = needs(PYTHON[number])
    if missing:
        pytest.skip(f"ZOO_DATA does not hold {missing}")

    subprocess.run(
        [sys.executable, "-W", "error", "-c", PYTHON[number]], check=True, cwd=tmp_path
    )


def test_shell_lines_run_in_their_order(tmp_path: Path) -> None:
    """
    Every `zoo` command is run, one after the other, beside the files that the blocks of
    Python write for them.
    """
    for text in PYTHON:
        if "mkdir(" in text:
            subprocess.run([sys.executable, "-c", text], check=True, cwd=tmp_path)
    lines = [line for line in SHELL if not line.startswith(INSTALLING)]

    assert len(lines) >= 5
    for line in lines:
        command, *words = shlex.split(line)
        assert command == "zoo", f"no test for {line!r}"
        subprocess.run([sys.executable, "-m", "zoo", *words], check=True, cwd=tmp_path)


def test_ci_runs_the_readmes_commands() -> None:
    """
    Set-up and test commands are in both, letter by letter.
    """
    wanted = [line for line in SHELL if line.startswith(INSTALLING)]

    assert wanted
    assert [line for line in CI if line.startswith(INSTALLING)] == wanted


def test_ci_gives_each_set_up_a_fresh_environment() -> None:
    """
    One set-up alone follows the making of each, and what it is for; pip is as Python
    brings it.
    """
    made = [n for n, line in enumerate(CI) if line.startswith("python3 -m venv ")]
    parts = [CI[n:end] for n, end in zip(made, [*made[1:], None], strict=True)]
    folders = [part[0].removeprefix("python3 -m venv ").strip('"') for part in parts]
    setups = [[line for line in part if line.startswith(SETUPS)] for part in parts]
    first, second = parts

    assert len(set(folders)) == 2
    for part, folder in zip(parts, folders, strict=True):
        assert part[1] == f'. "{folder}/bin/activate"'
        assert part[2].startswith(SETUPS)
    assert [len(lines) for lines in setups] == [1, 1]
    assert not any(line.startswith(SETUPS) for line in CI[: made[0]])
    assert "deactivate" in first
    assert {"zoo list", "zoo predict lenet5-mnist --example", "zoo doctor"} <= {*first}
    assert second[-1] == "scripts/check"


def test_the_package_map_is_complete() -> None:
    """
    A new package is in the README.
    """
    table = README.partition("| package | knows |")[2].partition("\n\n")[0]
    told = set(
        re.findall(r"`(\w+)`", "".join(r.split("|")[1] for r in table.split("\n")[2:]))
    )
    there = {path.stem for path in (ROOT / "zoo").glob("*.py") if path.stem[0] != "_"}
    there |= {path.parent.name for path in (ROOT / "zoo").glob("*/__init__.py")}

    assert told == there
