"""How the commands lay out what they found, as plain lines of text."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from zoo.plugins.discovery import Plugin
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
    "result",
    "size",
]

WIDE = 48  # characters of a picture, at most


def listing(specs: list[ModelSpec]) -> Iterator[str]:
    """Yield a line for each model: name, parameters, headline metric, summary."""
    width = max((len(spec.name) for spec in specs), default=0)
    room = max(_room(), 80) if sys.stdout.isatty() else None  # all of it in a pipe
    for spec in specs:
        first = spec.metrics[0] if spec.metrics else None
        none = "not measured" if spec.weights else "untrained"
        metric = f"{first.name} {first.value:.4f}" if first else none
        line = f"{spec.name:<{width}}  {spec.parameters:>11,}  {metric:<16}"
        yield f"{line} {spec.summary}"[:room].rstrip()


def facts(spec: ModelSpec, plugin: Plugin) -> dict[str, str]:
    """Return what `zoo info` says, line by line."""
    weights = "no trained weights"
    if spec.weights:
        place = "on the Hub" if spec.weights.repo else "in the plugin"
        known = spec.weights.size
        weights = f"{size(known)}, {place}" if known else place
    metrics = "; ".join(
        f"{m.name} {m.value:.4f} on {m.dataset} {m.split}"
        + (f" ({beside})" if (beside := baseline(m)) else "")
        for m in spec.metrics
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
        "input": spec.input.description,
        **spec.output.facts,
        "licences": f"code {spec.license.code}, weights {spec.license.weights}, "
        f"data {spec.license.data}",
        "plugin": f"{plugin.distribution} {plugin.version}",
        "sources": ", ".join(spec.papers),
    }


def baseline(metric: Metric) -> str:
    """Return the baseline of a metric, if it has one, and whether it is better."""
    if metric.baseline is None:
        return ""
    ahead = ", which is ahead" if metric.behind else ""
    return f"{metric.baseline_name} {metric.baseline:.4f}{ahead}"


def answer(found: "Result | list[Result]") -> Iterator[str]:
    """Yield the lines of what `zoo.predict` gave: of one result everything, of
    several a line each."""
    if not isinstance(found, list):
        yield from result(found)
        return
    digits = len(str(len(found)))
    for number, one in enumerate(found, start=1):
        yield f"{number:>{digits}}  {one}"


def result(found: "Result") -> Iterator[str]:
    """Yield a picture, where there is one, and beside it the answer and the scores."""
    said = found.lines()
    seen = found.beside()
    if seen is None:
        yield from said
        return
    if not _coloured_here():
        seen = found.silhouette() or seen
    lines, width = picture(seen)
    if width + len(max(said, key=len)) + 3 > _room():
        yield from [line.rstrip() for line in lines] + said
        return
    above = max(0, (len(lines) - len(said)) // 2)
    beside = [""] * above + said
    for line, words in zip_longest(lines, beside, fillvalue=""):
        yield f"{line or ' ' * width}   {words}".rstrip()


def picture(image: "Image.Image") -> tuple[list[str], int]:
    """Return a picture as lines of text, two rows of pixels each, and their width."""
    colours = _coloured_here()
    across = min(WIDE, image.width if colours else 2 * image.width)
    down = max(1, round(across * image.height / image.width / 2))
    if colours:
        return _coloured(image, across, down), across
    return _shaded(image, across, down), across


def _coloured_here() -> bool:
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


def _room() -> int:
    return shutil.get_terminal_size((120, 24)).columns


def size(count: int) -> str:
    """Return a number of bytes as people say it."""
    if count < 1 << 10:
        return f"{count} bytes"
    if count < 1 << 20:
        return f"{count / (1 << 10):.1f} KiB"
    return f"{count / (1 << 20):.1f} MiB"
