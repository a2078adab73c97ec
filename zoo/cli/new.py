"""`zoo new`: a plugin from a template."""

from pathlib import Path

import click

from zoo.cli.options import path_type
from zoo.plugins.scaffold import KINDS, new_plugin


@click.command("new")
@click.argument("name")
@click.argument("folder", type=path_type, required=False)
@click.option(
    "--like",
    default="image-classification",
    help=f"Template: {', '.join(KINDS)}.",
)
def new_command(name: str, folder: Path | None, like: str) -> None:
    """Create a plugin with one model, NAME, in FOLDER (zoo-NAME by default).

    The plugin can be installed, trains in seconds and passes 'zoo check' as it is.
    """
    created = new_plugin(name, folder, like=like)
    click.echo(f"{created}: a plugin with the model {name!r}. Next steps:")
    click.echo(f"  pip install -e '{created}[test]'")
    click.echo(f"  zoo check {created}")
    click.echo(f"  zoo train {name} -o runs/{name}")
