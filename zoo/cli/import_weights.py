"""`zoo import-weights`: foreign weights as a checkpoint folder."""

from pathlib import Path
from typing import Any

import click

from zoo._utils.shown import counted
from zoo.cli.options import path_type


@click.command("import-weights")
@click.argument("file", type=path_type)
@click.option(
    "--build", required=True, help="Build function of the model: 'package.module:name'."
)
@click.option(
    "-o", "--out", "folder", required=True, type=path_type, help="Output folder."
)
@click.option("--model", help="Model name, where several have this build function.")
@click.option("--mapping", type=path_type, help="JSON file that maps tensor names.")
@click.option(
    "--rename",
    "rules",
    multiple=True,
    metavar="PATTERN=REPLACEMENT",
    help="Rename tensors by a regular expression.",
)
@click.option("--by-order", is_flag=True, help="Match the tensors by their order.")
@click.option("--license", help="Licence of the weights, such as apache-2.0.")
@click.option("--input", "example", help="A raw input, for the stored output.")
def import_weights_command(
    file: Path,
    build: str,
    folder: Path,
    mapping: Path | None,
    rules: tuple[str, ...],
    **options: Any,
) -> None:
    """Convert the weights in FILE into a checkpoint folder that 'zoo.load' takes.

    FILE is a safetensors file or a state_dict that torch saved. Where its tensor names
    differ from the model's, give --mapping or --rename (patterns as in re.sub); without
    them the command fails with a report of the names that did not match.
    """
    from zoo.sharing import import_weights

    if mapping and rules:
        raise click.UsageError("--mapping and --rename can't be combined.")
    wrong = next((rule for rule in rules if "=" not in rule), None)
    if wrong:
        raise click.UsageError(
            f"--rename takes PATTERN=REPLACEMENT, and not {wrong!r}."
        )
    pairs = [(a, b) for a, _, b in (rule.partition("=") for rule in rules)]
    rename = import_weights.mapping(mapping) if mapping else pairs
    result = import_weights.import_weights(
        file, folder, build=build, rename=rename, **options
    )
    tensors = counted(len(result.match.matched), "tensor")
    click.echo(f"{result.folder}: {result.name}, {tensors}")
    for note in result.notes:
        click.echo(note)
    click.echo(
        f"{result.folder / 'README.md'} is a draft: complete it before you publish."
    )
