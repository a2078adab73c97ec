"""What a prediction looks like: typed, printable, convertible, able to show itself."""

import html
import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from zoo._utils.atomic_write import write_atomic
from zoo._utils.shown import one_line
from zoo.tasks.results.detection import Box, Detection, Detections
from zoo.tasks.results.embeddings import (
    NearestTexts,
    NearestWords,
    SimilarText,
    SimilarWord,
    Vector,
)
from zoo.tasks.results.keypoints import Keypoint, Keypoints
from zoo.tasks.results.ocr import OCRResult
from zoo.tasks.results.rendering import (
    bars,
    best,
    coded,
    figure,
    image_grid,
    png,
    trend,
)
from zoo.tasks.results.result import Result
from zoo.tasks.results.segmentation import Segmentation
from zoo.tasks.results.terminal import bars as text_bars
from zoo.tasks.results.terminal import sparks
from zoo.tasks.results.text_generation import FilledText, GeneratedText, MaskFill
from zoo.tasks.results.translation import Alternative, Translation

__all__ = [
    "Alternative",
    "Anomaly",
    "Box",
    "Classification",
    "Detection",
    "Detections",
    "FilledText",
    "Forecast",
    "GeneratedImage",
    "GeneratedText",
    "Keypoint",
    "Keypoints",
    "MaskFill",
    "MultiLabel",
    "NearestTexts",
    "NearestWords",
    "OCRResult",
    "Regression",
    "Result",
    "Segmentation",
    "SimilarText",
    "SimilarWord",
    "Translation",
    "Vector",
    "image_grid",
]


@dataclass(frozen=True, kw_only=True, repr=False)
class Classification(Result):
    """One label out of several. `scores` are sorted, the best first, and sum to one."""

    label: str
    score: float
    scores: dict[str, float]
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{one_line(self.label)} ({self.score:.2%})"

    def to_dict(self) -> dict[str, Any]:
        scores = dict(self.scores)
        return {"label": self.label, "score": self.score, "scores": scores}

    def lines(self) -> list[str]:
        return [str(self), *text_bars(best(self.scores).items())]

    def _repr_html_(self) -> str:
        return figure(self.picture, bars(best(self.scores)))


@dataclass(frozen=True, kw_only=True, repr=False)
class MultiLabel(Result):
    """The labels that hold, each judged by itself; `scores` in the model's order."""

    labels: tuple[str, ...]
    scores: dict[str, float]
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return ", ".join(
            f"{one_line(name)}: {'yes' if name in self.labels else 'no'} ({score:.2%})"
            for name, score in self.scores.items()
        )

    def to_dict(self) -> dict[str, Any]:
        return {"labels": list(self.labels), "scores": dict(self.scores)}

    def lines(self) -> list[str]:
        return [str(self), *text_bars(best(self.scores).items())]

    def _repr_html_(self) -> str:
        return figure(self.picture, bars(best(self.scores)))


@dataclass(frozen=True, kw_only=True, repr=False)
class Regression(Result):
    """One number: its value, what it is, and its unit."""

    value: float
    name: str
    unit: str = ""
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.name}: {self.value:.4g} {self.unit}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        return {"value": self.value, "name": self.name, "unit": self.unit}

    def _repr_html_(self) -> str:
        name, value = html.escape(self.name), f"{self.value:.4g} {self.unit}".rstrip()
        row = f"<tr><td>{name}</td><td>{html.escape(value)}</td></tr>"
        return figure(self.picture, f"<table>{row}</table>")


@dataclass(frozen=True, kw_only=True, repr=False)
class Forecast(Result):
    """What comes next in a series, a number a step; `history` is what came before."""

    values: tuple[float, ...]
    name: str
    unit: str = ""
    history: tuple[float, ...] = field(default=(), repr=False)

    @property
    def horizon(self) -> int:
        """How many steps ahead it looks."""
        return len(self.values)

    @property
    def picture(self) -> Image.Image | None:
        """The history as a line, and what is forecast after it."""
        return trend(self.history, self.values) if self.history else None

    def __str__(self) -> str:
        values = ", ".join(f"{value:.4g}" for value in self.values)
        last = f"(after {self.history[-1]:.4g})" if self.history else ""
        return " ".join(filter(None, (f"{self.name}:", values, self.unit, last)))

    def lines(self) -> list[str]:
        seen = [sparks(self.history, self.values)] if self.history else []
        return [str(self), *seen]

    def beside(self) -> Image.Image | None:
        return None  # a thin line on white

    def to_dict(self) -> dict[str, Any]:
        values, history = list(self.values), list(self.history)
        named = {"name": self.name, "unit": self.unit, "horizon": self.horizon}
        return {"values": values, **named, "history": history}

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(self.name)}, {step} ahead</td>"
            f"<td>{value:.4g} {html.escape(self.unit)}</td></tr>"
            for step, value in enumerate(self.values, start=1)
        )
        return figure(self.picture, f"<table>{rows}</table>", what="the series")


@dataclass(frozen=True, kw_only=True, repr=False)
class Anomaly(Result):
    """How unusual an input is: its score, and whether that is above the threshold.

    `history` is the input, where it is a series of one column.
    """

    score: float
    is_anomaly: bool
    threshold: float
    name: str
    unit: str = ""
    history: tuple[float, ...] = field(default=(), repr=False)

    @property
    def picture(self) -> Image.Image | None:
        """The input as a line, where it is a series of one column."""
        return trend(self.history, ()) if self.history else None

    def __str__(self) -> str:
        verdict = "anomaly" if self.is_anomaly else "normal"
        score = f"{self.score:.4g} {self.unit}".rstrip()
        return f"{verdict} ({self.name} {score}, threshold {self.threshold:.4g})"

    def beside(self) -> Image.Image | None:
        return None  # a thin line on white

    def to_dict(self) -> dict[str, Any]:
        found = {"score": self.score, "is_anomaly": self.is_anomaly}
        named = {"threshold": self.threshold, "name": self.name, "unit": self.unit}
        return {**found, **named}

    def _repr_html_(self) -> str:
        name, unit = html.escape(self.name), html.escape(self.unit)
        verdict = "anomaly" if self.is_anomaly else "normal"
        rows = "".join(
            f"<tr><td>{what}</td><td>{value}</td></tr>"
            for what, value in (
                ("verdict", verdict),
                (name, f"{self.score:.4g} {unit}".rstrip()),
                ("threshold", f"{self.threshold:.4g} {unit}".rstrip()),
            )
        )
        return figure(self.picture, f"<table>{rows}</table>", what="the series")


@dataclass(frozen=True, kw_only=True, repr=False)
class GeneratedImage(Result):
    """A picture that a model made; `picture` is the one it was made from, if any."""

    image: Image.Image
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        kind = "grey" if self.image.mode == "L" else "colour"
        return f"a {kind} picture, {self.image.width}x{self.image.height}"

    def beside(self) -> Image.Image | None:
        return self.image

    def render(self) -> Image.Image | None:
        return self.image

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, in the format that its ending says.

        It is written whole or not at all. Raises OSError, and ValueError for an ending
        of no format.
        """
        kind = Image.registered_extensions().get(Path(path).suffix.lower())
        if kind is None:
            raise ValueError(f"{path} has no ending of a picture's format, as .png.")
        content = io.BytesIO()
        self.image.save(content, format=kind)
        write_atomic(Path(path), content.getvalue())

    def to_dict(self) -> dict[str, Any]:
        width, height = self.image.size
        return {"width": width, "height": height, "png": coded(self.image)}

    def _repr_png_(self) -> bytes:
        return png(self.image)

    def _repr_html_(self) -> str:
        return figure(self.picture, figure(self.image, "", what="what the model made"))
