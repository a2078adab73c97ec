"""How the commands lay out what they found, as plain lines of text."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from zoo.plugins import Plugin
from zoo.specs import ModelSpec

if TYPE_CHECKING:
    from PIL import Image

    from zoo.results import Result

__all__ = ["facts", "listing", "picture", "result", "size"]

BAR = 24  # characters of a probability of one


def listing(specs: list[ModelSpec]) -> Iterator[str]:
    """Yield a line for each model: name, parameters, headline metric, summary."""
    width = max((len(spec.name) for spec in specs), default=0)
    room = shutil.get_terminal_size((120, 24)).columns
    for spec in specs:
        first = spec.metrics[0] if spec.metrics else None
        metric = f"{first.name} {first.value:.4f}" if first else "untrained"
        line = f"{spec.name:<{width}}  {spec.parameters:>11,}  {metric:<16}"
        yield f"{line} {spec.summary}"[: max(room, 80)].rstrip()


def facts(spec: ModelSpec, plugin: Plugin) -> dict[str, str]:
    """Return what `zoo info` says, line by line."""
    bytes_ = size(spec.weights.size) if spec.weights else "no trained weights"
    place = "on the Hub" if spec.weights and spec.weights.repo else "in the plugin"
    metrics = "; ".join(
        f"{m.name} {m.value:.4f} on {m.dataset} {m.split}"
        + (f" ({m.baseline_name} {m.baseline:.4f})" if m.baseline is not None else "")
        for m in spec.metrics
    )
    return {
        "name": spec.name,
        "summary": spec.summary,
        "task": spec.task,
        "parameters": f"{spec.parameters:,}",
        "weights": f"{bytes_}, {place}" if spec.weights else bytes_,
        "metrics": metrics or "none measured",
        "trained on": ", ".join(spec.trained_on),
        "labels": ", ".join(spec.labels),
        "licences": f"code {spec.license.code}, weights {spec.license.weights}, "
        f"data {spec.license.data}",
        "plugin": f"{plugin.distribution} {plugin.version}",
        "sources": ", ".join(spec.papers),
    }


def result(found: "Result") -> Iterator[str]:
    """Yield the lines of one prediction: the answer, then the scores as bars."""
    seen = getattr(found, "picture", None)
    if seen is not None:
        yield from picture(seen)
    yield str(found)
    for label, score in list(found.scores.items())[:5]:
        yield f"  {label:<16} {score:>7.2%} {'█' * round(BAR * score)}"


def picture(image: "Image.Image", *, width: int = 56) -> Iterator[str]:
    """Yield a picture as lines of text, two rows of pixels to a line."""
    shades = " ░▒▓█"
    across = min(width, 2 * image.width)
    down = max(1, round(across * image.height / image.width / 2))
    small = image.convert("L").resize((across, down))
    values = list(small.tobytes())
    for start in range(0, across * down, across):
        row = values[start : start + across]
        yield "".join(shades[value * len(shades) // 256] for value in row).rstrip()


def size(count: int) -> str:
    """Return a number of bytes as people say it."""
    if count < 1 << 20:
        return f"{count / (1 << 10):.1f} KiB"
    return f"{count / (1 << 20):.1f} MiB"
