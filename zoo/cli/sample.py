"""`zoo sample`: images or texts from a generative model."""

from pathlib import Path
from typing import Any

import click

from zoo.cli.options import (
    device_option,
    generation_options,
    image_out_option,
    json_option,
    model_argument,
)
from zoo.cli.render import print_results


@click.command("sample")
@model_argument
@click.option("-n", "count", default=1, show_default=True, help="Number of samples.")
@click.option("--seed", type=int, help="Seed of the random generator.")
@click.option(
    "--truncation",
    type=float,
    help="How far styles may be from their mean: below 1 for more usual images.",
)
@device_option
@generation_options
@image_out_option
@json_option
def sample_command(
    name: str,
    count: int,
    seed: int | None,
    truncation: float | None,
    device: str,
    generation: dict[str, Any],
    out: Path | None,
    as_json: bool,
) -> None:
    """Generate samples with the model NAME; -o writes images into one file.

    --max-new-tokens, --temperature, --top-k, --top-p and --stop are for models that
    generate text, and --truncation for style-based generators of images.
    """
    from zoo.inference.sample import sample

    options = generation | ({} if truncation is None else {"truncation": truncation})
    print_results(
        sample(name, count, seed=seed, device=device, **options), out, as_json
    )
