"""What a prediction looks like where the answer is a vector, and what lies near it."""

import html
from dataclasses import asdict, dataclass, field
from typing import Any

from zoo.tasks.results.result import Result

__all__ = ["Neighbour", "Neighbours", "Vector"]


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A word that lies near, and the cosine of the angle to it: 1 is the same way."""

    word: str
    score: float

    def __str__(self) -> str:
        return f"{self.word} ({self.score:.3f})"


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The words nearest to `positive` words less `negative` ones, the nearest first."""

    positive: tuple[str, ...]
    negative: tuple[str, ...] = ()
    neighbours: tuple[Neighbour, ...]

    @property
    def words(self) -> list[str]:
        """The words alone."""
        return [one.word for one in self.neighbours]

    def __str__(self) -> str:
        return _listed(self.neighbours)

    def to_dict(self) -> dict[str, Any]:
        return {
            "positive": list(self.positive),
            "negative": list(self.negative),
            "neighbours": [asdict(one) for one in self.neighbours],
        }

    def _repr_html_(self) -> str:
        return _table(self.neighbours)


@dataclass(frozen=True, kw_only=True)
class Vector(Result):
    """What stands for an input, and the words that lie nearest to it, if any do."""

    text: str
    vector: tuple[float, ...] = field(repr=False)
    neighbours: tuple[Neighbour, ...] = ()

    def __str__(self) -> str:
        count = f"a vector of {len(self.vector):,} numbers"
        return f"{count}, near {_listed(self.neighbours)}" if self.neighbours else count

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "vector": list(self.vector),
            "neighbours": [asdict(one) for one in self.neighbours],
        }

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.text)}</p>{_table(self.neighbours)}"


def _listed(neighbours: tuple[Neighbour, ...]) -> str:
    return ", ".join(map(str, neighbours)) or "no word"


def _table(neighbours: tuple[Neighbour, ...]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(one.word)}</td><td>{one.score:.3f}</td></tr>"
        for one in neighbours
    )
    return f"<table>{rows}</table>"
