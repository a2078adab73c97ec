"""What a prediction looks like where the answer is a vector, and what lies near it."""

import html
from dataclasses import asdict, dataclass, field
from textwrap import shorten
from typing import Any

from zoo.tasks.results.result import Result

__all__ = ["NearestTexts", "NearestWords", "SimilarText", "SimilarWord", "Vector"]

SHOWN_CHARACTERS = 70  # of a text in a list


@dataclass(frozen=True, kw_only=True)
class SimilarWord:
    """A word that lies near, and the cosine of the angle to it: 1 is the same way."""

    word: str
    score: float

    def __str__(self) -> str:
        return f"{self.word} ({self.score:.3f})"


@dataclass(frozen=True, kw_only=True)
class NearestWords:
    """The words nearest to `positive` words less `negative` ones, the nearest first."""

    positive: tuple[str, ...]
    negative: tuple[str, ...] = ()
    most_similar: tuple[SimilarWord, ...]

    @property
    def words(self) -> list[str]:
        """The words alone."""
        return [one.word for one in self.most_similar]

    def __str__(self) -> str:
        return _listed(self.most_similar)

    def to_dict(self) -> dict[str, Any]:
        return {
            "positive": list(self.positive),
            "negative": list(self.negative),
            "most_similar": [asdict(one) for one in self.most_similar],
        }

    def _repr_html_(self) -> str:
        return _table(self.most_similar)


@dataclass(frozen=True, kw_only=True)
class SimilarText:
    """A text that lies near, its place in the list, and the cosine of the angle."""

    text: str
    index: int
    score: float

    @property
    def excerpt(self) -> str:
        """The beginning of the text, in one line."""
        return _shortened(self.text)

    def __str__(self) -> str:
        return f"{self.index}: {self.excerpt} ({self.score:.3f})"


@dataclass(frozen=True, kw_only=True)
class NearestTexts:
    """The texts of a list that are nearest to `text`, the nearest first."""

    text: str
    most_similar: tuple[SimilarText, ...]

    @property
    def texts(self) -> list[str]:
        """The texts alone."""
        return [one.text for one in self.most_similar]

    @property
    def indices(self) -> list[int]:
        """Where they are in the list."""
        return [one.index for one in self.most_similar]

    def __str__(self) -> str:
        return "\n".join(map(str, self.most_similar)) or "no text"

    def to_dict(self) -> dict[str, Any]:
        near = [asdict(one) for one in self.most_similar]
        return {"text": self.text, "most_similar": near}

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{one.index}</td><td>{html.escape(one.excerpt)}</td>"
            f"<td>{one.score:.3f}</td></tr>"
            for one in self.most_similar
        )
        return f"<table>{rows}</table>"


@dataclass(frozen=True, kw_only=True, repr=False)
class Vector(Result):
    """What stands for an input, and the words that lie nearest to it, if any do."""

    text: str
    vector: tuple[float, ...] = field(repr=False)
    most_similar: tuple[SimilarWord, ...] = ()

    def __str__(self) -> str:
        count = f"a vector of {len(self.vector):,} numbers"
        return (
            f"{count}, near {_listed(self.most_similar)}"
            if self.most_similar
            else count
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "vector": list(self.vector),
            "most_similar": [asdict(one) for one in self.most_similar],
        }

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.text)}</p>{_table(self.most_similar)}"


def _shortened(text: str) -> str:
    return shorten(text, SHOWN_CHARACTERS, placeholder=" ...")


def _listed(neighbours: tuple[SimilarWord, ...]) -> str:
    return ", ".join(map(str, neighbours)) or "no word"


def _table(neighbours: tuple[SimilarWord, ...]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(one.word)}</td><td>{one.score:.3f}</td></tr>"
        for one in neighbours
    )
    return f"<table>{rows}</table>"
