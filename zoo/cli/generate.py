"""`zoo generate`: a text that is printed while it is written."""

from typing import Any

import click

from zoo.cli.options import device_option, generation_options, model_argument


@click.command("generate")
@model_argument
@click.argument("prompt", default="")
@click.option("--seed", type=int, help="Seed of the random generator.")
@device_option
@generation_options
def generate_command(
    name: str, prompt: str, seed: int | None, device: str, generation: dict[str, Any]
) -> None:
    """Go on with PROMPT by the model NAME, and print each piece as it is written.

    Without a PROMPT the text begins with nothing. `zoo predict` prints the same text
    when it is complete.
    """
    from zoo._utils import shown
    from zoo.inference.generate import generate

    options = generation | ({} if seed is None else {"seed": seed})
    pieces = generate(name, prompt, device=device, **options)
    click.echo(shown.lines(prompt), nl=False)
    for piece in pieces:
        click.echo(shown.lines(piece), nl=False)
    click.echo()
