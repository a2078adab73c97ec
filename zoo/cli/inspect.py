"""`zoo inspect`: what stands in a user's own data, before anything is trained."""

import json
from typing import Any

import click

from zoo.cli.options import complete_model, json_option, table_options, target_option


@click.command("inspect")
@click.argument("data")
@click.option(
    "--for",
    "model",
    metavar="NAME",
    shell_complete=complete_model,
    help="The model that the data is for, a name or a checkpoint folder.",
)
@click.option("--validation", metavar="DATA", help="Rows that choose the epoch.")
@click.option("--test", metavar="DATA", help="Rows to measure the metrics on.")
@target_option
@table_options
@click.option("--labels", metavar="A,B", help="The classes, in their order.")
@json_option
def inspect_command(
    data: str, model: str | None, labels: str | None, as_json: bool, **options: Any
) -> None:
    """Tell what stands in DATA, read as 'zoo finetune NAME DATA' reads it.

    Rows by split, labels and how uneven they are, what an answer reaches that knows
    nothing, missing values, columns that give the target away, sizes of pictures and
    texts, copies, and all that fine-tuning would warn of. Without --for the kind of the
    data is told by its format, and named.
    """
    from zoo.finetuning.inspection import inspect

    classes = None if labels is None else [part.strip() for part in labels.split(",")]
    found = inspect(data, model, labels=classes, **options)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2))
        return
    click.echo(str(found))
