"""`zoo completion`: commands, options and model names in a shell."""

import os
import subprocess
import sys

import pytest
from command_line import Run


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["predict", "lenet5"], ["plain,lenet5-mnist"]),
        (["verif"], ["plain,verify"]),
        (["train", "--sw"], ["plain,--sweep"]),
        (["info", "no-such"], ["file,no-such"]),  # it may be a folder
    ],
)
def test_a_shell_completes(typed: list[str], offered: list[str]) -> None:
    """
    Commands, options, models; and where no model begins so, files.
    """
    asked = {
        "_ZOO_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["zoo", *typed]),
        "COMP_CWORD": str(len(typed)),
    }

    done = subprocess.run(
        [sys.executable, "-m", "zoo"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split() == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script(run: Run, shell: str) -> None:
    """
    It is for the shell that was named, and asks `zoo`.
    """
    ended = run("completion", shell)

    assert ended.status == 0
    assert f"_ZOO_COMPLETE={shell}_complete" in ended.out
