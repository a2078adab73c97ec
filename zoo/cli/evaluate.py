"""`zoo evaluate`: the metrics of a model on a user's own data."""

import json
from typing import Any

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli.options import json_option, precision_option, target_option


@click.command("evaluate")
@click.argument("model")
@click.argument("data")
@target_option
@precision_option
@json_option
def evaluate_command(
    model: str, data: str, target: str | None, precision: Any, as_json: bool
) -> None:
    """Evaluate MODEL, a name or a checkpoint folder, on DATA as for 'zoo finetune'.

    Of data with several splits, the test rows are used. The labels must be the model's.
    """
    from zoo.evaluation.evaluate import evaluate
    from zoo.models.loading import load

    keep_freed_memory()
    metrics = evaluate(load(model), data, target=target, precision=precision)
    if as_json:
        click.echo(json.dumps(metrics, indent=2))
        return
    for metric, value in metrics.items():
        click.echo(f"{metric} {value:.4f}")
