"""`zoo list`: the installed models."""

import json

import click

from zoo.cli.options import json_option
from zoo.cli.render import print_specs
from zoo.plugins import catalog, discovery


@click.command("list")
@click.argument("pattern", default="*")
@click.option("--chapter", help="Chapter of the course, such as gan.")
@json_option
@click.pass_context
def list_command(
    ctx: click.Context, pattern: str, chapter: str | None, as_json: bool
) -> None:
    """List the installed models, or those whose name matches PATTERN ("mlp-*").

    The models of a library are listed, by name alone, where PATTERN begins with its
    prefix ("acme/*").

    Plugins that failed to load are reported on stderr, and make the exit status 1.
    """
    if "/" in pattern and (names := catalog.list_models(pattern, chapter=chapter)):
        click.echo(json.dumps(names, indent=2) if as_json else "\n".join(names))
    else:
        print_specs(catalog.search(pattern, chapter=chapter), as_json)
    failures = discovery.installed().failures
    for failure in failures:
        click.echo(f"warning: {failure}", err=True)
    ctx.exit(1 if failures else 0)
