"""What a prediction looks like: typed, printable, convertible, able to show itself."""

import html
from dataclasses import asdict, dataclass, field
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from zoo.tasks.results.embeddings import Neighbour, Neighbours, Vector
from zoo.tasks.results.ocr import OCRResult
from zoo.tasks.results.rendering import (
    COLOURS,
    bars,
    coded,
    figure,
    image_grid,
    png,
    trend,
)
from zoo.tasks.results.segmentation import Segmentation
from zoo.tasks.results.text_generation import FilledText, GeneratedText, MaskFill
from zoo.tasks.results.translation import Alternative, Translation

__all__ = [
    "Alternative",
    "Answer",
    "Box",
    "Classification",
    "Detection",
    "Detections",
    "FilledText",
    "Forecast",
    "GeneratedImage",
    "GeneratedText",
    "MaskFill",
    "MultiLabel",
    "Neighbour",
    "Neighbours",
    "OCRResult",
    "Regression",
    "Result",
    "Segmentation",
    "Translation",
    "Vector",
    "best",
    "image_grid",
]

SHOWN = 5  # labels in a table; `scores` holds them all
LEGIBLE = 200  # pixels: a narrower picture has no room for names in its frames


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
        return figure(self.picture, bars(best(self.scores)))


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
        return figure(self.picture, bars(best(self.scores)))


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
class Forecast:
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
        said = ", ".join(f"{value:.4g}" for value in self.values)
        last = f"(after {self.history[-1]:.4g})" if self.history else ""
        return " ".join(filter(None, (f"{self.name}:", said, self.unit, last)))

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


@dataclass(frozen=True, kw_only=True)
class GeneratedImage:
    """A picture that a model made; `picture` is the one it was made from, if any."""

    image: Image.Image
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        kind = "grey" if self.image.mode == "L" else "colour"
        return f"a {kind} picture, {self.image.width}x{self.image.height}"

    def to_dict(self) -> dict[str, Any]:
        width, height = self.image.size
        return {"width": width, "height": height, "png": coded(self.image)}

    def _repr_png_(self) -> bytes:
        return png(self.image)

    def _repr_html_(self) -> str:
        return figure(self.picture, figure(self.image, "", what="what the model made"))


@dataclass(frozen=True, kw_only=True)
class Box:
    """Part of a picture, in its pixels from the upper left; the ends are outside."""

    xmin: int
    ymin: int
    xmax: int
    ymax: int

    @property
    def area(self) -> int:
        """How many pixels lie inside."""
        return max(0, self.xmax - self.xmin) * max(0, self.ymax - self.ymin)

    def overlap(self, other: "Box") -> float:
        """Return the share of both that is in both: 1 for the same box, 0 apart."""
        shared = Box(
            xmin=max(self.xmin, other.xmin),
            ymin=max(self.ymin, other.ymin),
            xmax=min(self.xmax, other.xmax),
            ymax=min(self.ymax, other.ymax),
        ).area
        return shared / max(1, self.area + other.area - shared)


@dataclass(frozen=True, kw_only=True)
class Detection:
    """One thing found: what it is, how sure that is, and where."""

    label: str
    score: float
    box: Box

    def __str__(self) -> str:
        box = self.box
        place = f"{box.xmin}, {box.ymin} to {box.xmax}, {box.ymax}"
        return f"{self.label} ({self.score:.2%}) at {place}"


@dataclass(frozen=True, kw_only=True)
class Detections:
    """Things found in one picture, the surest first.

    `size` is the picture's width and height, which the boxes count in; `picture` may
    be a smaller copy. `votes` tells how many of the `windows` were for each label, and
    `by` what was cut into windows: "pixels" or "features".
    """

    objects: tuple[Detection, ...]
    size: tuple[int, int]
    windows: int
    votes: dict[str, int]
    by: str
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels found, each once, the surest first."""
        return tuple(dict.fromkeys(one.label for one in self.objects))

    def __str__(self) -> str:
        return "; ".join(map(str, self.objects)) or "nothing found"

    def to_dict(self) -> dict[str, Any]:
        return {
            "objects": [asdict(one) for one in self.objects],
            "size": list(self.size),
            "windows": self.windows,
            "votes": dict(self.votes),
            "by": self.by,
        }

    def render(self) -> Image.Image | None:
        """Return the picture with a named frame around each thing found."""
        if self.picture is None:
            return None
        seen = self.picture.convert("RGB")
        pen, scale = ImageDraw.Draw(seen), seen.width / self.size[0]
        # The surest last, so that no other frame or name hides it.
        for one in reversed(self.objects):
            colour = COLOURS[self.labels.index(one.label) % len(COLOURS)]
            _frame(pen, one, scale, colour)
        return seen

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{html.escape(str(o))}</td></tr>" for o in self.objects)
        return figure(self.render(), f"<table>{rows}</table>", height=224)


# Of one input, by a task.
Result = (
    Classification
    | GeneratedImage
    | FilledText
    | Forecast
    | GeneratedText
    | MultiLabel
    | OCRResult
    | Regression
    | Segmentation
    | Translation
    | Vector
)
Answer = Result | Detections


def best(scores: dict[str, float]) -> dict[str, float]:
    """Return the few highest scores, the highest first."""
    return dict(sorted(scores.items(), key=lambda pair: -pair[1])[:SHOWN])


def _frame(pen: ImageDraw.ImageDraw, one: Detection, scale: float, colour: str) -> None:
    """Draw a thing's frame, and its name on a patch in the upper left corner of it."""
    across = pen.im.size[0]
    width = max(1, across // 200)
    box = one.box
    left, top, right, bottom = (
        round(scale * end) for end in (box.xmin, box.ymin, box.xmax, box.ymax)
    )
    # Frames of neighbours share an edge: each is drawn inside its own box.
    pen.rectangle((left, top, right - 1, bottom - 1), outline=colour, width=width)
    if across < LEGIBLE:
        return
    words, font = f"{one.label} {one.score:.0%}", ImageFont.load_default(across // 40)
    left = max(0, min(left, across - round(font.getlength(words)) - 3 * width))
    patch = pen.textbbox((left + 2 * width, top + width), words, font=font)
    pen.rectangle((left, top, patch[2] + width, patch[3] + width), fill=colour)
    pen.text((left + 2 * width, top + width), words, font=font, fill="white")
