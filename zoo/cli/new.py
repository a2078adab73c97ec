"""`zoo new`: a plugin to begin with."""

from pathlib import Path

import click

from zoo.plugins.scaffold import LIKE, new_plugin


@click.command("new")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--like", default="image-classification", help=f"{', '.join(LIKE)}.")
def new_command(name: str, folder: Path | None, like: str) -> None:
    """Write a plugin with one model, NAME, into FOLDER (zoo-NAME by default).

    It installs, trains in a moment and passes 'zoo check' as it is; make it yours from
    there.
    """
    written = new_plugin(name, folder, like=like)
    click.echo(f"{written}: a plugin with the model {name!r}. What to do next:")
    click.echo(f"  pip install -e '{written}[test]'")
    click.echo(f"  zoo check {written}")
    click.echo(f"  zoo train {name} -o runs/{name}")
