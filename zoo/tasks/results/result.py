"""What a typed answer does: print, convert, show itself in notebook and terminal."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from PIL import Image

from zoo._utils.shown import one_line

__all__ = ["Result"]

SHORT = 88  # characters of a repr


class Result(ABC):
    """An answer of a task. A subclass is a frozen dataclass with a `__str__`.

    It is a dataclass with `repr=False`: a thousand scores are no help in a log.
    `to_dict` has all of them.
    """

    many_lines: ClassVar[bool] = False  # whether the answer is a text of several lines

    def __repr__(self) -> str:
        """Return the class and what `str` says, in one short line."""
        text = one_line(" ".join(str(self).split()))
        short = text if len(text) <= SHORT else f"{text[: SHORT - 3]}..."
        return f"<{type(self).__name__}: {short}>"

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return plain Python for JSON, in the Hub's form where it has one."""

    @abstractmethod
    def _repr_html_(self) -> str:
        """Return what a notebook shows."""

    def lines(self) -> list[str]:
        """Return what a terminal shows: the answer, and what is known of it besides."""
        return [str(self)]

    def beside(self) -> Image.Image | None:
        """Return the picture that a terminal shows beside the lines, if any.

        By default it is the one that was looked at, where the result keeps it.
        """
        picture: Image.Image | None = getattr(self, "picture", None)
        return picture

    def silhouette(self) -> Image.Image | None:
        """Return what is shown instead where there are only greys, if not the same."""
        return None

    def render(self) -> Image.Image | None:
        """Return the answer as a picture of its own, where it can be drawn."""
        return None
