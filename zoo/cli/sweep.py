"""`zoo sweep` and `zoo crossval`: many trainings, compared on validation rows."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli import render as show
from zoo.cli.completion import models
from zoo.cli.predict_train_verify import check_device

if TYPE_CHECKING:
    from zoo.training.cross_validation import Crossval, Part
    from zoo.tuning.trials import Trial

HELP = "A value, a list (32,64), or a range (1e-4..1e-1:log, 0..1:0.25)."
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
out = click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder.")
smoke = click.option("--smoke", is_flag=True, help="A moment's training for each.")
device = click.option("--device", default="cpu", show_default=True)
metric = click.option("--metric", help="The figure that counts; else the recipe's.")


@click.command("sweep")
@click.argument("name", shell_complete=models)
@click.option("--data", help="Your own, as for 'zoo finetune': search its settings.")
@click.option("--target", metavar="COLUMN", help="Of --data: the column to predict.")
@click.option("--validation", metavar="DATA", help="Of --data: rows that judge.")
@click.option("--set", "words", multiple=True, metavar="KEY=VALUES", help=HELP)
@click.option("--method", default="tpe", help="grid, random, tpe or hyperband.")
@click.option("--trials", type=int, help="How many; 20, and all points of a grid.")
@click.option("--processes", default=1, show_default=True)
@metric
@out
@click.option("--seed", default=0, help="Of the search; --set seed=... is the run's.")
@click.option("--resume", is_flag=True, help="Go on with a sweep that was stopped.")
@smoke
@device
@as_json
@click.option("--worker", is_flag=True, hidden=True)
def sweep_command(
    name: str,
    words: tuple[str, ...],
    out: Path | None,
    worker: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Search for settings of the recipe of NAME; by default into runs/NAME-sweep.

    With --data the settings are those of 'zoo finetune', and so are the words.

    The test split is not read: what is compared was measured on validation rows.
    """
    from zoo.training.settings import parse
    from zoo.tuning.report import table
    from zoo.tuning.sweep import join, sweep

    keep_freed_memory()
    if worker and out is not None:
        join(out)
        return
    check_device(how["device"])
    found = sweep(name, out, settings={**parse(words)}, told=_tell, **how)
    if as_json:
        click.echo((found.folder / "sweep.json").read_text(encoding="utf-8").rstrip())
        return
    for line in show.lined(table(found.trials)):
        click.echo(line)
    click.echo(f"{found.folder}/sweep.md\n{found.command}")


@click.command("crossval")
@click.argument("name", shell_complete=models)
@click.option("--folds", default=5, show_default=True)
@click.option("--stratified", is_flag=True, help="Each label in its proportion.")
@click.option("--set", "words", multiple=True, metavar="KEY=VALUE", help="A setting.")
@metric
@out
@smoke
@device
@as_json
def crossval_command(
    name: str, out: Path | None, words: tuple[str, ...], as_json: bool, **how: Any
) -> None:
    """Train the recipe of NAME once for each fold of its training rows.

    The test split is not read. With --out, the folder is given crossval.json.
    """
    from zoo.training.cross_validation import crossval
    from zoo.training.settings import parse

    keep_freed_memory()
    check_device(how["device"])
    found = crossval(name, out, settings={**parse(words)}, told=_tell_fold, **how)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, default=str))
        return
    for line in show.lined(_folds(found)):
        click.echo(line)


def _tell(trial: "Trial") -> None:
    settings = " ".join(f"{key}={value}" for key, value in trial.settings.items())
    value = "" if trial.value is None else f" {trial.figure} {trial.value:.4f}"
    why = f": {trial.why}" if trial.why else ""
    click.echo(f"trial {trial.position} {settings}{value} {trial.state}{why}", err=True)


def _tell_fold(part: "Part") -> None:
    numbers = " ".join(f"{name} {value:.4f}" for name, value in part.figures.items())
    click.echo(f"fold {part.fold} {numbers}", err=True)


def _folds(found: "Crossval") -> list[list[str]]:
    names = list(found.mean)
    rows = [["fold", "fitted", "held back", *names, "epochs", "seconds"]]
    for part in found.parts:
        rows.append(
            [
                *map(str, (part.fold, part.fitted, part.held_back)),
                *(f"{part.figures[name]:.4f}" for name in names),
                str(part.epochs),
                f"{part.seconds:.1f}",
            ]
        )
    for title, held in (("mean", found.mean), ("deviation", found.deviation)):
        rows.append([title, "", "", *(f"{held[n]:.4f}" for n in names), "", ""])
    return rows
