"""`zoo nearest-texts`: texts by the distance of their vectors."""

import json
from pathlib import Path
from typing import Any

import click

from zoo.cli.options import device_option, json_option, model_argument, table_options


@click.command("nearest-texts")
@model_argument
@click.argument("text")
@click.argument("texts", type=click.Path(path_type=Path))
@click.option("-n", "count", default=5, show_default=True, help="Number of texts.")
@table_options
@device_option
@json_option
def nearest_texts_command(
    name: str,
    text: str,
    texts: Path,
    count: int,
    device: str,
    as_json: bool,
    **read: Any,
) -> None:
    """Print which of TEXTS are nearest to TEXT, by cosine similarity.

    TEXTS is a folder of text files, or a table with a text in each row.
    """
    from zoo.errors import InputError
    from zoo.inference.nearest_texts import check_reads_texts, nearest_texts
    from zoo.inference.sources import ReadInputs, source_of
    from zoo.models.loading import find

    spec = find(name)
    check_reads_texts(spec)
    held = source_of(texts, spec.input, ReadInputs(**read))
    names, items = [], []
    for place, item in held:
        if isinstance(item, InputError):
            raise item
        names.append(place)
        items.append(item)
    if not items:
        raise InputError(f"{texts} holds no texts.", spec.input.description)
    result = nearest_texts(name, text, items, n=count, device=device)
    if as_json:
        plain = result.to_dict()
        for one in plain["most_similar"]:
            one["name"] = names[one["index"]]
        click.echo(json.dumps(plain, indent=2))
        return
    for one in result.most_similar:
        of_file = isinstance(items[one.index], Path)  # whose name says enough
        shown = names[one.index] + ("" if of_file else f": {one.excerpt}")
        click.echo(f"{shown} ({one.score:.3f})")
    if not result.most_similar:
        click.echo(str(result))
