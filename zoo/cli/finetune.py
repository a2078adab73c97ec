"""`zoo finetune` and `zoo evaluate`: a model and a user's own data."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli import render as show
from zoo.cli.completion import models

MANY = 12  # classes whose rows are counted one by one
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
target = click.option("--target", metavar="COLUMN", help="The column to predict.")


@click.command("finetune")
@click.argument("name", shell_complete=models)
@click.argument("data")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder to write.")
@click.option("--set", "words", multiple=True, metavar="KEY=VALUE", help="A setting.")
@click.option("--validation", metavar="DATA", help="Rows that choose the epoch.")
@click.option("--test", metavar="DATA", help="Rows to measure on, and nothing else.")
@target
@click.option("--labels", metavar="A,B", help="The classes, in their order.")
@click.option("--skip-unreadable", is_flag=True, help="Leave out what can't be read.")
@as_json
def finetune_command(
    name: str,
    data: str,
    out: Path | None,
    words: tuple[str, ...],
    labels: str | None,
    as_json: bool,
    **how: Any,
) -> None:
    """Teach the model NAME to answer as DATA does; by default into runs/NAME-DATA.

    DATA is a folder of class-named folders, a CSV, JSONL or parquet file, a registered
    dataset or a Hub id; for a model of masks, a folder with images and masks; for one
    of series, a table in the order of time. NAME may also be a checkpoint folder.
    """
    from zoo.artifacts.checkpoint_folder import read_receipt
    from zoo.cli.progress import watching
    from zoo.finetuning.checkpoint import finetune
    from zoo.models.loading import find
    from zoo.training.settings import parse

    keep_freed_memory()
    folder = out or Path("runs") / f"{_plain(name)}-{_plain(data)}"
    settings: dict[str, Any] = {**parse(words)}
    known = None if labels is None else [part.strip() for part in labels.split(",")]
    with watching(f"{name} looks at {data}") as watcher:
        finetune(name, data, folder, labels=known, watcher=watcher, **how, **settings)
    receipt = read_receipt(folder)
    if as_json:
        click.echo(json.dumps({"folder": str(folder), **receipt}, indent=2))
        return
    for line in _told(folder, receipt, find(folder).output.counted):
        click.echo(line)


@click.command("evaluate")
@click.argument("model")
@click.argument("data")
@target
@as_json
def evaluate_command(model: str, data: str, target: str | None, as_json: bool) -> None:
    """Measure MODEL, a name or a checkpoint folder, on DATA as for `zoo finetune`.

    Of data in parts, the test rows. The labels must be the model's.
    """
    from zoo.evaluation.evaluate import evaluate
    from zoo.models.loading import load

    keep_freed_memory()
    found = evaluate(load(model), data, target=target)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for metric, value in found.items():
        click.echo(f"{metric} {value:.4f}")


def _plain(name: str) -> str:
    """Return the last part of a name, a path or an id, as a part of a folder's name."""
    last = Path(name.rstrip("/")).stem or name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-.") or "model"


def _told(folder: Path, receipt: Mapping[str, Any], counted: str) -> list[str]:
    """Return what was learned, how well, where it is, and what can be done with it.

    `counted` says what was counted of each class.
    """
    rows = {name.rpartition("/")[2]: d["rows"] for name, d in receipt["data"].items()}
    said = ", ".join(f"{count:,} {part}" for part, count in rows.items())
    split = receipt["metrics"][0]["split"]
    lines = [f"rows: {said}; measured on the {split} rows"]
    if 0 < len(counts := receipt["classes"]) <= MANY:
        lines.append(f"{counted}: " + ", ".join(map(" ".join, _words(counts))))
    if receipt["skipped"]:
        lines.append(f"left out, unreadable: {len(receipt['skipped'])}")
        lines += [f"  {fault}" for fault in receipt["skipped"]]
    lines += ["", *show.lined(_table(receipt)), ""]
    given = "photo.jpg" if receipt["classes"] else "rows.csv"
    return [
        *lines,
        f"{folder} ({receipt['seconds']:.0f} s)",
        f"zoo predict {folder} {given}",
        f"zoo publish {folder} --repo you/{folder.name}",
    ]


def _words(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(label, f"{count:,}") for label, count in counts.items()]


def _table(receipt: Mapping[str, Any]) -> Sequence[Sequence[str]]:
    """Return each metric with what simple methods reach beside it."""
    beside = receipt["baselines"]
    table = [["metric", "this model", *beside]]
    for metric in receipt["metrics"]:
        name = metric["name"]
        others = [held.get(name) for held in beside.values()]
        cells = ["-" if value is None else f"{value:.4f}" for value in others]
        table.append([name, f"{metric['value']:.4f}", *cells])
    return table
