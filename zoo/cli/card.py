"""`zoo card`: the model card."""

import click

from zoo._utils import shown
from zoo.cli.options import model_argument


@click.command("card")
@model_argument
def card_command(name: str) -> None:
    """Print the model card of NAME, which is the README.md of its Hub repository.

    NAME may also be a checkpoint folder.
    """
    from zoo.cards.render import render

    click.echo(shown.lines(render(name)), nl=False)
