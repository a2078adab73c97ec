"""Which folders, or parts of a dataset, are the training, validation and test rows.

The one splitter of a user's data by folders: it refuses what can be understood in two
ways.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unicodedata import normalize

from zoo.errors import DataError
from zoo.specs import Input
from zoo.tasks.targets.base import Targets, children, some
from zoo.tasks.targets.files import input_files
from zoo.tasks.targets.split_names import name_splits, prefixed_splits, split_of

__all__ = ["FolderSplits", "check_classes", "folder_splits"]


@dataclass(frozen=True, kw_only=True)
class FolderSplits:
    """The folders of each split, and what was left out, as sentences.

    There are none where the folder is not in splits.
    """

    folders: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def folder_splits(
    folder: Path, input_spec: Input, kind: Targets[Any], classes: Collection[str] = ()
) -> FolderSplits:
    """Return the folders of the splits in a folder.

    `classes` are names of classes: a folder of inputs that has one of them is a class,
    whatever else it may mean. Raises DataError where a folder may be a split or a
    class.
    """
    composed = {normalize("NFC", str(name)) for name in classes}
    inside = children(folder)
    named = [
        place
        for place in inside
        if split_of(place.name)
        and (_is_split(place, kind) or normalize("NFC", place.name) not in composed)
    ]
    if not named:
        return FolderSplits()
    by_name = {place.name: place for place in named}
    splits = name_splits(str(folder), by_name, "folders")
    others = [place for place in inside if place not in named]
    loose = input_files(folder, input_spec, deep=False).taken
    training = by_name.get(splits.get("training", ""))
    if (others or loose) and not (training and _is_split(training, kind)):
        raise DataError(_ambiguous(folder, input_spec, named, others, loose))
    found: dict[str, Path] = {}
    notes: list[str] = []
    for split, name in splits.items():
        place = by_name[name]
        if split != "training" and training and not _is_split(place, kind):
            if number := len(input_files(place, input_spec).taken):
                count = _count(number, input_spec)
                notes.append(
                    f"{_name(folder)}/{place.name} was left out ({count}): it has no "
                    "folders, so its rows have no classes."
                )
            continue
        found[split] = place
    notes += _left_out(folder, input_spec, others, loose)
    return FolderSplits(folders=found, notes=notes)


def check_classes(folder: Path) -> None:
    """Refuse splits inside of classes, which would be mixed, and splits that are named
    as such after a word of their own (seg_train, seg_test). Raises DataError."""
    places = children(folder)
    if prefixed := prefixed_splits([place.name for place in places]):
        raise DataError(
            f"{folder} holds {' and '.join(prefixed)}, which are named as splits and "
            "would be learned as classes. Rename them train and test, with a folder of "
            "each class directly in them."
        )
    for place in places:
        inside = [one.name for one in children(place) if split_of(one.name)]
        if inside:
            raise DataError(
                f"{place} holds folders named as splits ({', '.join(inside)}), and "
                f"their rows would be mixed. Put splits above classes: "
                f"{folder / inside[0] / place.name}."
            )


def _is_split(place: Path, kind: Targets[Any]) -> bool:
    """Return whether a folder holds what a split does, and not a class."""
    return kind.flat_folders or bool(children(place))


def _left_out(
    folder: Path, input_spec: Input, others: Sequence[Path], loose: Sequence[Path]
) -> list[str]:
    counted = [(one, len(input_files(one, input_spec).taken)) for one in others]
    notes = [
        f"{_name(folder)}/{place.name} was left out ({_count(count, input_spec)}): it "
        "is not named as a split."
        for place, count in counted
        if count
    ]
    if loose:
        notes.append(
            f"{_count(len(loose), input_spec)} in {_name(folder)} itself, and not in a "
            f"split, {'was' if len(loose) == 1 else 'were'} left out."
        )
    return notes


def _ambiguous(
    folder: Path,
    input_spec: Input,
    named: Sequence[Path],
    others: Sequence[Path],
    loose: Sequence[Path],
) -> str:
    counts = {
        place: len(input_files(place, input_spec).taken)
        for place in sorted([*named, *others])
    }
    listed = [
        f"{place.name} ({_count(count, input_spec)})" for place, count in counts.items()
    ]
    if loose:
        listed.append(f"{_count(len(loose), input_spec)} in {_name(folder)} itself")
    splits = ", ".join(place.name for place in named)
    message = (
        f"{folder} may be understood in two ways: {splits} "
        f"{'is' if len(named) == 1 else 'are'} named as a split, and there is no "
        f"folder of training rows beside. It holds {some(listed)}. Put the training "
        f"rows into {folder / 'train'}"
    )
    if not others:
        return f"{message}."
    names = sorted(place.name for place in (*named, *others))
    words = ",".join(names)
    what = "is a class" if len(named) == 1 else "are classes"
    return (
        f"{message}; or, if {splits} {what}, name all classes: labels={names} "
        f"(--labels {words})."
    )


def _name(folder: Path) -> str:
    """Return the name of a folder, be it the one that one is in."""
    return folder.name or folder.resolve().name


def _count(number: int, input_spec: Input) -> str:
    return f"{number:,} {input_spec.noun if number == 1 else input_spec.plural}"
