"""`zoo new`: a plugin from a template."""

from pathlib import Path

import click

from zoo._utils.shown import counted
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
@click.option(
    "--from-weights",
    "file",
    type=path_type,
    help="File of trained weights: sketch the architecture, and train nothing.",
)
@click.option("--license", help="Of --from-weights: their licence, as apache-2.0.")
def new_command(
    name: str, folder: Path | None, like: str, file: Path | None, license: str | None
) -> None:
    """Create a plugin with one model, NAME, in FOLDER (zoo-NAME by default).

    The plugin can be installed, trains in seconds and passes 'zoo check' as it is.
    """
    if file is not None:
        _for_weights(name, file, folder, like, license)
        return
    if license is not None:
        raise click.UsageError("--license is that of --from-weights.")
    created = new_plugin(name, folder, like=like)
    click.echo(f"{created}: a plugin with the model {name!r}. Next steps:")
    click.echo(f"  pip install -e '{created}[test]'")
    click.echo(f"  zoo check {created}")
    click.echo(f"  zoo train {name} -o runs/{name}")


def _for_weights(
    name: str, file: Path, folder: Path | None, like: str, license: str | None
) -> None:
    """Write a plugin for trained weights, and say how they come into it."""
    from zoo.sharing.new_from_weights import new_from_weights

    made = new_from_weights(name, file, folder, like=like, license=license)
    package = made.build.partition(".")[0]
    click.echo(
        f"{made.folder}: a plugin for {counted(made.tensors, 'tensor')}. Write, in it:"
    )
    click.echo(f"  {package}/model.py     forward: the order of the layers")
    click.echo(f"  {package}/__init__.py  input and output; {package}/recipe.py: data")
    click.echo("Then:")
    click.echo(f"  pip install -e '{made.folder}[test]'")
    click.echo(f"  zoo import-weights {file} --build {made.build} -o runs/{name}")
    click.echo(f"  zoo measure runs/{name}")
    click.echo(f"  zoo ship runs/{name}")
    click.echo(f"  zoo check {made.folder}")
