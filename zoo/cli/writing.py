"""The options of commands that let a model write."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

__all__ = ["writing"]

NAMES = ("max_new_tokens", "temperature", "top_k", "top_p", "stop")
OPTIONS = (
    click.option("--max-new-tokens", type=int, help="How many are written at most."),
    click.option("--temperature", type=float, help="0 takes the likeliest token."),
    click.option("--top-k", type=int, help="Only so many of the likeliest tokens."),
    click.option("--top-p", type=float, help="Only the likeliest with this share."),
    click.option("--stop", multiple=True, help="Write no further than to this text."),
)


def writing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets those that were given as `plan`."""

    @wraps(command)
    def with_plan(*args: Any, **given: Any) -> Any:
        taken = {name: given.pop(name) for name in NAMES}
        plan = {name: one for name, one in taken.items() if one not in (None, ())}
        return command(*args, plan=plan, **given)

    for option in reversed(OPTIONS):
        with_plan = option(with_plan)
    return with_plan
