"""The text of a card, which a notebook shows with its pictures."""

import base64
import re
from pathlib import Path

from zoo._utils.schema import Malformed, read_bytes

__all__ = ["MarkdownCard"]

FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
PICTURE = re.compile(r"(!\[[^\]]*\]\()([\w.-]+\.(png|gif))(\))")


class MarkdownCard(str):
    """A card, as `zoo.card` returns it: a string, and in a notebook a page.

    `folder` is where its pictures are.
    """

    __slots__ = ("folder",)
    folder: Path

    def __new__(cls, text: str, folder: Path) -> "MarkdownCard":
        card = super().__new__(cls, text)
        card.folder = folder
        return card

    def _repr_markdown_(self) -> str:
        """Return the page without the block for the Hub, its pictures within it."""
        return PICTURE.sub(self._embedded, FRONT_MATTER.sub("", self))

    def _embedded(self, found: re.Match[str]) -> str:
        before, name, kind, after = found.groups()
        try:
            path = (self.folder / name).resolve()
            if path.parent != self.folder.resolve():  # a link to what is not the card's
                return found[0]
            content = read_bytes(path)
        except (OSError, RuntimeError, Malformed):
            return found[0]
        coded = base64.b64encode(content).decode()
        return f"{before}data:image/{kind};base64,{coded}{after}"
