"""A command that a plugin adds to the command line."""

import re
from dataclasses import dataclass

from zoo.errors import SpecError

__all__ = ["Command"]

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of `zoo` that a plugin brings: `zoo NAME`.

    `summary` is its line in `zoo --help`. `run` names the `click.Command`, whose module
    is imported when the command is run. A command of the zoo's own name is never
    replaced.

    >>> zoo.Command(name="count", summary="Count.", run="zoo_mine.cli:count").name
    'count'
    """

    name: str
    summary: str
    run: str

    def __post_init__(self) -> None:
        owner = f"Command {self.name!r}"
        if not NAME.fullmatch(self.name):
            expected = "lower-case words joined by hyphens"
            raise SpecError(owner, "name", self.name, expected)
        if not self.summary.strip():
            raise SpecError(owner, "summary", self.summary, "one sentence")
        if not REFERENCE.fullmatch(self.run):
            raise SpecError(owner, "run", self.run, "'package.module:command'")
