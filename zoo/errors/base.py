"""The class that all errors share, and how they suggest a name."""

from collections.abc import Iterable
from difflib import get_close_matches


def near(name: str, known: Iterable[str]) -> str:
    """Return "Did you mean 'a' or 'b'? " or nothing; case does not count."""
    plain = {word.lower(): word for word in known}
    found = [plain[word] for word in get_close_matches(name.lower(), plain, n=3)]
    return f"Did you mean {' or '.join(map(repr, found))}? " if found else ""


class ZooError(Exception):
    """Base class: `except zoo.ZooError` catches everything zoo raises on purpose."""
