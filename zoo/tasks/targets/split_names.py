"""The names of splits: training, validation and test rows, in any case and spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import normalize

from zoo.errors import DataError

__all__ = ["SPELLINGS", "name_splits", "prefixed_splits", "split_of"]

SPELLINGS = {
    "training": ("train", "training"),
    "validation": ("val", "valid", "validation", "dev", "development"),
    "test": ("test", "testing", "eval", "evaluation"),
}
NAMES = {one: split for split, names in SPELLINGS.items() for one in names}
SEPARATORS = re.compile(r"[\s_.-]+")
NOUNS = re.compile(r" ?(set|data|dataset|split|images|pictures|photos|masks)$")


def split_of(name: str) -> str | None:
    """Return the split that a folder or a part of a dataset is named as.

    >>> split_of("Training_set"), split_of("dev"), split_of("cats")
    ('training', 'validation', None)
    """
    plain = SEPARATORS.sub(" ", normalize("NFC", name).casefold()).strip()
    return NAMES.get(plain) or NAMES.get(NOUNS.sub("", plain))


def prefixed_splits(names: Iterable[str]) -> list[str]:
    """Return names of several splits that begin with the same word, or nothing.

    >>> prefixed_splits(["seg_test", "seg_train"]), prefixed_splits(["a_test", "cats"])
    (['seg_test', 'seg_train'], [])
    """
    found: dict[str, dict[str, str]] = {}  # by that word, and by split
    for name in names:
        word, _, last = SEPARATORS.sub(" ", name.casefold()).strip().rpartition(" ")
        if word and last in NAMES:
            found.setdefault(word, {})[NAMES[last]] = name
    return next((sorted(one.values()) for one in found.values() if len(one) > 1), [])


def name_splits(source: str, names: Iterable[str], what: str) -> dict[str, str]:
    """Return the name of each split among `names`. Raises DataError for two of one.

    `what` says what has the names, in the plural: "folders", "splits".
    """
    found: dict[str, list[str]] = {}
    for name in names:
        if (split := split_of(name)) is not None:
            found.setdefault(split, []).append(name)
    for split, same in found.items():
        if len(same) > 1:
            raise DataError(
                f"{source} has {len(same)} {what} of {split} rows: "
                f"{', '.join(same)}. Keep one, or move their rows together."
            )
    ordered = (split for split in SPELLINGS if split in found)
    return {split: found[split][0] for split in ordered}
