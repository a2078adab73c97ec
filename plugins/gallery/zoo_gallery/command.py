"""`zoo gallery`: a static site of the installed models."""

from pathlib import Path

import click

__all__ = ["gallery_command"]


@click.command("gallery")
@click.argument("names", nargs=-1)
@click.option(
    "-o",
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help="The folder of the site: a new one, or one that zoo gallery wrote.",
)
@click.option(
    "--live/--no-live",
    default=True,
    show_default=True,
    help="Put the models into the pages, to run there.",
)
@click.option(
    "--most-mib",
    type=click.FloatRange(min=0, min_open=True),
    default=12.0,
    show_default=True,
    help="The largest weights of a model that runs in its page.",
)
def gallery_command(
    names: tuple[str, ...], folder: Path, live: bool, most_mib: float
) -> None:
    """Write a static site of the models NAMES, or of all.

    It opens from a file and from any static host, and asks nothing of a network. Live
    models need the extra onnx, and npm once.
    """
    from zoo_gallery.site import build

    made = build(
        folder,
        names=names or None,
        live=live,
        most_bytes=int(most_mib * 2**20),
        tell=lambda line: click.echo(line, err=True),
    )
    click.echo(
        f"{made.folder / 'index.html'}  {len(made.models)} models, "
        f"{len(made.live)} of them live, {made.size / 2**20:.1f} MiB"
    )
    for name, reason in made.refused.items():
        click.echo(f"  {name} does not run in its page: {reason}")
