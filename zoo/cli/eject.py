"""`zoo eject`: a model as a package that does not need the zoo."""

from pathlib import Path

import click

from zoo.cli.options import model_argument, path_type


@click.command("eject")
@model_argument
@click.argument("folder", type=path_type)
def eject_command(name: str, folder: Path) -> None:
    """Write the model NAME into FOLDER, as a Python package that does not need zoo.

    The package has its architecture, weights, preprocessing and recipe.
    """
    from zoo.sharing.eject.eject import eject

    created = eject(name, folder)
    click.echo(created)
    click.echo(f"import {created.name}; model = {created.name}.load()")
