"""What the README and the documentation say can be done, is done here."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from documents import PAGES, ROOT, blocks, lines

from zoo._utils import paths as folders

SETUPS = ("pip ", "python -m pip ", "python scripts/install.py")
INSTALLING = (*SETUPS, "scripts/check")
TRANSLATED = "docs/course/ko/"  # with the blocks of the English pages
RUN = [page for page in PAGES if not page.startswith(TRANSLATED)]
OF_THE_SHELL = [
    page
    for page in RUN
    if any(not line.startswith(INSTALLING) for line in lines("sh", page))
]
FAST = ("README.md", "docs/getting-started.md")  # what a newcomer reads
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def marks(page: str) -> list[pytest.MarkDecorator]:
    """Return the marks of the tests of a page: most are for `scripts/check --all`."""
    return [] if page in FAST else [pytest.mark.slow]


def needs(text: str) -> str | None:
    """Return the dataset that a block reads, where ZOO_DATA does not hold it."""
    found = re.search(r"load_dataset\(\"(\w+_\w+)\"", text)
    if found and not any((f / found[1]).is_dir() for f in folders.data_dirs()):
        return found[1]
    return None


@pytest.mark.parametrize(
    ("page", "number"),
    [
        pytest.param(page, number, marks=marks(page))
        for page in RUN
        for number in range(len(blocks("python", page)))
    ],
)
def test_python_blocks_run(page: str, number: int, tmp_path: Path) -> None:
    """
    Each block is a whole program.
    """
    text = blocks("python", page)[number]
    missing = needs(text)
    if missing:
        pytest.skip(f"ZOO_DATA does not hold {missing}")

    subprocess.run(
        [sys.executable, "-W", "error", "-c", text], check=True, cwd=tmp_path
    )


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=marks(page)) for page in OF_THE_SHELL]
)
def test_shell_lines_run_in_their_order(page: str, tmp_path: Path) -> None:
    """
    Every `zoo` command is run, one after the other, beside the files that the blocks of
    Python write for them.
    """
    for text in blocks("python", page):
        if "mkdir(" in text:
            subprocess.run([sys.executable, "-c", text], check=True, cwd=tmp_path)

    for line in lines("sh", page):
        if line.startswith(INSTALLING):
            continue
        command, *words = shlex.split(line)
        assert command == "zoo", f"no test for {line!r}"
        subprocess.run([sys.executable, "-m", "zoo", *words], check=True, cwd=tmp_path)


def test_ci_runs_the_readmes_commands() -> None:
    """
    Set-up and test commands are in both, letter by letter.
    """
    wanted = [line for line in lines("sh", "README.md") if line.startswith(INSTALLING)]

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
    A new package is in it.
    """
    page = PAGES["docs/explanation/architecture.md"]
    table = page.partition("| package | knows |")[2].partition("\n\n")[0].rstrip()
    told = set(
        re.findall(r"`(\w+)`", "".join(r.split("|")[1] for r in table.split("\n")[2:]))
    )
    there = {path.stem for path in (ROOT / "zoo").glob("*.py") if path.stem[0] != "_"}
    there |= {path.parent.name for path in (ROOT / "zoo").glob("*/__init__.py")}

    assert told == there
