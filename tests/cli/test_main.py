"""The `zoo` command itself: help, errors and exit status."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import FLOWER, Ended, Run

from zoo.cli import COMMANDS, main
from zoo.plugins import discovery
from zoo.plugins.discovery import Plugin
from zoo.specs import Command


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


COUNTING = """
import click

@click.command("count")
def count():
    "Count to three."
    click.echo("three")

nothing = 3
"""


@pytest.fixture
def bring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Install a plugin, for a test, that brings one command."""
    (tmp_path / "counting_plugin.py").write_text(COUNTING)
    monkeypatch.syspath_prepend(tmp_path)

    def brought(name: str = "count", run: str = "counting_plugin:count") -> None:
        plugin = Plugin("counting", "counting_plugin", "zoo-counting", "1")
        command = Command(name=name, summary="Count.", run=run)
        known = replace(discovery.installed(), commands={name: (command, plugin)})
        monkeypatch.setattr(discovery, "installed", lambda: known)

    return brought


def test_a_command_of_a_plugin(run: Run, bring: Callable[..., None]) -> None:
    """
    It is listed apart from those of the zoo, and run like them.
    """
    bring()

    assert "Commands of plugins:\n  count  Count.\n" in run("--help").out
    assert run("count").out == "three\n"
    assert "Did you mean 'count'?" in run("coun").err


def test_a_command_that_is_none(run: Run, bring: Callable[..., None]) -> None:
    """
    What a plugin names has to be a command; the plugin is to blame.
    """
    bring(run="counting_plugin:nothing")

    assert run("count").err == (
        "error: Plugin 'counting': 'counting_plugin:nothing' is not a click.Command "
        "but 3.\n"
    )


@pytest.mark.filterwarnings("default:Plugin 'counting' brings:UserWarning")
def test_a_command_of_the_zoo_is_never_replaced(
    run: Run, bring: Callable[..., None]
) -> None:
    """
    The plugin's is left out, and the help says so.
    """
    bring(name="list")

    ended = run("--help")

    assert (
        "warning: Plugin 'counting' brings a command 'list', which is left out: "
        in (ended.err)
    )
    assert "Commands of plugins" not in ended.out


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "No space left on device. Make room there, or write elsewhere, and run it "
            "again.",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "/media/.zoo-part-12"),
            "/media can't be written: Read-only file system. Name a folder that you "
            "may write to.",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/media/a.png"),
            "/media/a.png: Permission denied.",
        ),
        (OSError("timed out"), "timed out"),
    ],
)
def test_an_error_of_the_system_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problem: OSError,
    told: str,
) -> None:
    """
    In place of its number, and of the name of a temporary file.
    """

    def full(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr("zoo.cli.zoo.main", full)

    assert main(["list"]) == 1
    assert capsys.readouterr().err == f"error: {told}\n"
