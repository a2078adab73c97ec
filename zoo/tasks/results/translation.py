"""What a prediction looks like where the answer is a translation."""

import html
import io
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from PIL import Image

from zoo.tasks.results.rendering import plotted
from zoo.tasks.results.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Alternative", "Translation"]

CELL = 0.34  # inches of a token in a picture
MARGIN = 1.1  # and of the names beside


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another translation that the search found, and its score."""

    text: str
    score: float

    def __str__(self) -> str:
        return f"{self.text} ({self.score:.2f})"


@dataclass(frozen=True, kw_only=True, repr=False)
class Translation(Result):
    """What a text is in another language, and how that came to be.

    `score` is the log-probability over the penalty of the length: the nearer to zero,
    the surer. `alternatives` are what the search found besides, the best first.
    `attention` has a row for each of the `tokens`, with the weight of each of the
    `source_tokens` when it was chosen; a row adds up to one. Unless the text is
    `finished`, it was cut at the most tokens allowed.
    """

    source: str
    text: str
    score: float
    finished: bool
    alternatives: tuple[Alternative, ...] = ()
    source_tokens: tuple[str, ...] = field(default=(), repr=False)
    tokens: tuple[str, ...] = field(default=(), repr=False)
    attention: tuple[tuple[float, ...], ...] = field(default=(), repr=False)

    @property
    def translation_text(self) -> str:
        """The translation, as the Hub calls it."""
        return self.text

    def __str__(self) -> str:
        return self.text

    def lines(self) -> list[str]:
        return [self.text, *(f"  {one}" for one in self.alternatives)]

    def to_dict(self) -> dict[str, Any]:
        return {
            "translation_text": self.text,
            "score": self.score,
            "finished": self.finished,
            "alternatives": [asdict(one) for one in self.alternatives],
            "source_tokens": list(self.source_tokens),
            "tokens": list(self.tokens),
            "attention": [list(row) for row in self.attention],
        }

    def render(self) -> Image.Image:
        """Return the attention as a picture: the darker, the more a token counted."""
        width = MARGIN + CELL * len(self.source_tokens)
        height = MARGIN + CELL * len(self.tokens)
        content = plotted(width, height, self.draw)
        return Image.open(io.BytesIO(content)).convert("RGB")

    def draw(self, figure: "Figure", place: tuple[int, int, int] = (1, 1, 1)) -> None:
        """Put the attention on a figure of matplotlib, at a place of its grid."""
        axes = figure.add_subplot(*place)
        axes.imshow(self.attention, cmap="Blues", vmin=0, vmax=1, aspect="equal")
        across, down = map(_named, (self.source_tokens, self.tokens))
        axes.set_xticks(range(len(across)), across, rotation=90, fontsize=9)
        axes.set_yticks(range(len(down)), down, fontsize=9)
        axes.xaxis.tick_top()

    def _repr_html_(self) -> str:
        texts = f"<p>{html.escape(self.source)}<br><b>{html.escape(self.text)}</b></p>"
        return texts + self._table()

    def _table(self) -> str:
        names = "".join(f"<th>{html.escape(one)}</th>" for one in self.source_tokens)
        rows = "".join(
            f"<tr><th>{html.escape(token)}</th>{''.join(map(_cell, row))}</tr>"
            for token, row in zip(self.tokens, self.attention, strict=True)
        )
        return f"<table><tr><th></th>{names}</tr>{rows}</table>"


def _cell(weight: float) -> str:
    """Return a cell of a table, the more blue, the more a token counted."""
    return f'<td style="background:rgba(68,119,170,{weight:.2f})">{weight:.2f}</td>'


def _named(tokens: tuple[str, ...]) -> list[str]:
    """Return tokens as matplotlib shows them, which reads formulas between $."""
    return [token.replace("$", r"\$") for token in tokens]
