"""`zoo info`: the specification of a model."""

import json

import click

from zoo._utils.shown import one_line
from zoo.artifacts import resolve
from zoo.cli.options import json_option, model_argument
from zoo.cli.render import facts, spec_as_dict


@click.command("info")
@model_argument
@json_option
def info_command(name: str, as_json: bool) -> None:
    """Show the specification of the model NAME, without loading it.

    NAME may also be a checkpoint folder.
    """
    source = resolve.find(name)
    spec = source.spec
    if as_json:
        click.echo(json.dumps(spec_as_dict(spec), indent=2))
        return
    place = f"in {source.folder}" if source.kind == "folder" else "in the plugin"
    for key, value in facts(spec, source.plugin, place).items():
        click.echo(f"{key:<12} {one_line(value)}")
