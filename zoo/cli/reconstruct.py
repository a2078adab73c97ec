"""`zoo reconstruct`: inputs, encoded and decoded again."""

from pathlib import Path
from typing import Any

import click

from zoo.cli.options import (
    device_option,
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
@device_option
@image_out_option
@json_option
def reconstruct_command(
    name: str,
    inputs: tuple[str, ...],
    example: bool,
    invert: bool,
    device: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Reconstruct the files INPUTS from their latent codes."""
    from zoo.inference.latent_codes import reconstruct

    raw = inputs_or_example(name, inputs, example)
    options: dict[str, Any] = {"invert": True} if invert else {}
    print_results(reconstruct(name, raw, device=device, **options), out, as_json)
