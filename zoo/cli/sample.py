"""`zoo sample`, `encode`, `reconstruct`, `interpolate`, `nearest_words`: torch is
late."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo.cli import render as show
from zoo.cli.completion import models
from zoo.cli.options import writing

if TYPE_CHECKING:
    from PIL import Image

    from zoo.tasks.results.vision import Result

out = click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Picture to write."
)
example = click.option("--example", is_flag=True, help="Use the model's own example.")
invert = click.option("--invert", is_flag=True, help="Exchange dark and light.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("sample")
@click.argument("name", shell_complete=models)
@click.option("-n", "count", default=1, show_default=True, help="How many.")
@click.option("--seed", type=int, help="The same seed draws the same.")
@writing
@out
@as_json
def sample_command(
    name: str,
    count: int,
    seed: int | None,
    plan: dict[str, Any],
    out: Path | None,
    as_json: bool,
) -> None:
    """Let the model NAME draw, or write; pictures with -o into one.

    --max-new-tokens to --stop are for a model that writes.
    """
    from zoo.inference.sample import sample

    _tell(sample(name, count, seed=seed, **plan), out, as_json)


@click.command("encode")
@click.argument("name", shell_complete=models)
@click.argument("inputs", nargs=-1)
@example
@invert
def encode_command(
    name: str, inputs: tuple[str, ...], example: bool, invert: bool
) -> None:
    """Print the codes of INPUTS, which are files, as JSON: a list of numbers each."""
    from zoo.inference.latent_codes import encode

    raw = _inputs(name, inputs, example)
    codes = encode(name, raw, **_options(invert)).tolist()
    click.echo(json.dumps(codes))


@click.command("reconstruct")
@click.argument("name", shell_complete=models)
@click.argument("inputs", nargs=-1)
@example
@invert
@out
@as_json
def reconstruct_command(
    name: str,
    inputs: tuple[str, ...],
    example: bool,
    invert: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show what is left of INPUTS, which are files, in their codes."""
    from zoo.inference.latent_codes import reconstruct

    raw = _inputs(name, inputs, example)
    _tell(reconstruct(name, raw, **_options(invert)), out, as_json)


@click.command("interpolate")
@click.argument("name", shell_complete=models)
@click.argument("first")
@click.argument("last")
@click.option("--steps", default=8, show_default=True, help="The two ends included.")
@invert
@out
@as_json
def interpolate_command(
    name: str,
    first: str,
    last: str,
    steps: int,
    invert: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Show what lies between the codes of two files, FIRST and LAST."""
    from zoo.inference.latent_codes import interpolate

    found = interpolate(name, first, last, steps=steps, **_options(invert))
    _tell(found, out, as_json, columns=steps)


@click.command("nearest-words")
@click.argument("name", shell_complete=models)
@click.argument("words", nargs=-1, required=True)
@click.option("--minus", multiple=True, help="A word to take away; again for more.")
@click.option("-n", "count", default=10, show_default=True, help="How many.")
@as_json
def nearest_words_command(
    name: str, words: tuple[str, ...], minus: tuple[str, ...], count: int, as_json: bool
) -> None:
    """Print the words nearest to the sum of WORDS, by the cosine of their vectors.

    What is to a woman as a king is to a man: zoo nearest-words NAME king woman --minus
    man
    """
    from zoo.inference.nearest_words import nearest_words

    found = nearest_words(name, positive=words, negative=minus, n=count)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2))
    else:
        click.echo("\n".join(map(str, found.neighbours)))


def _options(invert: bool) -> dict[str, Any]:
    return {"invert": True} if invert else {}


def _inputs(name: str, inputs: tuple[str, ...], example: bool) -> list[str]:
    from zoo.inference.predict import example as find_example

    if not inputs and not example:
        raise click.UsageError("Give an input, or --example to try the model's own.")
    return [str(find_example(name)), *inputs] if example else list(inputs)


def _tell(
    found: "list[Result]", out: Path | None, as_json: bool, columns: int | None = None
) -> None:
    """Write results that are pictures into one file, or show them."""
    from zoo.tasks.results.vision import GeneratedImage, image_grid

    if as_json:
        click.echo(json.dumps([one.to_dict() for one in found], indent=2))
    made = [one.image for one in found if isinstance(one, GeneratedImage)]
    if out is not None:
        if not made:
            raise click.UsageError("-o writes pictures, and this model makes none.")
        _write(image_grid(made, columns=columns) if len(made) > 1 else made[0], out)
        click.echo(str(out))
    elif not as_json:
        gap = "\n\n" if any(one.many_lines for one in found) else "\n"
        click.echo(gap.join("\n".join(show.result(one)) for one in found))


def _write(picture: "Image.Image", out: Path) -> None:
    try:
        picture.save(out)
    except ValueError as exc:  # Pillow knows no such ending
        raise click.UsageError(f"{out} can't be written ({exc}).") from exc
