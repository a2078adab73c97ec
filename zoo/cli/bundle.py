"""`zoo bundle`: write models into one file."""

from pathlib import Path

import click

from zoo.artifacts import bundle
from zoo.cli.options import complete_model, path_type
from zoo.cli.render import size


@click.command("bundle")
@click.argument("names", shell_complete=complete_model, nargs=-1, required=True)
@click.option("-o", "--out", type=path_type, required=True, help="File to write.")
def bundle_command(names: tuple[str, ...], out: Path) -> None:
    """Write the models NAMES into one file, for a machine without a network."""
    path = bundle.bundle(*names, out=out)
    click.echo(f"{path} ({size(path.stat().st_size)})")
