"""`zoo compare`: runs beside each other."""

import json
from pathlib import Path

import click

from zoo._utils.shown import lines
from zoo.cli.options import json_option, path_type


@click.command("compare")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-o", "--out", type=path_type, help="Image file for the curves (PNG).")
@json_option
def compare_command(runs: tuple[str, ...], out: Path | None, as_json: bool) -> None:
    """Compare RUNs: settings that differ, metrics, costs; -o plots their curves.

    A RUN is a folder of 'zoo train' or 'zoo finetune', or the name of a model. A star
    marks the best figure.
    """
    from zoo._utils.atomic_write import write_atomic
    from zoo.evaluation.run_comparison import compare

    found = compare(*runs)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2))
    else:
        click.echo(lines(found))
    if out is not None:
        write_atomic(out, found.plot())
        click.echo(str(out), err=as_json)
