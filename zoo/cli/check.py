"""`zoo check`: what every model and plugin promises, tried here."""

import json
from collections import Counter

import click

from zoo.cli.completion import models

SIGNS = {"kept": "ok  ", "broken": "FAIL", "skipped": "skip"}


@click.command("check")
@click.argument("targets", shell_complete=models, nargs=-1, required=True)
@click.option("--metric/--no-metric", default=True, help="Measure the claims again.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check_command(
    ctx: click.Context, targets: tuple[str, ...], metric: bool, as_json: bool
) -> None:
    """Try the promises of TARGETS: models, plugins, or the folder of a plugin's source.

    Status 1 if one is broken. Green means that it may be listed.
    """
    from zoo.testing.runner import check

    outcomes = []
    for target in targets:
        for one in check(target, metric=metric):
            outcomes.append(one)
            if as_json:
                continue
            click.echo(f"{SIGNS[one.state]} {one.subject}: {one.meaning}")
            for line in filter(None, (one.problem, one.advice)):
                click.echo(f"     {line}")
    counts = Counter(one.state for one in outcomes)
    if as_json:
        click.echo(json.dumps([one.to_dict() for one in outcomes], indent=2))
    else:
        tried = counts["kept"] + counts["broken"]
        skipped = f", {counts['skipped']} not tried" if counts["skipped"] else ""
        click.echo(f"{counts['kept']} of {tried} promises kept{skipped}")
    ctx.exit(1 if counts["broken"] else 0)
