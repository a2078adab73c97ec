"""`zoo encode`: the latent codes of inputs."""

import json
from typing import Any

import click

from zoo.cli.options import (
    device_option,
    example_option,
    inputs_or_example,
    invert_option,
    model_argument,
)


@click.command("encode")
@model_argument
@click.argument("inputs", nargs=-1)
@example_option
@invert_option
@device_option
def encode_command(
    name: str, inputs: tuple[str, ...], example: bool, invert: bool, device: str
) -> None:
    """Print the latent codes of the files INPUTS as JSON: a list of numbers each."""
    from zoo.inference.latent_codes import encode

    raw = inputs_or_example(name, inputs, example)
    options: dict[str, Any] = {"invert": True} if invert else {}
    click.echo(json.dumps(encode(name, raw, device=device, **options).tolist()))
