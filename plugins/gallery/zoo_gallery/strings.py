"""The words of the site itself, in each of its languages."""

import json
from functools import cache
from pathlib import Path

__all__ = ["LANGUAGES", "all_strings", "english"]

LANGUAGES = {"en": "English", "ko": "한국어"}
FILE = Path(__file__).with_name("strings.json")


@cache
def all_strings() -> dict[str, dict[str, str]]:
    """Return each text by its key and its language."""
    found: dict[str, dict[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def english(key: str) -> str:
    """Return a text in English, which pages are written in."""
    return all_strings()[key]["en"]
