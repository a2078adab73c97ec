"""`zoo list`: the installed models."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Ended, Run

import zoo
from zoo.plugins.discovery import installed
from zoo.plugins.registry import Registry


def names(ended: Ended) -> list[str]:
    return [line.split()[0] for line in ended.out.splitlines()]


def test_list(run: Run) -> None:
    """
    Every installed model has a line: name, parameters, headline metric, summary.
    """
    ended = run("list")

    assert ended.status == 0
    assert names(ended) == zoo.list_models()
    (iris,) = [line for line in ended.out.splitlines() if "perceptron-iris" in line]
    assert iris.split()[:4] == ["perceptron-iris", "3", "accuracy", "1.0000"]


def test_list_a_pattern(run: Run) -> None:
    """
    A pattern or a word narrows the list.
    """
    assert names(run("list", "perceptron-*")) == ["perceptron-gates", "perceptron-iris"]
    assert names(run("list", "setosa")) == ["perceptron-iris"]


def test_list_nothing(run: Run) -> None:
    """
    Nothing found is said on stderr, so that a pipe gets no line.
    """
    assert run("list", "no-such-*") == Ended(0, "", "No matching models.\n")


def test_list_cuts_no_line_in_a_pipe(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Only a terminal has a right edge; grep sees the whole summary.
    """
    monkeypatch.setenv("COLUMNS", "40")

    summaries = [zoo.get_spec(name).summary for name in zoo.list_models()]
    lines = run("list").out.splitlines()
    assert [
        line.endswith(summary) for line, summary in zip(lines, summaries, strict=True)
    ] == [True] * len(lines)


def test_list_a_chapter(run: Run) -> None:
    """
    `--chapter` narrows the list to a chapter of the course, and PATTERN further.
    """
    assert names(run("list", "--chapter", "super-resolution")) == [
        "srgan-face",
        "srresnet-face",
    ]
    assert names(run("list", "*-gates", "--chapter", "perceptron")) == [
        "perceptron-gates"
    ]
    assert names(run("list", "acme/*", "--chapter", "perceptron")) == []


def test_list_an_unknown_chapter(run: Run) -> None:
    """
    Near ones are proposed, and all are named.
    """
    known = ", ".join(Registry(installed().models).chapters)

    assert run("list", "--chapter", "perceptrn") == Ended(
        1,
        "",
        "error: No model is in a chapter 'perceptrn'. Did you mean 'perceptron'? "
        f"Chapters: {known}.\n",
    )


def test_list_as_json(run: Run) -> None:
    """
    `--json` gives the specs, with who provides them.
    """
    (iris,) = json.loads(run("list", "perceptron-iris", "--json").out)

    assert iris["name"] == "perceptron-iris"
    assert iris["parameters"] == 3
    assert iris["provided_by"] == "zoo-perceptron"


@pytest.mark.parametrize(
    "body",
    [
        "import sys; sys.exit(0)",
        "raise KeyboardInterrupt",
        "raise BaseExceptionGroup('two', [SystemExit()])",
    ],
)
def test_a_plugin_that_would_end_the_command(tmp_path: Path, body: str) -> None:
    """
    All other models are listed, the plugin is named on stderr, and the status is 1.
    """
    (tmp_path / "zoo_leaves.py").write_text(body, encoding="utf-8")
    place = tmp_path / "zoo_leaves-1.dist-info"
    place.mkdir()
    (place / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: zoo-leaves\nVersion: 1\n"
    )
    (place / "entry_points.txt").write_text("[zoo]\nleaves = zoo_leaves\n")
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])

    ended = subprocess.run(
        [sys.executable, "-m", "zoo", "list"],
        env=os.environ | {"PYTHONPATH": paths.rstrip(os.pathsep)},
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert ended.returncode == 1
    assert [line.split()[0] for line in ended.stdout.splitlines()] == zoo.list_models()
    assert ended.stderr.startswith("warning: Plugin 'leaves': ")
    assert ended.stderr.count("\n") == 1
