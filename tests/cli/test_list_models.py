"""`zoo list`: the installed models."""

import json

import pytest
from command_line import Ended, Run

import zoo


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


def test_list_as_json(run: Run) -> None:
    """
    `--json` gives the specs, with who provides them.
    """
    (iris,) = json.loads(run("list", "perceptron-iris", "--json").out)

    assert iris["name"] == "perceptron-iris"
    assert iris["parameters"] == 3
    assert iris["provided_by"] == "zoo-perceptron"
