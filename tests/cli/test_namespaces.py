"""The commands that look at names "prefix/..." of a library."""

import json

from command_line import Run
from far import Far, far

__all__ = ["far"]  # a fixture

NAME = "far/line.v1"


def test_the_command_lists_names_alone(far: Far, run: Run) -> None:
    """
    As lines and as JSON; what matches nothing is said.
    """
    assert run("list", "far/*1").out == "far/line.v1\n"
    assert json.loads(run("list", "far/*", "--json").out) == [
        "far/line.v1",
        "far/line.v2",
    ]
    assert run("list", "far/x*").err == "No matching models.\n"


def test_the_command_describes_a_name(far: Far, run: Run) -> None:
    """
    `zoo info`, as text and as JSON, with the plugin that resolves it.
    """
    lines = run("info", NAME).out.splitlines()

    assert lines[0].split() == ["name", NAME]
    assert "plugin       zoo-far 1.0" in lines
    assert json.loads(run("info", NAME, "--json").out)["provided_by"] == "zoo-far"
