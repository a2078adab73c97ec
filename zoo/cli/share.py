"""`zoo publish` and `zoo eject`: a model for others, and as files of your own.

Nothing here needs torch.
"""

import json
from pathlib import Path

import click


@click.command("publish")
@click.argument("name")
@click.option("--repo", required=True, metavar="USER/NAME", help="Where to put it.")
@click.option("--private", is_flag=True, help="Create the repository as a private one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def publish_command(name: str, repo: str, private: bool, as_json: bool) -> None:
    """Put the model NAME, or a checkpoint folder, on the Hugging Face Hub.

    Prints what to load it by, and the pin for a plugin's spec. HF_TOKEN or 'hf auth
    login' says who you are; HF_ENDPOINT names another Hub.
    """
    from zoo.publishing import publish

    done = publish(name, repo, private=private)
    if as_json:
        click.echo(json.dumps(done.to_dict(), indent=2))
        return
    news = "published" if done.changed else "nothing to change"
    click.echo(f"{done.name}: {news}, {done.url}")
    click.echo(f'zoo.load("{done.address}")')
    click.echo(done.pin)


@click.command("eject")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
def eject_command(name: str, folder: Path) -> None:
    """Write the model NAME into FOLDER, as a Python package that needs torch alone.

    Its architecture, weights, recipe and card are yours from then on.
    """
    from zoo.ejecting import eject

    written = eject(name, folder)
    click.echo(written)
    click.echo(f"import {written.name}; model = {written.name}.load()")
