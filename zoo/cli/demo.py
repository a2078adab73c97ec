"""`zoo demo`: a page that runs a model, or the files of a Space for it."""

from pathlib import Path

import click

from zoo.cli.options import model_argument, path_type


@click.command("demo")
@model_argument
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port of the page; by default the first that is free from 7860 on.",
)
@click.option(
    "--share",
    is_flag=True,
    help="Give the page a public address through Gradio's servers; off unless asked.",
)
@click.option(
    "--space",
    type=path_type,
    metavar="DIR",
    help="Write the files of a Hugging Face Space into DIR instead.",
)
@click.option("--force", is_flag=True, help="Replace files that DIR holds.")
def demo_command(
    name: str, port: int | None, share: bool, space: Path | None, force: bool
) -> None:
    """Start a page on this machine that runs the model NAME, a name or a folder.

    It takes what the model takes, and shows what its results show. Ctrl-C ends it.
    """
    from zoo.sharing.demo import serve
    from zoo.sharing.space import write_space

    if space is None:
        if force:
            raise click.UsageError("--force replaces the files of --space DIR.")
        serve(name, port=port, share=share)
        return
    if share or port is not None:
        raise click.UsageError("--space writes files, and starts no page.")
    folder = write_space(name, space, force=force)
    for path in sorted(one for one in folder.iterdir() if one.name[0] != "."):
        click.echo(str(path))
