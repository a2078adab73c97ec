"""`zoo info`: the specification of a model."""

import json

import click

from zoo._utils.shown import one_line
from zoo.cli.options import json_option, model_argument
from zoo.cli.render import facts, spec_as_dict
from zoo.plugins import catalog, discovery


@click.command("info")
@model_argument
@json_option
def info_command(name: str, as_json: bool) -> None:
    """Show the specification of the model NAME, without loading it."""
    spec = catalog.get_spec(name)
    if as_json:
        click.echo(json.dumps(spec_as_dict(spec), indent=2))
        return
    plugin = discovery.installed().packages()[spec.package]
    for key, value in facts(spec, plugin).items():
        click.echo(f"{key:<12} {one_line(value)}")
