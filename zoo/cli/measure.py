"""`zoo measure`: measure imported weights, and write their receipt and card."""

import json
from pathlib import Path

import click

from zoo.cli.options import json_option, path_type


@click.command("measure")
@click.argument("folder", type=path_type)
@json_option
def measure_command(folder: Path, as_json: bool) -> None:
    """Measure the checkpoint FOLDER on the test rows of its model.

    For weights that 'zoo import-weights' converted: the model's recipe needs data and
    evaluate, and no train. Receipt, card and golden are written into the folder.
    """
    from zoo.sharing.measure import measure

    metrics = measure(folder)
    if as_json:
        click.echo(json.dumps(metrics, indent=2))
        return
    for name, value in metrics.items():
        click.echo(f"{name} {value:.4f}")
    click.echo(f"zoo ship {folder}")
