"""A font that has the characters of a text: labels are in any language.

The fonts that come with Pillow and matplotlib have no Korean, Chinese or Japanese
characters, and draw a box for each.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import ImageFont

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["font_for", "use_fonts_for_texts"]

FontType = ImageFont.FreeTypeFont | ImageFont.ImageFont
SUFFIXES = ".ttf", ".otf", ".ttc"
# Parts of the names of files that are looked into first, as they are likely to have it.
LIKELY = "nanumgothic", "notosanscjk", "notosanskr", "malgun", "applesdgothic", "cjk"
MISSING = "\U0010ffff"  # is no character: what a font draws for it stands for none
PROBE = 24  # pixels: the size in which two glyphs are told apart


def font_for(text: str, size: float) -> FontType:
    """Return a font for Pillow that has every character of a text.

    It is Pillow's own where that has them. Where no installed font has, it is Pillow's
    too, and a warning tells what to install.
    """
    plain: FontType = ImageFont.load_default(size)
    if _has(plain, _visible(text)):
        return plain
    path = _find(_visible(text))
    return plain if path is None else ImageFont.truetype(str(path), size)


def use_fonts_for_texts(figure: Figure) -> None:
    """Give the texts of a matplotlib figure fonts that have their characters."""
    from matplotlib import font_manager
    from matplotlib.text import Text

    plain = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    for text in figure.findobj(Text):
        assert isinstance(text, Text), "asked for no other"
        characters = _visible(text.get_text())
        missing = {one for one in characters if not plain.get_char_index(ord(one))}
        path = _find(frozenset(missing)) if missing else None
        if path is not None:
            font_manager.fontManager.addfont(path)
            name = font_manager.FontProperties(fname=path).get_name()
            text.set_fontfamily(["DejaVu Sans", name])


def _visible(text: str) -> frozenset[str]:
    return frozenset(one for one in text if one.isprintable() and not one.isspace())


@cache
def _find(characters: frozenset[str]) -> Path | None:
    """Return the file of an installed font that has all these characters, or None,
    with a warning."""
    files = sorted(
        {path for folder in _folders() for path in _files(folder)}, key=_rank
    )
    for path in files:
        try:
            font = ImageFont.truetype(str(path), PROBE)
        except OSError:
            continue  # a file of another kind, or a damaged one
        if _has(font, characters):
            return path
    shown = "".join(sorted(characters)[:10])
    warnings.warn(
        f"No font on this machine has the characters {shown!r}: each is drawn as a "
        "box. Install a font that has them; for Korean, on Debian, Ubuntu and Colab: "
        "apt install fonts-nanum.",
        stacklevel=3,
    )
    return None


def _has(font: Any, characters: frozenset[str]) -> bool:
    """Return whether a font draws each of the characters otherwise than a missing
    one."""
    nothing = _drawn(font, MISSING)
    return all(_drawn(font, one) != nothing for one in characters)


def _drawn(font: Any, character: str) -> tuple[Any, bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)


def _rank(path: Path) -> tuple[int, str]:
    name = path.name.lower().replace("-", "").replace("_", "")
    places = [place for place, part in enumerate(LIKELY) if part in name]
    return (places[0] if places else len(LIKELY)), str(path)


def _files(folder: Path) -> Iterator[Path]:
    for above, _, names in os.walk(folder):
        for name in names:
            if name.lower().endswith(SUFFIXES):
                yield Path(above, name)


def _folders() -> list[Path]:
    """Return where a system keeps fonts."""
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        roots = os.environ.get("WINDIR", r"C:\Windows"), os.environ.get("LOCALAPPDATA")
        return [Path(roots[0]) / "Fonts"] + [
            Path(one) / "Microsoft" / "Windows" / "Fonts" for one in roots[1:] if one
        ]
    if sys.platform == "darwin":
        library = Path("Library/Fonts")
        return [home / library, "/" / library, Path("/System/Library/Fonts")]
    return [
        home / ".local/share/fonts",
        home / ".fonts",
        Path("/usr/local/share/fonts"),
        Path("/usr/share/fonts"),
    ]
