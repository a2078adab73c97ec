"""`zoo interpolate`: outputs between two inputs in latent space."""

from pathlib import Path
from typing import Any

import click

from zoo.cli.options import (
    device_option,
    image_out_option,
    invert_option,
    json_option,
    model_argument,
)
from zoo.cli.render import print_results


@click.command("interpolate")
@model_argument
@click.argument("first")
@click.argument("last")
@click.option(
    "--steps", default=8, show_default=True, help="Number of images, with both ends."
)
@invert_option
@device_option
@image_out_option
@json_option
def interpolate_command(
    name: str,
    first: str,
    last: str,
    steps: int,
    invert: bool,
    device: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Interpolate between the latent codes of two files, FIRST and LAST."""
    from zoo.inference.latent_codes import interpolate

    options: dict[str, Any] = {"invert": True} if invert else {}
    results = interpolate(name, first, last, steps=steps, device=device, **options)
    print_results(results, out, as_json, columns=steps)
