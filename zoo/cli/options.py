"""The options of commands that let a model write, read or translate."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click

__all__ = ["translating", "writing"]

Command = Callable[..., Any]
WRITING = (
    click.option("--max-new-tokens", type=int, help="How many are written at most."),
    click.option("--temperature", type=float, help="0 takes the likeliest token."),
    click.option("--top-k", type=int, help="Only so many of the likeliest tokens."),
    click.option("--top-p", type=float, help="Only the likeliest with this share."),
    click.option("--stop", multiple=True, help="Write no further than to this text."),
)
TRANSLATING = (
    click.option("--beams", type=int, help="Texts that are weighed side by side."),
    click.option("--max-tokens", type=int, help="How many a translation may have."),
    click.option("--length-penalty", type=float, help="More favours longer ones."),
)


def writing(command: Command) -> Command:
    """Add the options to a command, which gets those that were given as `plan`."""
    names = ("max_new_tokens", "temperature", "top_k", "top_p", "stop")
    return _planned(command, names, WRITING)


def translating(command: Command) -> Command:
    """Add those of a translation, in the same way."""
    names = ("beams", "max_tokens", "length_penalty")
    return _planned(command, names, TRANSLATING)


def _planned(
    command: Command, names: Sequence[str], options: Sequence[Callable[..., Any]]
) -> Command:
    @wraps(command)
    def with_plan(*args: Any, plan: Any = (), **given: Any) -> Any:
        taken = {name: given.pop(name) for name in names}
        told = {name: one for name, one in taken.items() if one not in (None, ())}
        return command(*args, plan={**dict(plan), **told}, **given)

    for option in reversed(options):
        with_plan = option(with_plan)
    return with_plan
