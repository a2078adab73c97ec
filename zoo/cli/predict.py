"""`zoo predict`: run a model on inputs."""

import glob
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli.answer_rows import write_answers
from zoo.cli.options import (
    backend_option,
    device_option,
    example_option,
    generation_options,
    invert_option,
    json_option,
    model_argument,
    path_type,
    precision_option,
    table_options,
    translation_options,
)
from zoo.cli.render import answer as answer_lines
from zoo.cli.render import write_image
from zoo.errors import InputError
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
@click.option("--threshold", type=float, help="Minimum score of an object.")
@click.option("--overlap", type=float, help="IoU above which two boxes are one object.")
@click.option("--label", "labels", multiple=True, help="Find only this label.")
@click.option("--save", type=path_type, help="Image file to draw the result in.")
@click.option("--seed", type=int, help="Seed of the random generator.")
@click.option("-o", "--out", type=path_type, help="Write rows: .parquet, .csv, .jsonl.")
@click.option("--top", type=click.IntRange(1), help="Number of labels of a row.")
@click.option("--strict", is_flag=True, help="Stop at the first input that fails.")
@click.option(
    "--batch-size", type=click.IntRange(1), help="Inputs at once; default 64."
)
@click.option(
    "--workers",
    type=click.IntRange(0),
    help="Processes that open inputs; by default one a processor, with -o.",
)
@device_option
@precision_option
@backend_option
@table_options
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
    out: Path | None,
    top: int | None,
    strict: bool,
    batch_size: int | None,
    workers: int | None,
    device: str,
    precision: str,
    backend: str,
    column: str | None,
    encoding: str | None,
    allow_outside: bool,
    generation: dict[str, Any],
    as_json: bool,
    **windows: Any,
) -> None:
    """Run the model NAME on INPUTS: files, rows written as JSON, or - for stdin.

    A CSV, TSV, JSON or parquet file is a list of inputs, one a row; a folder, a
    pattern such as 'photos/*.jpg', or a tar holds many.

    -o writes a row for each input, with its error where it has no answer; --strict
    stops there. If it is interrupted, the same command goes on where it was. --top adds
    the columns label_2, score_2 and so on.

    NAME may also be a checkpoint folder. A generative model needs no input.

    --windows finds several objects in an image with a classifier; --size to --label
    are its options. A detector takes --threshold and --overlap. --save draws boxes,
    masks, read texts or attention, or writes the picture that was made.
    --max-new-tokens to --stop are for text generation, --beams for reading and
    translation, --max-tokens and --length-penalty for translation.
    """
    from zoo.inference.predict import example as find_example
    from zoo.inference.predict import predict
    from zoo.inference.sample import supports
    from zoo.models.loading import build, find, load
    from zoo.models.metadata import model_metadata
    from zoo.tasks import task_of

    texts = (str(find_example(name)), *inputs) if example else inputs
    if not texts and not supports(
        build(name), "sample"
    ):  # before weights are downloaded
        raise click.UsageError("Give an input, or --example to use the model's own.")
    options: dict[str, Any] = {"invert": True} if invert else {}
    options |= {} if seed is None else {"seed": seed}
    options |= _windows(task_of(find(name)).options, **windows) | generation
    options |= {} if precision == "no" else {"precision": precision}
    options |= {} if backend == "torch" else {"backend": backend}
    options |= {} if device == "cpu" else {"device": device}
    options |= {} if batch_size is None else {"batch_size": batch_size}
    read: dict[str, Any] = {} if column is None else {"column": column}
    read |= {} if encoding is None else {"encoding": encoding}
    read |= {"allow_outside": True} if allow_outside else {}
    if "windows" in options:
        keep_freed_memory()  # it does not pay for one input at a time
    if save:
        _check_save(find(name).output, options, len(texts))
    reader = _text if find(name).input.takes_strings else _raw
    raw = [reader(text, encoding) for text in texts] or [None]
    if out is not None:
        if not texts or save or as_json:
            raise click.UsageError("-o is for inputs, and not with --save or --json.")
        keep_freed_memory()
        write_answers(
            name,
            raw,
            out,
            read=read,
            options=options,
            top=top,
            strict=strict,
            workers=workers,
        )
        return
    if (top is not None and not as_json) or strict or workers is not None:
        raise click.UsageError("--top, --strict and --workers are for -o.")
    model = load(name, device=options.get("device"))
    try:
        answers = [predict(model, item, **options, **read) for item in raw]
    except InputError as exc:  # which lists objects of Python that would do
        described = model_metadata(model).spec.input.description
        raise InputError(exc.problem, described) from exc
    if save:
        if isinstance(answers[0], list):
            raise click.UsageError("--save takes one input, and this is a table.")
        _draw(answers[0], save)
    if as_json:
        plain = [_plain(answer, top) for answer in answers]
        click.echo(json.dumps(plain[0] if len(plain) == 1 else plain, indent=2))
        return
    for text, answer in zip(texts or ("",), answers, strict=True):
        if len(texts) > 1 or example:
            click.echo(f"{text}:")
        for line in answer_lines(answer):
            click.echo(line)


def _raw(text: str, encoding: str | None) -> Any:
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


def _text(text: str, encoding: str | None) -> Any:
    """Return the path of a file, and otherwise the text itself."""
    from zoo.runtime.text import FILES

    if text != "-":
        if text.lower().endswith(FILES) and len(text.split()) == 1:
            return Path(text)  # which is said to be no file, if it is none
        # A text may look like a pattern: "What?" is one that matches no file.
        place = os.path.exists(text) or ("*" in text and glob.glob(text))
        return Path(text) if len(text) < LONG and place else text
    try:
        return sys.stdin.buffer.read().decode(encoding or "utf-8")
    except UnicodeDecodeError as exc:
        name = encoding or "UTF-8"
        raise click.UsageError(f"stdin is not {name} text ({exc.reason}).") from exc
    except LookupError as exc:
        raise click.UsageError(f"There is no encoding {encoding!r}.") from exc


def _windows(
    known: tuple[str, ...], *, windows: bool, **options: Any
) -> dict[str, Any]:
    """Return the option `windows` of `zoo.predict`, if it was given, or those of its
    options that the task has as well."""
    supplied = {
        name: value for name, value in options.items() if value not in (None, ())
    }
    if windows:
        return {"windows": supplied}
    other = next((name for name in supplied if name not in known), None)
    if other is not None:
        option = other.replace("labels", "label")
        raise click.UsageError(f"--{option} needs --windows.")
    return supplied


def _check_save(output_spec: Output, options: dict[str, Any], inputs: int) -> None:
    if not ("windows" in options or output_spec.drawable):
        raise click.UsageError(
            "--save needs --windows, or a model for segmentation, detection, reading, "
            "translation or super-resolution."
        )
    if inputs > 1:
        raise click.UsageError("--save takes one input.")


def _draw(answer: "Result", path: Path) -> None:
    picture = answer.render()
    if picture is None:
        raise click.UsageError("--save needs an image as input.")
    write_image(picture, path)


def _plain(answer: Any, top: int | None) -> Any:
    if isinstance(answer, list):
        return [_plain(one, top) for one in answer]
    plain = answer.to_dict()
    if top is not None and "label" in plain and "scores" in plain:
        plain["scores"] = dict(list(plain["scores"].items())[:top])
    return plain
