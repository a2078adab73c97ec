"""`zoo unbundle`: install the models of a bundle."""

from pathlib import Path

import click

from zoo._utils import paths
from zoo.artifacts import bundle
from zoo.cli.options import path_type
from zoo.cli.render import size


@click.command("unbundle")
@click.argument("file", type=path_type)
@click.option("--store", type=path_type, help="Folder to install the models in.")
def unbundle_command(file: Path, store: Path | None) -> None:
    """Verify FILE, written by 'zoo bundle', and install its models into a store."""
    imported = bundle.unbundle(file, store=store)
    folder = store or paths.store_dir()
    for model in imported:
        click.echo(f"{model.name}: {size(model.size)}, in {folder}")
    for advice in sorted({model.advice for model in imported if model.advice}):
        names = ", ".join(model.name for model in imported if model.advice == advice)
        need = f"{names} needs its plugin. If you trust it, run"
        click.echo(f"warning: {need}: {advice}", err=True)
    unvouched = [model.name for model in imported if not model.vouched]
    if unvouched:
        click.echo(
            f"warning: no pin or lock here vouches for {', '.join(unvouched)}: that "
            "these are the bytes of the Hub is the bundle's word alone.",
            err=True,
        )
    if folder.absolute() not in [known.absolute() for known in paths.store_dirs()]:
        click.echo(f"warning: set ZOO_STORE={folder} to load from it.", err=True)
