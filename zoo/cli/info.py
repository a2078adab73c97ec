"""`zoo info`: the specification of a model."""

import json
from dataclasses import asdict

import click

from zoo._utils.shown import one_line
from zoo.artifacts import checkpoint_folder, claims, resolve
from zoo.artifacts.resolve import Source
from zoo.cli.options import json_option, model_argument
from zoo.cli.render import facts, spec_as_dict
from zoo.specs import Metric


@click.command("info")
@model_argument
@json_option
def info_command(name: str, as_json: bool) -> None:
    """Show the specification of the model NAME, without loading it.

    NAME may also be a checkpoint folder.
    """
    source = resolve.find(name)
    spec, metrics = source.spec, _metrics(source)
    if as_json:
        known = spec_as_dict(spec) | {"metrics": [asdict(one) for one in metrics]}
        click.echo(json.dumps(known, indent=2))
        return
    place = f"in {source.folder}" if source.kind == "folder" else "in the plugin"
    for key, value in facts(spec, source.plugin, place, metrics).items():
        click.echo(f"{key:<12} {one_line(value)}")


def _metrics(source: Source) -> tuple[Metric, ...]:
    """Return the metrics of a model; of a checkpoint folder those of its run, which
    says nothing after a smoke run."""
    if source.kind != "folder":
        return source.spec.metrics
    receipt = checkpoint_folder.read_receipt(source.folder)
    if receipt.get("smoke") or "metrics" not in receipt:
        return ()
    return claims.metrics(receipt)
