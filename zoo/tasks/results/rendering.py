"""How results show themselves: pictures as bytes and in HTML, a sheet, a trend."""

from __future__ import annotations

import base64
import html
import io
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from zoo.errors import MissingExtra
from zoo.tasks.results.fonts import use_fonts_for_texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "bars",
    "best",
    "coded",
    "figure",
    "image_grid",
    "plotted",
    "png",
    "trend",
]

COLOURS = (  # as many as can be told apart
    "#4477aa",
    "#cc6677",
    "#117733",
    "#aa4499",
    "#997700",
    "#332288",
    "#88ccee",
    "#ddcc77",
    "#44aa99",
    "#882255",
    "#ee8866",
    "#999933",
)
SHOWN = 5  # labels in a table; `scores` of a result holds them all
GAP = 2  # pixels between the pictures of a sheet
GREY = 96  # of the ground they lie on
WIDTH, HEIGHT, MARGIN = 320, 112, 8  # of a trend, in pixels
PAST, AHEAD = COLOURS[:2]


def image_grid(
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


def figure(
    picture: Image.Image | None,
    beside: str,
    *,
    height: int = 112,
    what: str = "the input",
) -> str:
    """Return HTML with a picture, `height` pixels high, to the left of something.

    A picture that is higher is embedded as a JPEG, at most twice as high as it is
    shown: a notebook keeps every byte. A smaller one keeps its pixels.
    """
    if picture is None:
        return beside
    if picture.height > height:
        small = base64.b64encode(_jpeg(picture, 2 * height)).decode()
        source, pixels = f"jpeg;base64,{small}", ""
    else:
        source, pixels = f"png;base64,{coded(picture)}", "image-rendering:pixelated;"
    image = (
        f'<img src="data:image/{source}" alt="{what}" '
        f'style="height:{height}px;{pixels}margin-right:1em">'
    )
    return f'<div style="display:flex;align-items:center">{image}{beside}</div>'


def _jpeg(picture: Image.Image, most: int) -> bytes:
    """Return a picture as the bytes of a JPEG that is at most `most` pixels high."""
    shown = picture.convert("RGB")
    if shown.height > most:
        width = max(1, round(shown.width * most / shown.height))
        shown = shown.resize((width, most), Image.Resampling.BOX)
    file = io.BytesIO()
    shown.save(file, format="JPEG", quality=85)
    return file.getvalue()


def bars(scores: Mapping[str, float]) -> str:
    """Return HTML with a bar for each name, as long as its share of one."""
    rows = "".join(
        f"<tr><td>{html.escape(str(name))}</td><td>{score:.2%}</td><td>"
        f'<div style="background:#4477aa;height:.8em;width:{120 * score:.0f}px"></div>'
        "</td></tr>"
        for name, score in scores.items()
    )
    return f"<table>{rows}</table>"


def best(scores: Mapping[str, float]) -> dict[str, float]:
    """Return the few highest scores, the highest first."""
    return dict(sorted(scores.items(), key=lambda pair: -pair[1])[:SHOWN])


def coded(picture: Image.Image) -> str:
    """Return a picture as the text of a PNG in base64."""
    return base64.b64encode(png(picture)).decode()


def png(picture: Image.Image) -> bytes:
    """Return a picture as the bytes of a PNG."""
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()


def plotted(width: float, height: float, draw: Callable[[Figure], None]) -> bytes:
    """Return what `draw` puts on a figure of that many inches, as a PNG."""
    try:
        from matplotlib.figure import Figure  # not pyplot: no window, no global state
    except ImportError as exc:
        raise MissingExtra("matplotlib", "Drawing a picture") from exc
    figure = Figure(figsize=(width, height), dpi=90, layout="constrained")
    draw(figure)
    use_fonts_for_texts(figure)
    file = io.BytesIO()
    with warnings.catch_warnings():  # of a missing character it was told above
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def trend(history: Sequence[float], ahead: Sequence[float]) -> Image.Image:
    """Return numbers as a line, and what comes after them as another with dots."""
    values = [*history, *ahead]
    low, high = min(values), max(values)
    across = (WIDTH - 2 * MARGIN) / max(1, len(values) - 1)
    up = (HEIGHT - 2 * MARGIN) / ((high - low) or 1)
    points = [
        (MARGIN + across * place, HEIGHT - MARGIN - up * (value - low))
        for place, value in enumerate(values)
    ]
    drawn = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen, border = ImageDraw.Draw(drawn), len(history)
    pen.line(points[:border], fill=PAST, width=2)
    pen.line(points[max(0, border - 1) :], fill=AHEAD, width=2)
    for x, y in points[border:]:
        pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=AHEAD)
    return drawn
