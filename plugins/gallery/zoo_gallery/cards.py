"""A model card as HTML: what others wrote in it stays text, and asks for nothing."""

import re
from collections.abc import Mapping
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = ["card_html"]

FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
SCROLLED = '<div class="scroll" tabindex="0">\n'  # a table may be wider than a phone
FIRST_HEADING = re.compile(r"\A\s*# [^\n]*\n")


def card_html(card: str, pictures: Mapping[str, str]) -> str:
    """Return a card's Markdown as HTML.

    The front matter and the first heading are left out. HTML inside of it is shown as
    text. A picture is one of `pictures`, which leads from its name to its file; of any
    other only its description is left. A link to another file than a page of the web is
    its text.

    >>> card_html("# a\\nSee <b>.", {})
    '<p>See &lt;b&gt;.</p>\\n'
    """
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    environment: dict[str, Any] = {}
    text = FIRST_HEADING.sub("", FRONT.sub("", card))
    tokens = reader.parse(text, environment)
    shown: list[Token] = []
    for token in tokens:
        if token.type == "inline":
            token.children = _inline(token.children or [], pictures)
        if token.type in ("th_open", "td_open"):
            _align(token)
        if token.type in ("fence", "code_block"):
            token.attrSet("tabindex", "0")
        if token.type == "table_open":
            shown.append(Token("html_block", "", 0, content=SCROLLED))
        shown.append(token)
        if token.type == "table_close":
            shown.append(Token("html_block", "", 0, content="</div>\n"))
    return str(reader.renderer.render(shown, reader.options, environment))


def _align(cell: Token) -> None:
    """Say by a class which way a cell is aligned: the page allows no style in HTML."""
    style = str(cell.attrs.pop("style", ""))
    if style == "text-align:right":
        cell.attrSet("class", "right")
    if cell.type == "th_open":
        cell.attrSet("scope", "col")


def _inline(tokens: list[Token], pictures: Mapping[str, str]) -> list[Token]:
    """Return the parts of a line, without what would be asked of a network."""
    kept: list[Token] = []
    opened: list[bool] = []  # of the links around, whether each is one
    for token in tokens:
        if token.type == "image":
            source = str(token.attrGet("src") or "")
            if source in pictures:
                token.attrSet("src", pictures[source])
                token.attrSet("loading", "lazy")
                kept.append(token)
            else:
                kept.append(Token("text", "", 0, content=token.content))
        elif token.type == "link_open":
            target = str(token.attrGet("href") or "")
            opened.append(target.startswith(("https://", "http://")))
            if opened[-1]:
                token.attrSet("rel", "noopener noreferrer")
                kept.append(token)
        elif token.type == "link_close":
            if opened.pop():
                kept.append(token)
        else:
            kept.append(token)
    return kept
