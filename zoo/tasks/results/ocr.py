"""What was read in a picture: a text, how sure each part of it is, and what else it
may be."""

import html
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageDraw

from zoo.tasks.results.fonts import font_for
from zoo.tasks.results.rendering import COLOURS, figure
from zoo.tasks.results.result import Result
from zoo.tasks.results.terminal import bars

__all__ = ["OCRCandidate", "OCRResult"]

HEIGHT = 112  # pixels of the picture and its reading in a notebook
SURE = 0.5  # a character that is less sure is written in another colour
STRIP, LEAST = 0.4, 14  # of the picture's height, and pixels: the line below it
NOTHING = "no text"


@dataclass(frozen=True, kw_only=True)
class OCRCandidate:
    """A text that may be what the picture shows, and its probability."""

    text: str
    score: float

    def __str__(self) -> str:
        return f"{self.text or NOTHING} ({self.score:.2%})"


@dataclass(frozen=True, kw_only=True, repr=False)
class OCRResult(Result):
    """The text of a picture. `score` is its probability, all ways to read it together.

    `characters` has the probability of each character, were all others right.
    `alternatives` are other texts that a search by beams came upon, the likeliest
    first; reading without beams looks for none.
    """

    text: str
    score: float
    characters: tuple[tuple[str, float], ...]
    alternatives: tuple[OCRCandidate, ...] = ()
    picture: Image.Image | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return str(OCRCandidate(text=self.text, score=self.score))

    def lines(self) -> list[str]:
        others = [f"  or {other}" for other in self.alternatives]
        return [str(self), *bars(self.characters), *others]

    def to_dict(self) -> dict[str, Any]:
        """Return the text in the Hub's form, and what is known of it besides."""
        return {
            "generated_text": self.text,
            "score": self.score,
            "characters": [
                {"character": one, "score": score} for one, score in self.characters
            ],
            "alternatives": [
                {"generated_text": one.text, "score": one.score}
                for one in self.alternatives
            ],
        }

    def render(self) -> Image.Image | None:
        """Return the picture with its reading below, unsure characters in colour."""
        if self.picture is None:
            return None
        seen = self.picture.convert("RGB")
        high = max(LEAST, round(STRIP * seen.height))
        letters = self.characters or ((NOTHING, 0.0),)
        font = font_for("".join(letter for letter, _ in letters), 0.8 * high)
        long = [font.getlength(letter) for letter, _ in letters]
        wide = max(seen.width, round(sum(long)))
        paper = Image.new("RGB", (wide, seen.height + high), "white")
        paper.paste(seen, ((wide - seen.width) // 2, 0))
        pen, place = ImageDraw.Draw(paper), (wide - sum(long)) / 2
        for (letter, score), length in zip(letters, long, strict=True):
            colour = "black" if score > SURE else COLOURS[1]
            pen.text((place, seen.height), letter, fill=colour, font=font)
            place += length
        return paper

    def _repr_html_(self) -> str:
        rows = [(one, score) for one, score in self.characters]
        rows += [(one.text or NOTHING, one.score) for one in self.alternatives]
        cells = "".join(
            f"<tr><td>{html.escape(text)}</td><td>{score:.2%}</td></tr>"
            for text, score in [(self.text or NOTHING, self.score), *rows]
        )
        return figure(self.render(), f"<table>{cells}</table>", height=HEIGHT)
