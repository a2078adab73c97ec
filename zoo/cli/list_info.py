"""`zoo list`, `search`, `info` and `card`: nothing here imports torch."""

import json
from dataclasses import asdict
from typing import Any

import click

from zoo.cli import render as show
from zoo.cli.completion import models
from zoo.errors import near
from zoo.plugins import catalog as catalogue
from zoo.plugins.discovery import found
from zoo.specs import ModelSpec

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("list")
@click.argument("pattern", default="*")
@as_json
@click.pass_context
def list_command(ctx: click.Context, pattern: str, as_json: bool) -> None:
    """List the installed models, or those whose name matches PATTERN ("mlp-*").

    Plugins that failed are told on stderr, and make the exit status 1.
    """
    _listing(catalogue.search(pattern), as_json)
    for failure in found().failures:
        click.echo(f"warning: {failure}", err=True)
    ctx.exit(1 if found().failures else 0)


@click.command("search")
@click.argument("words", nargs=-1)
@click.option("--task", help="The Hub's task tag, such as image-classification.")
@click.option("--max-parameters", type=int, help="At most so many parameters.")
@click.option("--max-bytes", type=int, help="At most so many bytes of weights.")
@click.option("--license", help="Licence of the weights, such as mit.")
@click.option("--trained-on", help="A dataset's name, such as mnist.")
@click.option("--metric", help="A metric, or a condition such as 'accuracy>=0.99'.")
@as_json
def search_command(words: tuple[str, ...], as_json: bool, **conditions: Any) -> None:
    """Find models that speak of WORDS and meet every condition."""
    specs = catalogue.search(" ".join(words), **conditions)
    _listing(specs, as_json)
    if not specs and (hint := _hint(conditions)):
        click.echo(hint, err=True)


@click.command("info")
@click.argument("name", shell_complete=models)
@as_json
def info_command(name: str, as_json: bool) -> None:
    """Show what is known about the model NAME before anything is loaded."""
    spec = catalogue.get_spec(name)
    if as_json:
        click.echo(json.dumps(_plain(spec), indent=2))
        return
    for key, value in show.facts(spec, found().providers[name]).items():
        click.echo(f"{key:<12} {value}")


@click.command("card")
@click.argument("name", shell_complete=models)
def card_command(name: str) -> None:
    """Print the model card of NAME, as it stands in its repository on the Hub."""
    from zoo.cards.render import render

    click.echo(render(name), nl=False)


def _hint(conditions: dict[str, Any]) -> str:
    """Return which condition no model can meet, and what comes near it."""
    specs = catalogue.search()
    known = {
        "task": {spec.task for spec in specs},
        "license": {spec.license.weights for spec in specs},
        "trained_on": {name for spec in specs for name in spec.trained_on},
    }
    for key, values in known.items():
        asked = conditions[key]
        if asked is not None and asked not in values:
            listing = near(asked, values) or f"Known: {', '.join(sorted(values))}."
            return f"No model has --{key.replace('_', '-')} {asked}. {listing.strip()}"
    return ""


def _listing(specs: list[ModelSpec], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_plain(spec) for spec in specs], indent=2))
        return
    if not specs:
        click.echo("No model meets that.", err=True)
    for line in show.listing(specs):
        click.echo(line)


def _plain(spec: ModelSpec) -> dict[str, Any]:
    plain = asdict(spec) | {"provided_by": found().providers[spec.name].distribution}
    plain |= {"input": spec.input.to_plain(), "output": spec.output.to_plain()}
    return plain
