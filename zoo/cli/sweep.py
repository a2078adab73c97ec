"""`zoo sweep`: search for settings on validation rows."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli.options import (
    check_device,
    device_option,
    json_option,
    metric_option,
    model_argument,
    out_option,
    table_options,
)
from zoo.cli.render import lined

if TYPE_CHECKING:
    from zoo.tuning.trials import Trial

HELP = "A value, a list (32,64), or a range (1e-4..1e-1:log, 0..1:0.25)."


@click.command("sweep")
@model_argument
@click.option("--data", help="Your data: search the settings of 'zoo finetune'.")
@click.option("--target", metavar="COLUMN", help="Of --data: the column to predict.")
@table_options
@click.option("--validation", metavar="DATA", help="Of --data: the validation rows.")
@click.option("--set", "words", multiple=True, metavar="KEY=VALUES", help=HELP)
@click.option("--method", default="tpe", help="grid, random, tpe or hyperband.")
@click.option("--trials", type=int, help="Number of trials; 20, or the whole grid.")
@click.option(
    "--processes", default=1, show_default=True, help="Number of parallel processes."
)
@metric_option
@out_option
@click.option(
    "--seed", default=0, help="Seed of the search; --set seed=... is the run's."
)
@click.option("--resume", is_flag=True, help="Continue an interrupted sweep.")
@click.option("--smoke", is_flag=True, help="Train one step per trial, to test it.")
@device_option
@json_option
@click.option("--worker", is_flag=True, hidden=True)
def sweep_command(
    name: str,
    words: tuple[str, ...],
    out: Path | None,
    worker: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Search for settings of the recipe of NAME; by default into runs/NAME-sweep.

    With --data, the settings and the data are those of 'zoo finetune'.

    Trials are compared on validation rows; the test split is not read.
    """
    from zoo.training.settings import parse
    from zoo.tuning.report import table
    from zoo.tuning.sweep import join, sweep

    keep_freed_memory()
    if worker and out is not None:
        join(out)
        return
    options["device"] = check_device(options["device"])
    result = sweep(
        name, out, settings={**parse(words)}, callback=_print_trial, **options
    )
    if as_json:
        click.echo((result.folder / "sweep.json").read_text(encoding="utf-8").rstrip())
        return
    for line in lined(table(result.trials)):
        click.echo(line)
    click.echo(f"{result.folder}/sweep.md\n{result.command}")


def _print_trial(trial: "Trial") -> None:
    settings = " ".join(f"{key}={value}" for key, value in trial.settings.items())
    value = "" if trial.value is None else f" {trial.figure} {trial.value:.4f}"
    why = f": {trial.why}" if trial.why else ""
    click.echo(f"trial {trial.position} {settings}{value} {trial.state}{why}", err=True)
