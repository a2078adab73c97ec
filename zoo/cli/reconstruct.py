"""`zoo reconstruct`: inputs, encoded and decoded again."""

from pathlib import Path

import click

from zoo.cli.options import (
    example_option,
    image_out_option,
    inputs_or_example,
    invert_option,
    json_option,
    model_argument,
)
from zoo.cli.render import print_results


@click.command("reconstruct")
@model_argument
@click.argument("inputs", nargs=-1)
@example_option
@invert_option
@image_out_option
@json_option
def reconstruct_command(
    name: str,
    inputs: tuple[str, ...],
    example: bool,
    invert: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Reconstruct the files INPUTS from their latent codes."""
    from zoo.inference.latent_codes import reconstruct

    raw = inputs_or_example(name, inputs, example)
    options = {"invert": True} if invert else {}
    print_results(reconstruct(name, raw, **options), out, as_json)
