"""The README and the pages of docs/, and the blocks of code in them."""

import re
from pathlib import Path

__all__ = ["PAGES", "ROOT", "blocks", "lines"]

ROOT = Path(__file__).parents[2]
WRITTEN = (ROOT / "docs").rglob("*.md")
MADE = ("docs/cards/", "docs/reference/generated/")  # by a build
PAGES = {
    name: path.read_text(encoding="utf-8")
    for path in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        *sorted(WRITTEN),
    ]
    if not (name := path.relative_to(ROOT).as_posix()).startswith(MADE)
}


def blocks(language: str, page: str) -> list[str]:
    """Return the blocks of a language on a page, in their order."""
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, PAGES[page], flags=re.MULTILINE | re.DOTALL)


def lines(language: str, *pages: str) -> list[str]:
    """Return the lines of the blocks of a language, of all pages or of these."""
    found = [text for page in pages or PAGES for text in blocks(language, page)]
    joined = (text.replace("\\\n", " ") for text in found)
    return [line for text in joined for line in text.splitlines()]
