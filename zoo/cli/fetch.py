"""`zoo fetch`: download what loading a model needs."""

import json
from dataclasses import asdict
from typing import Any

import click

from zoo.artifacts import fetch
from zoo.cli.options import all_option, chosen_models, json_option, models_argument
from zoo.cli.render import size
from zoo.errors import ZooError

ORIGINS = {
    "package": "part of its plugin",
    "folder": "a local folder",
    "store": "in a local store",
    "cache": "already cached",
}


@click.command("fetch")
@models_argument
@all_option
@json_option
@click.pass_context
def fetch_command(
    ctx: click.Context, names: tuple[str, ...], every: bool, as_json: bool
) -> None:
    """Download everything that loading the models NAMES needs.

    The exit status is 1 if one fails; the others are downloaded all the same.
    """
    results: list[dict[str, Any]] = []
    for name, result in fetch.fetch_each(chosen_models(names, every)):
        if isinstance(result, ZooError):
            click.echo(f"error: {name}: {result}", err=True)
            results.append({"name": name, "error": str(result)})
            continue
        results.append(asdict(result) | {"path": str(result.path)})
        if not as_json:
            origin = ORIGINS.get(result.origin) or f"downloaded from {result.repo}"
            click.echo(f"{name}: {size(result.size)}, {origin}")
    if as_json:
        click.echo(json.dumps(results, indent=2))
    ctx.exit(1 if any("error" in result for result in results) else 0)
