"""`zoo search`: models that meet conditions."""

import re
from typing import Any

import click

from zoo.cli.options import json_option
from zoo.cli.render import print_specs
from zoo.errors import near
from zoo.plugins import catalog


@click.command("search")
@click.argument("words", nargs=-1)
@click.option("--task", help="Task tag of the Hub, such as image-classification.")
@click.option("--max-parameters", type=int, help="Maximum number of parameters.")
@click.option("--max-bytes", type=int, help="Maximum size of the weights in bytes.")
@click.option("--license", help="Licence of the weights, such as mit.")
@click.option("--trained-on", help="Name of a dataset, such as mnist.")
@click.option("--chapter", help="Chapter of the course, such as gan.")
@click.option("--metric", help="A metric, or a condition such as 'accuracy>=0.99'.")
@json_option
def search_command(words: tuple[str, ...], as_json: bool, **conditions: Any) -> None:
    """Find models whose description has all WORDS and that meet every condition."""
    specs = catalog.search(" ".join(words), **conditions)
    print_specs(specs, as_json)
    if not specs and (hint := _hint(conditions)):
        click.echo(hint, err=True)


def _hint(conditions: dict[str, Any]) -> str:
    """Return which condition no model can meet, and the nearest value, if any."""
    specs = catalog.search()
    choices = {
        "task": {spec.task for spec in specs},
        "license": {spec.license.weights for spec in specs},
        "trained_on": {name for spec in specs for name in spec.trained_on},
    }
    for key, values in choices.items():
        value = conditions[key]
        if value is not None and value not in values:
            listing = near(value, values) or f"Known: {', '.join(sorted(values))}."
            return f"No model has --{key.replace('_', '-')} {value}. {listing.strip()}"
    names = {metric.name for spec in specs for metric in spec.metrics}
    asked = re.split(r"[<>=\s]", (conditions["metric"] or "").strip())[0]
    if asked and asked not in names:
        listing = near(asked, names) or f"Known: {', '.join(sorted(names))}."
        return f"No model has the metric {asked!r}. {listing.strip()}"
    return ""
