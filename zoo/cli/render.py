"""How the commands lay out what they found, as plain lines of text."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from zoo.plugins.discovery import Plugin
from zoo.specs import (
    ClassOutput,
    ForecastOutput,
    ImageInput,
    ImageOutput,
    Input,
    MaskedTokenOutput,
    MaskOutput,
    Metric,
    ModelSpec,
    NoiseInput,
    OCROutput,
    Output,
    SeriesInput,
    TextInput,
    TextOutput,
    TranslationOutput,
    VectorOutput,
)

if TYPE_CHECKING:
    from PIL import Image

    from zoo.tasks.results.vision import Answer, Forecast

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

BAR = 24  # characters of a probability of one
WIDE = 48  # characters of a picture, at most
SPARKS = "▁▂▃▄▅▆▇█"
MANY = 12  # labels that `zoo info` names


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
        "input": _taken(spec.input),
        **_given(spec.output),
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


def _taken(input_spec: Input) -> str:
    if isinstance(input_spec, ImageInput):
        kind = "grey" if input_spec.channels == 1 else "colour"
        ground = (
            f" on a {input_spec.background} ground" if input_spec.background else ""
        )
        return f"a {kind} picture{ground}, brought to {input_spec.width}x{input_spec.height}"
    if isinstance(input_spec, NoiseInput):
        return f"noise, {input_spec.latent_dim} numbers"
    if isinstance(input_spec, TextInput):
        language = f" in {input_spec.language!r}" if input_spec.language else ""
        return f"a text{language}, {input_spec.max_length:,} tokens of it at most"
    columns = "; ".join(
        f"{column.name} {column.low:g} to {column.high:g} {column.unit}".rstrip()
        for column in input_spec.columns
    )
    if isinstance(input_spec, SeriesInput):
        return f"the last {input_spec.length} rows of {columns}"
    return columns


def _given(output_spec: Output) -> dict[str, str]:
    if isinstance(output_spec, ClassOutput | MaskOutput):
        return {"labels": _some(output_spec.labels)}
    if isinstance(output_spec, ImageOutput):
        kind = "grey" if output_spec.channels == 1 else "colour"
        return {"output": f"a {kind} picture, {output_spec.width}x{output_spec.height}"}
    if isinstance(output_spec, TextOutput):
        return {"output": "how a text goes on"}
    if isinstance(output_spec, MaskedTokenOutput):
        return {"output": "what fills the gaps of a text"}
    if isinstance(output_spec, OCROutput):
        return {"output": f"a text of the characters {''.join(output_spec.labels)}"}
    if isinstance(output_spec, TranslationOutput):
        language = f" in {output_spec.language!r}" if output_spec.language else ""
        return {"output": f"a translation{language}"}
    if isinstance(output_spec, VectorOutput):
        return {"output": f"a vector of {output_spec.dim:,} numbers"}
    said = f"{output_spec.name} {output_spec.unit}".rstrip()
    if isinstance(output_spec, ForecastOutput):
        said += f", {output_spec.horizon} ahead"
    return {"output": said}


def _some(labels: tuple[str, ...]) -> str:
    shown = ", ".join(labels[:MANY])
    return f"{shown}, ... ({len(labels):,})" if len(labels) > MANY else shown


def answer(found: "Answer | list[Answer]") -> Iterator[str]:
    """Yield the lines of what `zoo.predict` gave: of one result everything, of
    several a line each."""
    if not isinstance(found, list):
        yield from result(found)
        return
    digits = len(str(len(found)))
    for number, one in enumerate(found, start=1):
        yield f"{number:>{digits}}  {one}"


def result(found: "Answer") -> Iterator[str]:
    """Yield a picture, where there is one, and beside it the answer and the scores."""
    from zoo.tasks.results.vision import Detections, Forecast, Segmentation

    said = _said(found)
    if isinstance(found, Forecast):  # whose picture is a thin line on white
        yield from [*said, _sparks(found)] if found.history else said
        return
    looked_at = getattr(found, "picture", None)  # a text has none
    seen = getattr(found, "image", looked_at)  # what was made, or was looked at
    if isinstance(found, Detections):
        seen = found.render()
    if isinstance(found, Segmentation):  # in greys a silhouette says more
        seen = found.render() if _coloured_here() else found.silhouette()
    if seen is None:
        yield from said
        return
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


def _said(found: "Answer") -> list[str]:
    from zoo.tasks.results.vision import (
        Detections,
        FilledText,
        Forecast,
        GeneratedImage,
        GeneratedText,
        OCRResult,
        Regression,
        Segmentation,
        Translation,
        Vector,
        best,
    )

    if isinstance(found, GeneratedText):
        return str(found).split("\n")
    if isinstance(found, FilledText):
        return [", ".join(map(str, fillings)) for fillings in found.masks]
    if isinstance(found, Translation):
        return [found.text, *(f"  {one}" for one in found.alternatives)]
    if isinstance(found, GeneratedImage | Forecast | Regression | Vector):
        return [str(found)]
    if isinstance(found, OCRResult):
        others = [f"  or {other}" for other in found.alternatives]
        return [str(found), *_bars(found.characters), *others]
    if isinstance(found, Detections):
        things = [str(one) for one in found.objects] or [str(found)]
        return [*things, f"  {found.windows} windows of {found.by}"]
    # Of a mask it counts how large the parts are, not how sure they are.
    scores = best(found.shares if isinstance(found, Segmentation) else found.scores)
    return [str(found), *_bars([*scores.items()])]


def _bars(scores: Sequence[tuple[str, float]]) -> list[str]:
    width = max((len(str(label)) for label, _ in scores), default=0)
    return [
        f"  {label:<{width}} {score:>7.2%} {'█' * round(BAR * score)}".rstrip()
        for label, score in scores
    ]


def _sparks(found: "Forecast") -> str:
    """Return a series as one line of bars, and what is forecast behind a stroke."""
    past = found.history[-WIDE:]
    low, high = min(*past, *found.values), max(*past, *found.values)
    step = (high - low) / (len(SPARKS) - 1) or 1
    bars = [SPARKS[round((value - low) / step)] for value in (*past, *found.values)]
    return f"  {''.join(bars[: len(past)])}|{''.join(bars[len(past) :])}"


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
