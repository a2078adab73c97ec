"""The output of commands as lines of text, JSON or an image file."""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo._utils import shown
from zoo._utils.atomic_write import atomic_file
from zoo.artifacts.changelog import model_changes
from zoo.artifacts.weight_store import package_folder
from zoo.plugins.discovery import Plugin, installed
from zoo.specs import Metric, ModelSpec

if TYPE_CHECKING:
    from PIL import Image

    from zoo.tasks.results.result import Result

__all__ = [
    "answer",
    "baseline",
    "facts",
    "lined",
    "listing",
    "picture",
    "print_results",
    "print_specs",
    "result",
    "size",
    "spec_as_dict",
    "write_image",
]

WIDE = 48  # characters of a picture, at most


def print_specs(specs: list[ModelSpec], as_json: bool) -> None:
    """Print a line for each model, or all specs as JSON."""
    if as_json:
        click.echo(json.dumps([spec_as_dict(spec) for spec in specs], indent=2))
        return
    if not specs:
        click.echo("No matching models.", err=True)
    for line in listing(specs):
        click.echo(line)


def spec_as_dict(spec: ModelSpec) -> dict[str, Any]:
    """Return a spec and the distribution that provides it, as JSON holds them."""
    plain = asdict(spec) | {
        "provided_by": installed().packages()[spec.package].distribution
    }
    plain |= {"input": spec.input.to_plain(), "output": spec.output.to_plain()}
    return plain


def print_results(
    results: "list[Result]",
    out: Path | None,
    as_json: bool,
    columns: int | None = None,
) -> None:
    """Print results; with `out`, write those that are images into one file."""
    from zoo.tasks.results.vision import GeneratedImage, image_grid

    if as_json:
        click.echo(json.dumps([one.to_dict() for one in results], indent=2))
    images = [one.image for one in results if isinstance(one, GeneratedImage)]
    if out is not None:
        if not images:
            raise click.UsageError("-o writes images, and this model makes none.")
        grid = image_grid(images, columns=columns) if len(images) > 1 else images[0]
        write_image(grid, out)
        click.echo(str(out))
    elif not as_json:
        gap = "\n\n" if any(one.many_lines for one in results) else "\n"
        click.echo(gap.join("\n".join(result(one)) for one in results))


def write_image(image: "Image.Image", out: Path) -> None:
    """Write an image into a file of the format that its name ends with."""
    from PIL import Image

    kind = Image.registered_extensions().get(out.suffix.lower())
    if kind not in Image.SAVE:
        problem = f"{out.name!r} has no image file extension, such as .png."
        raise click.UsageError(problem)
    with atomic_file(out) as file:
        image.save(file, format=kind)


def listing(specs: list[ModelSpec]) -> Iterator[str]:
    """Yield a line for each model: name, parameters, headline metric, summary."""
    width = max((len(spec.name) for spec in specs), default=0)
    room = (
        max(_terminal_width(), 80) if sys.stdout.isatty() else None
    )  # all of it in a pipe
    for spec in specs:
        first = spec.metrics[0] if spec.metrics else None
        none = "not measured" if spec.weights else "untrained"
        metric = f"{first.name} {first.value:.4f}" if first else none
        line = f"{spec.name:<{width}}  {spec.parameters:>11,}  {metric:<16}"
        yield f"{line} {spec.summary}"[:room].rstrip()


def facts(
    spec: ModelSpec,
    plugin: Plugin,
    local: str = "in the plugin",
    measured: Sequence[Metric] = (),
) -> dict[str, str]:
    """Return the lines of `zoo info` by their names; `local` says where weights are
    that are on this machine."""
    weights = "no trained weights"
    if spec.weights:
        place = "on the Hub" if spec.weights.repo else local
        num_bytes = spec.weights.size
        weights = f"{size(num_bytes)}, {place}" if num_bytes else place
    metrics = "; ".join(
        f"{m.name} {m.value:.4f} on {m.dataset} {m.split}"
        + (f" ({beside})" if (beside := baseline(m)) else "")
        for m in measured
    )
    changes = "; ".join(
        f"{version}: {text}" for version, text in model_changes(spec.package, spec.name)
    )
    return {
        "name": spec.name,
        "summary": spec.summary,
        "task": spec.task,
        "parameters": f"{spec.parameters:,}",
        "weights": weights,
        "metrics": metrics or "none measured",
        "costs": str(spec.costs or "not measured"),
        "trained on": ", ".join(spec.trained_on),
        **({"chapters": ", ".join(spec.chapters)} if spec.chapters else {}),
        "architecture": _architecture(spec),
        "recipe": spec.recipe or "none",
        "input": spec.input.description,
        **spec.output.facts,
        "licences": f"code {spec.license.code}, weights {spec.license.weights}, "
        f"data {spec.license.data}",
        "plugin": f"{plugin.distribution} {plugin.version}",
        **({"changes": changes} if changes else {}),
        "sources": ", ".join(spec.papers),
    }


def _architecture(spec: ModelSpec) -> str:
    """Return the file and the function that build a model, without importing them."""
    module, _, function = spec.build.partition(":")
    package, *names = module.split(".")
    place = package_folder(package).joinpath(*names)
    files = [place.with_name(f"{place.name}.py"), place / "__init__.py"]
    file = next((str(one) for one in files if one.is_file()), module)
    return f"{file}, {function}()"


def baseline(metric: Metric) -> str:
    """Return the baseline of a metric, if it has one, and whether it is better."""
    if metric.baseline is None:
        return ""
    ahead = ", which is ahead" if metric.behind else ""
    return f"{metric.baseline_name} {metric.baseline:.4f}{ahead}"


def answer(results: "Result | list[Result]") -> Iterator[str]:
    """Yield one result of `zoo.predict` in full, or a line for each of several."""
    if not isinstance(results, list):
        yield from result(results)
        return
    digits = len(str(len(results)))
    for number, one in enumerate(results, start=1):
        yield f"{number:>{digits}}  {shown.lines(one)}"


def result(one: "Result") -> Iterator[str]:
    """Yield the image of a result, if it has one, with the answer and scores beside."""
    text = [shown.lines(line) for line in one.lines()]
    image = one.beside()
    if image is None:
        yield from text
        return
    if not _truecolor():
        image = one.silhouette() or image
    lines, width = picture(image)
    if width + len(max(text, key=len)) + 3 > _terminal_width():
        yield from [line.rstrip() for line in lines] + text
        return
    above = max(0, (len(lines) - len(text)) // 2)
    beside = [""] * above + text
    for line, words in zip_longest(lines, beside, fillvalue=""):
        yield f"{line or ' ' * width}   {words}".rstrip()


def picture(image: "Image.Image") -> tuple[list[str], int]:
    """Return a picture as lines of text, two rows of pixels each, and their width."""
    in_color = _truecolor()
    across = min(WIDE, image.width if in_color else 2 * image.width)
    down = max(1, round(across * image.height / image.width / 2))
    if in_color:
        return _coloured(image, across, down), across
    return _shaded(image, across, down), across


def _truecolor() -> bool:
    """Return whether the terminal shows any colour."""
    from rich.console import Console

    return Console().color_system == "truecolor"


def _shaded(image: "Image.Image", across: int, down: int) -> list[str]:
    """Return light pixels as dense characters, without the empty lines around."""
    shades = " ░▒▓█"
    values = image.convert("L").resize((across, down)).tobytes()
    lines = [
        "".join(shades[v * len(shades) // 256] for v in values[start : start + across])
        for start in range(0, across * down, across)
    ]
    drawn = [number for number, line in enumerate(lines) if line.strip()]
    return lines[drawn[0] : drawn[-1] + 1] if drawn else []


def _coloured(image: "Image.Image", across: int, down: int) -> list[str]:
    """Return half blocks, the upper pixel before the lower one."""
    small = image.convert("RGB").resize((across, 2 * down)).tobytes()
    pixels = [small[start : start + 3] for start in range(0, len(small), 3)]
    lines = []
    for start in range(0, 2 * across * down, 2 * across):
        upper = pixels[start : start + across]
        lower = pixels[start + across : start + 2 * across]
        cells = (
            f"\x1b[38;2;{';'.join(map(str, one))};48;2;{';'.join(map(str, other))}m▀"
            for one, other in zip(upper, lower, strict=True)
        )
        lines.append("".join(cells) + "\x1b[0m")
    return lines


def lined(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table as lines of text in columns."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = (f"{word:>{width}}" for word, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _terminal_width() -> int:
    return shutil.get_terminal_size((120, 24)).columns


def size(count: int) -> str:
    """Return a number of bytes in bytes, KiB or MiB."""
    if count < 1 << 10:
        return f"{count} bytes"
    if count < 1 << 20:
        return f"{count / (1 << 10):.1f} KiB"
    return f"{count / (1 << 20):.1f} MiB"
