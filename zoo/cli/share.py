"""`zoo publish`: a checkpoint to the Hub. Nothing here needs torch."""

import json

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
