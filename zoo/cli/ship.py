"""`zoo ship`: make a checkpoint folder the one that a plugin ships."""

from pathlib import Path

import click

from zoo.cli.options import path_type


@click.command("ship")
@click.argument("folders", type=path_type, nargs=-1, required=True, metavar="FOLDER...")
def ship_command(folders: tuple[Path, ...]) -> None:
    """Copy each FOLDER into the package of its model's plugin.

    The folder is of a run, or of imported weights after 'zoo measure'. Its pin and its
    metrics are written into the plugin's measured.json: a model claims what was
    measured. The plugin should be installed with pip install -e.
    """
    from zoo.sharing.ship import ship

    for folder in folders:
        shipped = ship(folder)
        click.echo(f"{shipped.name}: {shipped.folder} ({shipped.size:,} bytes)")
        click.echo(f"zoo benchmark {shipped.name} --threads 1 --record")
        click.echo(f"zoo check {shipped.name}")
