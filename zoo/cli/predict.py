"""`zoo predict`: run a model on inputs."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli.options import (
    example_option,
    generation_options,
    invert_option,
    json_option,
    model_argument,
    path_type,
    precision_option,
    translation_options,
)
from zoo.cli.render import answer as answer_lines
from zoo.cli.render import write_image
from zoo.specs import Output

if TYPE_CHECKING:
    from zoo.tasks.results.result import Result

LONG = 200  # characters of an input that a message shows


@click.command("predict")
@model_argument
@click.argument("inputs", nargs=-1)
@example_option
@invert_option
@click.option("--windows", is_flag=True, help="Find several objects in an image.")
@click.option("--size", type=int, multiple=True, help="Window size, in pixels.")
@click.option("--stride", type=int, help="Distance between windows, in pixels.")
@click.option(
    "--by", type=click.Choice(["pixels", "features"]), help="What windows slide over."
)
@click.option("--threshold", type=float, help="Minimum score of a window.")
@click.option("--overlap", type=float, help="IoU above which two boxes are one object.")
@click.option("--label", "labels", multiple=True, help="Find only this label.")
@click.option("--save", type=path_type, help="Image file to draw the result in.")
@click.option("--seed", type=int, help="Seed of the random generator.")
@precision_option
@generation_options
@translation_options
@json_option
def predict_command(
    name: str,
    inputs: tuple[str, ...],
    example: bool,
    invert: bool,
    save: Path | None,
    seed: int | None,
    precision: str,
    generation: dict[str, Any],
    as_json: bool,
    **windows: Any,
) -> None:
    """Run the model NAME on INPUTS: files, rows written as JSON, or - for stdin.

    NAME may also be a checkpoint folder. A generative model needs no input.

    --windows finds several objects in an image with a classifier; --size to --label
    are its options. --save draws boxes, masks, read texts or attention.
    --max-new-tokens to --stop are for text generation, --beams for reading and
    translation, --max-tokens and --length-penalty for translation.
    """
    from zoo.inference.predict import example as find_example
    from zoo.inference.predict import predict
    from zoo.inference.sample import supports
    from zoo.models.loading import build, find, load

    texts = (str(find_example(name)), *inputs) if example else inputs
    if not texts and not supports(
        build(name), "sample"
    ):  # before weights are downloaded
        raise click.UsageError("Give an input, or --example to use the model's own.")
    options: dict[str, Any] = {"invert": True} if invert else {}
    options |= {} if seed is None else {"seed": seed}
    options |= _windows(**windows) | generation
    options |= {} if precision == "no" else {"precision": precision}
    if "windows" in options:
        keep_freed_memory()  # it does not pay for one input at a time
    if save:
        _check_save(find(name).output, options, len(texts))
    reader = _text if find(name).input.takes_strings else _raw
    raw = [reader(text) for text in texts] or [None]
    model = load(name)
    answers = [predict(model, item, **options) for item in raw]
    if save:
        _draw(answers[0], save)
    if as_json:
        plain = [_plain(answer) for answer in answers]
        click.echo(json.dumps(plain[0] if len(plain) == 1 else plain, indent=2))
        return
    for text, answer in zip(texts or ("",), answers, strict=True):
        if len(texts) > 1 or example:
            click.echo(f"{text}:")
        for line in answer_lines(answer):
            click.echo(line)


def _raw(text: str) -> Any:
    """Return a path as it is, JSON decoded, and for "-" the content of stdin."""
    if text == "-":
        content = sys.stdin.buffer.read()
        if content.lstrip()[:1] not in (b"{", b"["):
            return content
        text = content.decode(errors="replace")
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as exc:
            shown = text if len(text) < LONG else f"{text[:LONG]}..."
            raise click.UsageError(f"{shown!r} is not JSON ({exc}).") from exc
    return text


def _text(text: str) -> Any:
    """Return the path of an existing file, and otherwise the text itself."""
    if text != "-":
        return Path(text) if os.path.isfile(text) else text
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as exc:
        raise click.UsageError(f"stdin is not UTF-8 text ({exc.reason}).") from exc


def _windows(*, windows: bool, **options: Any) -> dict[str, Any]:
    """Return the option `windows` of `zoo.predict`, if it was given."""
    supplied = {
        name: value for name, value in options.items() if value not in (None, ())
    }
    if windows:
        return {"windows": supplied}
    if supplied:
        option = next(iter(supplied)).replace("labels", "label")
        raise click.UsageError(f"--{option} needs --windows.")
    return {}


def _check_save(output_spec: Output, options: dict[str, Any], inputs: int) -> None:
    if not ("windows" in options or output_spec.drawable):
        raise click.UsageError(
            "--save needs --windows, or a model for segmentation, reading or "
            "translation."
        )
    if inputs > 1:
        raise click.UsageError("--save takes one input.")


def _draw(answer: "Result", path: Path) -> None:
    picture = answer.render()
    if picture is None:
        raise click.UsageError("--save needs an image as input.")
    write_image(picture, path)


def _plain(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_plain(one) for one in answer]
    return answer.to_dict()
