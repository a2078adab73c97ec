"""What a prediction looks like where things are found in a picture, and where."""

import html
from dataclasses import asdict, dataclass, field
from typing import Any

from PIL import Image, ImageDraw

from zoo._utils.shown import one_line
from zoo.tasks.results.fonts import font_for
from zoo.tasks.results.rendering import COLOURS, figure
from zoo.tasks.results.result import Result

__all__ = ["Box", "Detection", "Detections"]

LEGIBLE = 200  # pixels: a narrower picture has no room for names in its frames


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
        return f"{one_line(self.label)} ({self.score:.2%}) at {place}"


@dataclass(frozen=True, kw_only=True, repr=False)
class Detections(Result):
    """Things found in one picture, the surest first.

    `size` is the picture's width and height, which the boxes count in; `picture` may
    be a smaller copy. `known` are the labels that the model can find, in its order.
    Where windows slid over the picture, `votes` has how many of the `windows` were for
    each label, and `by` what was cut into them: "pixels" or "features".
    """

    objects: tuple[Detection, ...]
    size: tuple[int, int]
    known: tuple[str, ...] = ()
    windows: int | None = None
    votes: dict[str, int] = field(default_factory=dict)
    by: str = ""
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels found, each once, the surest first."""
        return tuple(dict.fromkeys(one.label for one in self.objects))

    def __str__(self) -> str:
        return "; ".join(map(str, self.objects)) or "nothing found"

    def lines(self) -> list[str]:
        things = [str(one) for one in self.objects] or [str(self)]
        if self.windows is None:
            return things
        return [*things, f"  {self.windows} windows of {self.by}"]

    def beside(self) -> Image.Image | None:
        return self.render()

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "objects": [asdict(one) for one in self.objects],
            "size": list(self.size),
        }
        if self.windows is None:
            return found
        return {
            **found,
            "windows": self.windows,
            "votes": dict(self.votes),
            "by": self.by,
        }

    def to_coco(self, image_id: int = 1, first_id: int = 1) -> list[dict[str, Any]]:
        """Return an annotation in COCO's form for each object: its box is [x, y, width,
        height], and its `category_id` the place of its label in `known`, from 0.

        `image_id` is the number of the picture, and `first_id` that of the first
        annotation.
        """
        return [
            {
                "id": number,
                "image_id": image_id,
                "category_id": self._number(one.label),
                "bbox": [
                    one.box.xmin,
                    one.box.ymin,
                    one.box.xmax - one.box.xmin,
                    one.box.ymax - one.box.ymin,
                ],
                "area": one.box.area,
                "iscrowd": 0,
                "score": one.score,
            }
            for number, one in enumerate(self.objects, start=first_id)
        ]

    def to_tensors(self) -> dict[str, Any]:
        """Return tensors in the form of torchvision's models: `boxes` (objects, 4) as
        floats, `labels` (objects,), places in `known` from 0, and `scores`."""
        import torch  # what only shows a result needs no torch

        boxes = [
            [one.box.xmin, one.box.ymin, one.box.xmax, one.box.ymax]
            for one in self.objects
        ]
        labels = [self._number(one.label) for one in self.objects]
        return {
            "boxes": torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
            "labels": torch.tensor(labels, dtype=torch.int64),
            "scores": torch.tensor([one.score for one in self.objects]),
        }

    def _number(self, label: str) -> int:
        """Return the number of a label: its place in `known`, or in the labels found
        where that is empty."""
        return (self.known or self.labels).index(label)

    def render(self) -> Image.Image | None:
        """Return the picture with a named frame around each thing found."""
        if self.picture is None:
            return None
        seen = self.picture.convert("RGB")
        pen, scale = ImageDraw.Draw(seen), seen.width / self.size[0]
        # A label of a detector has the same colour in every picture.
        order = self.labels if self.windows is not None else self.known or self.labels
        # The surest last, so that no other frame or name hides it.
        for one in reversed(self.objects):
            colour = COLOURS[order.index(one.label) % len(COLOURS)]
            _frame(pen, one, scale, colour)
        return seen

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{html.escape(str(o))}</td></tr>" for o in self.objects)
        return figure(self.render(), f"<table>{rows}</table>", height=224)


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
    words = f"{one_line(one.label)} {one.score:.0%}"
    font = font_for(words, across // 40)
    left = max(0, min(left, across - round(font.getlength(words)) - 3 * width))
    patch = pen.textbbox((left + 2 * width, top + width), words, font=font)
    pen.rectangle((left, top, patch[2] + width, patch[3] + width), fill=colour)
    pen.text((left + 2 * width, top + width), words, font=font, fill="white")
