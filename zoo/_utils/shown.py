"""Text from outside as text: names of classes, of files and of servers are not ours.

A terminal obeys control characters, and a Markdown page obeys marks and HTML. Each
surface has one function here that takes that power away; a notebook has `html.escape`.
"""

import re
import unicodedata

__all__ = ["brief", "code", "counted", "cut", "lines", "markdown", "one_line"]

# What Markdown or HTML may obey: anywhere, at the edge of a word, at the start.
MARKS = re.compile(r"[\\`*\[\]<>!|&~]|(?<!\w)_|_(?!\w)|^[#+=-]")
# What pages make a link of by itself: an address, a mention, an address of mail. A page
# shows no comment, and no link goes across one; marks that are escaped would be joined.
LIVE = re.compile(r"(?:(?:https?|ftp):(?=//)|www(?=\.)|@(?=\S))", re.IGNORECASE)
# Controls, direction marks, line ends of Unicode, halves of characters.
OBEYED = {"Cc", "Cf", "Zl", "Zp", "Cs"}
JOINERS = "\u200c\u200d"  # of several scripts, and of emoji


def one_line(text: object) -> str:
    """Return a text as one line for a terminal: what it would obey is spelled out."""
    return "".join(map(_plain, str(text)))


def lines(text: object) -> str:
    """Return a text of several lines for a terminal, with its tabs."""
    return "".join(c if c in "\n\t" else _plain(c) for c in str(text))


def brief(value: object, most: int = 60) -> str:
    """Return a stranger's value for a message, in which it has no length it likes."""
    try:
        return cut(repr(value), most)
    except ValueError:  # Python spells out no number of so many digits
        return f"a {type(value).__name__} of too many digits"


def cut(text: str, most: int = 300) -> str:
    """Return a text of at most so many characters: what is beyond is three dots."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def counted(number: int, noun: str) -> str:
    """Return a number of things in words: "1 row", "2,000 rows"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def markdown(text: object) -> str:
    """Return a text as one line of Markdown that shows it as it is, without links."""
    plain = MARKS.sub(lambda found: f"\\{found[0]}", one_line(text))
    return LIVE.sub(lambda found: f"{found[0]}<!-- -->", plain.replace("\\<", "&lt;"))


def code(text: object) -> str:
    """Return a text as code in one line of Markdown."""
    plain = one_line(text)
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    fence = "`" * (longest + 1)
    room = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{room}{plain}{room}{fence}"


def _plain(character: str) -> str:
    if unicodedata.category(character) not in OBEYED or character in JOINERS:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
