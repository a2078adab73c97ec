"""What a prediction looks like: typed, printable, convertible, able to show itself."""

import base64
import html
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

__all__ = [
    "Classification",
    "Drawing",
    "MultiLabel",
    "Regression",
    "Result",
    "best",
    "figure",
    "sheet",
]

SHOWN = 5  # labels in a table; `scores` holds them all
GAP = 2  # pixels between the pictures of a sheet
GREY = 96  # of the ground they lie on


@dataclass(frozen=True, kw_only=True)
class Classification:
    """One label out of several. `scores` are sorted, the best first, and sum to one."""

    label: str
    score: float
    scores: dict[str, float]
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.label} ({self.score:.2%})"

    def to_dict(self) -> dict[str, Any]:
        scores = dict(self.scores)
        return {"label": self.label, "score": self.score, "scores": scores}

    def _repr_html_(self) -> str:
        return figure(self.picture, _bars(best(self.scores)))


@dataclass(frozen=True, kw_only=True)
class MultiLabel:
    """The labels that hold, each judged by itself; `scores` in the model's order."""

    labels: tuple[str, ...]
    scores: dict[str, float]
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return ", ".join(
            f"{name}: {'yes' if name in self.labels else 'no'} ({score:.2%})"
            for name, score in self.scores.items()
        )

    def to_dict(self) -> dict[str, Any]:
        return {"labels": list(self.labels), "scores": dict(self.scores)}

    def _repr_html_(self) -> str:
        return figure(self.picture, _bars(best(self.scores)))


@dataclass(frozen=True, kw_only=True)
class Regression:
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
        name, said = html.escape(self.name), f"{self.value:.4g} {self.unit}".rstrip()
        row = f"<tr><td>{name}</td><td>{html.escape(said)}</td></tr>"
        return figure(self.picture, f"<table>{row}</table>")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A picture that a model made; `picture` is the one it was made from, if any."""

    image: Image.Image
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        kind = "grey" if self.image.mode == "L" else "colour"
        return f"a {kind} picture, {self.image.width}x{self.image.height}"

    def to_dict(self) -> dict[str, Any]:
        width, height = self.image.size
        return {"width": width, "height": height, "png": _coded(self.image)}

    def _repr_png_(self) -> bytes:
        return _png(self.image)

    def _repr_html_(self) -> str:
        return figure(self.picture, figure(self.image, "", "what the model made"))


Result = Classification | Drawing | MultiLabel | Regression


def best(scores: dict[str, float]) -> dict[str, float]:
    """Return the few highest scores, the highest first."""
    return dict(sorted(scores.items(), key=lambda pair: -pair[1])[:SHOWN])


def sheet(
    pictures: Sequence[Image.Image], *, columns: int | None = None
) -> Image.Image:
    """Return pictures of one size as one, row by row; as a square by default."""
    columns = columns or math.ceil(math.sqrt(len(pictures)))
    width, height = (side + GAP for side in pictures[0].size)
    size = (columns * width + GAP, math.ceil(len(pictures) / columns) * height + GAP)
    ground = GREY if pictures[0].mode == "L" else (GREY, GREY, GREY)
    paper = Image.new(pictures[0].mode, size, ground)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        paper.paste(picture, (GAP + column * width, GAP + row * height))
    return paper


def figure(picture: Image.Image | None, beside: str, what: str = "the input") -> str:
    """Return HTML with a picture to the left of something."""
    if picture is None:
        return beside
    image = (
        f'<img src="data:image/png;base64,{_coded(picture)}" alt="{what}" '
        'style="height:112px;image-rendering:pixelated;margin-right:1em">'
    )
    return f'<div style="display:flex;align-items:center">{image}{beside}</div>'


def _coded(picture: Image.Image) -> str:
    return base64.b64encode(_png(picture)).decode()


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()


def _bars(scores: dict[str, float]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(str(name))}</td><td>{score:.2%}</td><td>"
        f'<div style="background:#4477aa;height:.8em;width:{120 * score:.0f}px"></div>'
        "</td></tr>"
        for name, score in scores.items()
    )
    return f"<table>{rows}</table>"
