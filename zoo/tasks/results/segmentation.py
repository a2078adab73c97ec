"""The result of a segmentation: a label for each pixel, at the picture's own size."""

import html
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageColor

from zoo._utils.shown import one_line
from zoo.tasks.results.rendering import COLOURS, best, coded, figure
from zoo.tasks.results.result import Result
from zoo.tasks.results.terminal import bars

__all__ = ["Segmentation", "coloured"]

COVER = 0.5  # how much of the colour lies on the picture
HEIGHT = 224  # pixels of the picture in a notebook


@dataclass(frozen=True, kw_only=True, repr=False)
class Segmentation(Result):
    """The label of each pixel. `mask` is as large as the picture that was given.

    Its pixels are numbers of `known`, the model's labels in its order: the first is
    the ground, the others lie on it. `scores` has for each label its mean
    probability over the pixels that have it, and `shares` how much of the picture these
    pixels are.
    """

    mask: Image.Image
    known: tuple[str, ...]
    scores: dict[str, float]
    shares: dict[str, float]
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that some pixel has, the one with the most pixels first."""
        present = [label for label in self.known if self.shares[label]]
        return tuple(sorted(present, key=lambda label: -self.shares[label]))

    def __str__(self) -> str:
        shares = (f"{one_line(name)} {self.shares[name]:.2%}" for name in self.labels)
        return ", ".join(shares)

    def of(self, label: str) -> Image.Image:
        """Return the pixels of one label, white on black."""
        number = self.known.index(label)
        return self.mask.point([255 * (value == number) for value in range(256)], "L")

    def silhouette(self) -> Image.Image:
        """Return what lies on the ground, white on black: in greys it is clearer."""
        return self.mask.point([0] + [255] * 255, "L")

    def lines(self) -> list[str]:
        # It counts how large the parts are, not how sure they are.
        return [str(self), *bars(best(self.shares).items())]

    def beside(self) -> Image.Image | None:
        return self.render()

    def to_dict(self) -> dict[str, Any]:
        """Return a segment for each label found, in the Hub's form, and its share."""
        segments = [
            {
                "label": label,
                "score": self.scores[label],
                "share": self.shares[label],
                "mask": coded(self.of(label)),
            }
            for label in self.labels
        ]
        return {"segments": segments, "size": list(self.mask.size)}

    def render(self) -> Image.Image:
        """Return the picture with a colour on each label but the first; the coloured
        mask alone where there is no picture."""
        colours = self.mask.convert("RGB")
        if self.picture is None:
            return colours
        seen = self.picture.convert("RGB").resize(self.mask.size)
        on_it = self.mask.point([int(255 * COVER) * (n > 0) for n in range(256)], "L")
        return Image.composite(colours, seen, on_it)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(label)}</td><td>{self.shares[label]:.2%}</td></tr>"
            for label in self.labels
        )
        return figure(self.render(), f"<table>{rows}</table>", height=HEIGHT)


def coloured(numbers: Image.Image) -> Image.Image:
    """Return an "L" picture of label numbers with a palette: the ground is black."""
    shown = [ImageColor.getrgb(colour) for colour in COLOURS]
    palette = [0, 0, 0]
    for number in range(255):
        palette += shown[number % len(shown)][:3]
    picture = Image.frombytes("P", numbers.size, numbers.tobytes())
    picture.putpalette(palette)
    return picture
