"""`zoo list`: the installed models."""

import click

from zoo.cli.options import json_option
from zoo.cli.render import print_specs
from zoo.plugins import catalog, discovery


@click.command("list")
@click.argument("pattern", default="*")
@json_option
@click.pass_context
def list_command(ctx: click.Context, pattern: str, as_json: bool) -> None:
    """List the installed models, or those whose name matches PATTERN ("mlp-*").

    Plugins that failed to load are reported on stderr, and make the exit status 1.
    """
    print_specs(catalog.search(pattern), as_json)
    failures = discovery.installed().failures
    for failure in failures:
        click.echo(f"warning: {failure}", err=True)
    ctx.exit(1 if failures else 0)
