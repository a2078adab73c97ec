"""What a prediction looks like where the points of an object are found."""

import html
from dataclasses import asdict, dataclass, field
from typing import Any

from PIL import Image, ImageDraw

from zoo._utils.shown import one_line
from zoo.tasks.results.rendering import COLOURS, figure
from zoo.tasks.results.result import Result

__all__ = ["Keypoint", "Keypoints"]

HEIGHT = 224  # pixels of the picture in a notebook
SHOWN = 5  # points in a line
LINE, POINT = COLOURS[0], COLOURS[1]
ALONE = "white", "black"  # of the points without a picture: paper, and lines


@dataclass(frozen=True, kw_only=True)
class Keypoint:
    """One point: what it is, where in the picture's pixels, and how sure that is."""

    label: str
    x: float
    y: float
    score: float

    def __str__(self) -> str:
        return f"{one_line(self.label)} {self.x:.1f}, {self.y:.1f}"


@dataclass(frozen=True, kw_only=True)
class Keypoints(Result):
    """The points of the object in one picture, in the model's order.

    `size` is the picture's width and height, and `skeleton` the pairs of points that
    lines connect, by their numbers from 0.
    """

    keypoints: tuple[Keypoint, ...]
    size: tuple[int, int]
    skeleton: tuple[tuple[int, int], ...] = ()
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    @property
    def score(self) -> float:
        """The mean score of the points."""
        return sum(one.score for one in self.keypoints) / max(1, len(self.keypoints))

    def __str__(self) -> str:
        count = len(self.keypoints)
        points = "1 point" if count == 1 else f"{count} points"
        return f"{points}, mean score {self.score:.2%}"

    def of(self, label: str) -> Keypoint:
        """Return the point of a name."""
        return next(one for one in self.keypoints if one.label == label)

    def lines(self) -> list[str]:
        few = [f"  {one}" for one in self.keypoints[:SHOWN]]
        rest = len(self.keypoints) - SHOWN
        return [str(self), *few, *([f"  and {rest} more"] if rest > 0 else [])]

    def beside(self) -> Image.Image | None:
        return self.render()

    def to_dict(self) -> dict[str, Any]:
        return {
            "keypoints": [asdict(one) for one in self.keypoints],
            "size": list(self.size),
        }

    def render(self, *, color: str | None = None) -> Image.Image:
        """Return the picture with the points and the lines between them, all in one
        `color` if it is given; without a picture, these alone."""
        if self.picture is None:
            return self.skeleton_alone()
        drawn = self.picture.convert("RGB").resize(self.size)
        self._draw(drawn, color or LINE, color or POINT)
        return drawn

    def skeleton_alone(self, scale: int = 1) -> Image.Image:
        """Return the points and the lines between them on white, `scale` times as
        large as the picture."""
        paper, ink = ALONE
        drawn = Image.new("RGB", (scale * self.size[0], scale * self.size[1]), paper)
        self._draw(drawn, ink, POINT, scale)
        return drawn

    def _draw(self, drawn: Image.Image, line: str, point: str, scale: int = 1) -> None:
        pen, radius = ImageDraw.Draw(drawn), max(1.0, max(drawn.size) / 200)
        places = [(scale * one.x, scale * one.y) for one in self.keypoints]
        for first, second in self.skeleton:
            pen.line((places[first], places[second]), fill=line, width=round(radius))
        for x, y in places:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=point)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(str(one))}</td><td>{one.score:.2%}</td></tr>"
            for one in self.keypoints[:SHOWN]
        )
        return figure(self.render(), f"<table>{rows}</table>", height=HEIGHT)
