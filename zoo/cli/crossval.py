"""`zoo crossval`: cross-validation of a recipe."""

import json
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
)
from zoo.cli.render import lined

if TYPE_CHECKING:
    from zoo.training.cross_validation import CrossValidation, FoldResult


@click.command("crossval")
@model_argument
@click.option("--model", help="Model of a recipe file; by default its MODEL.")
@click.option("--folds", default=5, show_default=True, help="Number of folds.")
@click.option("--stratified", is_flag=True, help="Keep the class ratios in each fold.")
@click.option("--set", "words", multiple=True, metavar="KEY=VALUE", help="A setting.")
@metric_option
@out_option
@click.option("--smoke", is_flag=True, help="Train one step per fold, to test it.")
@device_option
@json_option
def crossval_command(
    name: str, out: Path | None, words: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Cross-validate the recipe of NAME on its training rows.

    NAME may also be the path of a recipe file, as for 'zoo train'. The test split is
    not read. With --out, crossval.json is written into the folder.
    """
    from zoo.training.cross_validation import crossval
    from zoo.training.settings import parse

    keep_freed_memory()
    options["device"] = check_device(options["device"])
    settings = {**parse(words)}
    result = crossval(name, out, settings=settings, callback=_print_fold, **options)
    if as_json:
        click.echo(json.dumps(result.to_dict(), indent=2, default=str))
        return
    for line in lined(_table(result)):
        click.echo(line)


def _print_fold(part: "FoldResult") -> None:
    numbers = " ".join(f"{name} {value:.4f}" for name, value in part.figures.items())
    click.echo(f"fold {part.fold} {numbers}", err=True)


def _table(result: "CrossValidation") -> list[list[str]]:
    names = list(result.mean)
    rows = [["fold", "train rows", "validation rows", *names, "epochs", "seconds"]]
    for part in result.parts:
        rows.append(
            [
                *map(str, (part.fold, part.fitted, part.held_back)),
                *(f"{part.figures[name]:.4f}" for name in names),
                str(part.epochs),
                f"{part.seconds:.1f}",
            ]
        )
    for title, values in (("mean", result.mean), ("deviation", result.deviation)):
        rows.append([title, "", "", *(f"{values[n]:.4f}" for n in names), "", ""])
    return rows
