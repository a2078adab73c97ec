"""The `zoo` command itself: help, errors and exit status."""

import os
import subprocess
import sys

import pytest
from command_line import FLOWER, Ended, Run

from zoo.cli import COMMANDS


def test_an_unknown_model(run: Run) -> None:
    """
    An error is one line on stderr, with status 1, whichever command met it.
    """
    start = "error: No model named 'perceptron-irs'. Did you mean 'perceptron-iris'"

    for name in ("info", "card", "predict", "train"):
        ended = run(name, "perceptron-irs", *[FLOWER] * (name == "predict"))

        assert (ended.status, ended.out) == (1, "")
        assert ended.err.startswith(start)
        assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["lst"], "No command 'lst'. Did you mean 'list'? See 'zoo --help'."),
        (["frobnicate"], "No command 'frobnicate'. See 'zoo --help'."),
        (["list", "--frob"], "No such option '--frob'. See 'zoo list --help'."),
        (["info"], "Missing argument 'NAME'. See 'zoo info --help'."),
        (
            ["predict", "perceptron-iris"],
            "Give an input, or --example to use the model's own. See 'zoo predict "
            "--help'.",
        ),
        (
            ["predict", "perceptron-iris", "[5,"],
            "'[5,' is not JSON (Expecting value: line 1 column 4 (char 3)). See 'zoo "
            "predict --help'.",
        ),
    ],
    ids=["near", "far", "option", "argument", "input", "JSON"],
)
def test_a_wrong_call(run: Run, arguments: list[str], problem: str) -> None:
    """
    A command that can't be meant is one line on stderr too, with status 2.
    """
    assert run(*arguments) == Ended(2, "", f"error: {problem}\n")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]], ids=str)
def test_help(run: Run, arguments: list[str]) -> None:
    """
    Without a command the help is shown: every command with a line.
    """
    ended = run(*arguments)

    assert (ended.status, ended.err) == (0, "")
    for name in ("list", "info", "predict", "train", "finetune", "evaluate", "verify"):
        assert f"\n  {name} " in ended.out


@pytest.mark.parametrize("command", [*COMMANDS])
def test_help_of_a_command(run: Run, command: str) -> None:
    """
    Every command explains itself.
    """
    ended = run(command, "--help")

    assert ended.status == 0
    assert ended.out.startswith(f"Usage: zoo {command} ")


def test_the_version(run: Run) -> None:
    """
    `--version` is that of the core.
    """
    assert run("--version").out.startswith("zoo, version 0.1")


def test_a_reader_that_goes_away() -> None:
    """
    `zoo card NAME | true` ends in silence: no traceback, no warning.
    """
    reading, writing = os.pipe()
    os.close(reading)

    ended = subprocess.run(
        [sys.executable, "-m", "zoo", "card", "perceptron-iris"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)

    assert ended.stderr == b""
