"""Pictures beside each other, on a page and as text: how results show themselves."""

import base64
import io
import math
from collections.abc import Sequence

from PIL import Image

__all__ = ["COLOURS", "coded", "figure", "png", "sheet"]

COLOURS = ("#4477aa", "#cc6677", "#117733", "#aa4499", "#997700", "#332288")
GAP = 2  # pixels between the pictures of a sheet
GREY = 96  # of the ground they lie on


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


def figure(
    picture: Image.Image | None,
    beside: str,
    *,
    height: int = 112,
    what: str = "the input",
) -> str:
    """Return HTML with a picture, `height` pixels high, to the left of something."""
    if picture is None:
        return beside
    image = (
        f'<img src="data:image/png;base64,{coded(picture)}" alt="{what}" '
        f'style="height:{height}px;image-rendering:pixelated;margin-right:1em">'
    )
    return f'<div style="display:flex;align-items:center">{image}{beside}</div>'


def coded(picture: Image.Image) -> str:
    """Return a picture as the base64 text of its PNG."""
    return base64.b64encode(png(picture)).decode()


def png(picture: Image.Image) -> bytes:
    """Return a picture as the bytes of a PNG."""
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()
