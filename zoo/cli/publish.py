"""`zoo publish`: upload a model to the Hugging Face Hub."""

import json

import click

from zoo.cli.options import json_option, model_argument


@click.command("publish")
@model_argument
@click.option("--repo", required=True, metavar="USER/NAME", help="Target repository.")
@click.option("--private", is_flag=True, help="Create the repository as private.")
@json_option
def publish_command(name: str, repo: str, private: bool, as_json: bool) -> None:
    """Publish the model NAME, or a checkpoint folder, on the Hugging Face Hub.

    Prints the address to load it by, and the pin for a plugin's spec. HF_TOKEN or 'hf
    auth login' gives your account; HF_ENDPOINT selects another Hub.
    """
    from zoo.sharing.publish import publish

    published = publish(name, repo, private=private)
    if as_json:
        click.echo(json.dumps(published.to_dict(), indent=2))
        return
    outcome = "published" if published.changed else "nothing to change"
    click.echo(f"{published.name}: {outcome}, {published.url}")
    click.echo(f'zoo.load("{published.address}")')
    click.echo(published.pin)
