"""`zoo evaluate`: the metrics of a model on a user's own data."""

import json
from typing import Any

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli.options import (
    backend_option,
    device_option,
    invert_option,
    json_option,
    precision_option,
    table_options,
    target_option,
)


@click.command("evaluate")
@click.argument("model")
@click.argument("data")
@target_option
@table_options
@invert_option
@device_option
@precision_option
@backend_option
@json_option
def evaluate_command(
    model: str,
    data: str,
    invert: bool,
    device: str,
    precision: Any,
    backend: Any,
    as_json: bool,
    **options: Any,
) -> None:
    """Evaluate MODEL, a name or a checkpoint folder, on DATA as for 'zoo finetune'.

    Of data with several splits, the test rows are used. The labels must be the model's.
    """
    from zoo.datasets.custom.wanted import ReadOptions
    from zoo.evaluation.evaluate import evaluate_part
    from zoo.models.loading import load

    keep_freed_memory()
    prepare: dict[str, Any] = {"invert": True} if invert else {}
    found = evaluate_part(
        load(model, device=device),
        data,
        ReadOptions(**options),
        precision=precision,
        backend=backend,
        **prepare,
    )
    rows = f"{found.rows:,} {found.split} row{'' if found.rows == 1 else 's'}"
    click.echo(f"measured on {' '.join(rows.split())} of {found.source}", err=as_json)
    if as_json:
        click.echo(json.dumps(found.metrics, indent=2))
        return
    for metric, value in found.metrics.items():
        click.echo(f"{metric} {value:.4f}")
