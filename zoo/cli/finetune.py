"""`zoo finetune`: fine-tune a model on a user's own data."""

import dataclasses
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from zoo._utils.allocator import keep_freed_memory
from zoo._utils.shown import one_line
from zoo.cards.finetuned import real_figures
from zoo.cli.options import (
    device_option,
    force_option,
    invert_option,
    json_option,
    model_argument,
    out_option,
    table_options,
    target_option,
)
from zoo.cli.render import lined
from zoo.evaluation.comparison import baseline_ahead, comparison_table
from zoo.specs import ModelSpec

MOST_CLASSES = 12  # whose rows are counted one by one


class _Command(click.Command):
    """The command, whose help ends with the settings of fine-tuning."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Settings, for --set KEY=VALUE"):
            formatter.write_dl(list(described_settings()))


def described_settings() -> Iterator[tuple[str, str]]:
    """Yield each setting as `name=default`, and what its class says of it."""
    from zoo.finetuning.strategies import Settings

    text = inspect.getdoc(Settings) or ""
    said = dict(re.findall(r"^(\w+): (.+(?:\n +.+)*)", text, re.MULTILINE))
    for one in dataclasses.fields(Settings):
        default = "" if one.default is None else one.default
        yield f"{one.name}={default}", " ".join(said.get(one.name, "").split())


@click.command("finetune", cls=_Command)
@model_argument
@click.argument("data")
@out_option
@click.option(
    "--set", "words", multiple=True, metavar="KEY=VALUE", help="A setting: see below."
)
@click.option("--validation", metavar="DATA", help="Rows that choose the epoch.")
@click.option("--test", metavar="DATA", help="Rows to measure the metrics on.")
@target_option
@table_options
@click.option("--labels", metavar="A,B", help="The classes, in their order.")
@click.option("--skip-unreadable", is_flag=True, help="Skip files that can't be read.")
@invert_option
@click.option(
    "--precision",
    type=click.Choice(["auto", "no", "bf16"]),
    help="Short for --set precision=...: auto, the default, computes the features to "
    "train on in bf16 where the hardware can.",
)
@device_option
@force_option
@json_option
def finetune_command(
    name: str,
    data: str,
    out: Path | None,
    words: tuple[str, ...],
    labels: str | None,
    invert: bool,
    precision: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Fine-tune the model NAME on DATA; by default into runs/NAME-DATA,
    or runs/NAME-DATA-2 and so on where that is taken.

    DATA is a folder of class-named folders, a CSV, JSON or parquet file, a registered
    dataset or a Hub id; for a segmentation model, a folder with images and masks; for a
    detector, a folder of pictures with boxes in COCO's, Pascal VOC's or YOLO's form;
    for a time series model, a table in the order of time; for a translator, a table of
    texts and translations; for one that continues texts or fills their gaps, a folder
    of text files, or one; for one that draws pictures, a folder of them, and for one of
    pairs a folder with maps and photos. NAME may also be a checkpoint folder.
    """
    from zoo.artifacts import checkpoint_folder
    from zoo.finetuning.checkpoint import finetune
    from zoo.models.loading import find
    from zoo.training.progress import watching
    from zoo.training.settings import parse

    keep_freed_memory()
    default = Path("runs") / f"{_plain(name)}-{_plain(data)}"
    folder = out or checkpoint_folder.numbered(default)
    settings: dict[str, Any] = {**parse(words)}
    if invert:
        settings["invert"] = True
    if precision is not None:
        settings["precision"] = precision
    classes = None if labels is None else [part.strip() for part in labels.split(",")]
    options |= {"labels": classes, **settings}
    with watching(f"{name} reads {data}") as monitor:
        finetune(name, data, folder, monitor=monitor, **options)
    receipt = checkpoint_folder.read_receipt(folder)
    if as_json:
        click.echo(json.dumps({"folder": str(folder), **receipt}, indent=2))
        return
    for line in _report(folder, receipt, find(folder)):
        click.echo(line)


def _plain(name: str) -> str:
    """Return the last part of a name, a path or an id, as a part of a folder's name."""
    last = Path(name.rstrip("/")).stem or name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-.") or "model"


def _report(folder: Path, receipt: Mapping[str, Any], spec: ModelSpec) -> list[str]:
    """Return the lines of the result: rows, classes, metrics, and what to do next."""
    rows = {name.rpartition("/")[2]: d["rows"] for name, d in receipt["data"].items()}
    listing = ", ".join(f"{count:,} {part}" for part, count in rows.items())
    split = receipt["metrics"][0]["split"]
    lines = [f"rows: {listing}; measured on the {split} rows"]
    if 0 < len(counts := receipt["classes"]) <= MOST_CLASSES:
        classes = ", ".join(
            f"{one_line(label)} {count:,}" for label, count in counts.items()
        )
        lines.append(f"{spec.output.counted}: {classes}")
    if learned := receipt["measured"].get("trained_parameters"):
        lines.append(f"parameters that learned: {learned:,.0f} of {spec.parameters:,}")
    if receipt["skipped"]:
        lines.append(f"skipped, unreadable: {len(receipt['skipped'])}")
        lines += [f"  {one_line(fault)}" for fault in receipt["skipped"]]
    lines += ["", *lined(comparison_table(receipt)), ""]
    lines += _of_real(receipt)
    lines += _behind(receipt, pictured=spec.input.pictured)
    example = "'a text'" if spec.input.takes_strings else "rows.csv"
    if spec.input.pictured:
        example = "photo.jpg"
    use = f"zoo predict {folder} {example}"
    if not spec.input.from_data:
        use = f"zoo sample {folder} -n 16 -o samples.png"
    return [
        *lines,
        f"{folder} ({receipt['seconds']:.0f} s)",
        use,
        f"zoo publish {folder} --repo you/{folder.name}",
    ]


def _of_real(receipt: Mapping[str, Any]) -> list[str]:
    """Return the line of what real data reaches, where it was measured."""
    found = real_figures(receipt)
    if not found:
        return []
    listed = ", ".join(f"{name} {value:.4f}" for name, value in found.items())
    return [f"as many training pictures: {listed}; no sample need be nearer", ""]


def _behind(receipt: Mapping[str, Any], *, pictured: bool) -> list[str]:
    """Return the line about a baseline that is ahead by the first metric, if any is."""
    ahead = baseline_ahead(receipt)
    if ahead is None:
        return []
    first, (best, value) = receipt["metrics"][0], ahead
    other = "--set freeze=none or --set augment=flip-crop"
    if receipt["settings"]["freeze"] == "none":
        other = "another --set lr" + (" or --set augment=flip" if pictured else "")
    return [
        f"{best} is ahead ({first['name']} {value:.4f} against "
        f"{first['value']:.4f}): the model has not learned more from these rows. "
        f"Give it more rows, or try {other}.",
        "",
    ]
