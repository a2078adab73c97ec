"""Two folders of pictures, where files of the same name belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from zoo.errors import DataError
from zoo.specs import Input
from zoo.tasks.targets.base import Rows, some
from zoo.tasks.targets.files import Files, input_files, left_out_notes

__all__ = ["FolderPair", "paired"]


@dataclass(frozen=True, kw_only=True)
class FolderPair:
    """The names of the folder of inputs and of that of targets, and in messages what is
    in them, and a folder that has both."""

    inputs: str
    targets: str
    noun: str
    target_noun: str
    example: str


def paired(folder: Path, input_spec: Input, pair: FolderPair) -> Rows:
    """Return the pictures of one folder in `folder` with those of the same names in the
    other. Raises DataError."""
    places = [folder / pair.inputs, folder / pair.targets]
    if not all(place.is_dir() for place in places):
        raise DataError(
            f"{folder} has no folders {pair.inputs!r} and {pair.targets!r} in it. Put "
            f"each {pair.target_noun} where its {pair.noun}'s name says: "
            f"{pair.example}/{pair.inputs}/1.jpg, {pair.example}/{pair.targets}/1.png."
        )
    found = [input_files(place, input_spec) for place in places]
    inputs, targets = (
        _by_name(place, files.taken) for place, files in zip(places, found, strict=True)
    )
    alone = [str(inputs[name]) for name in inputs if name not in targets]
    left = [str(targets[name]) for name in targets if name not in inputs]
    if alone or left:
        faults = [f"no {pair.target_noun} for {some(alone)}."] if alone else []
        faults += [f"no {pair.noun} for {some(left)}."] if left else []
        raise DataError(
            f"{folder}: there is {' There is '.join(faults)} A {pair.noun} and its "
            f"{pair.target_noun} have the same name: {pair.inputs}/1.jpg, "
            f"{pair.targets}/1.png."
        )
    order = sorted(inputs)
    items = [inputs[name] for name in order]
    files = Files(items, [path for one in found for path in one.left])
    notes = left_out_notes(folder, files, input_spec)
    return Rows(items, [targets[name] for name in order], order, notes)


def _by_name(folder: Path, files: Sequence[Path]) -> dict[str, Path]:
    """Return the pictures of a folder by their path in it, without the ending."""
    by_name: dict[str, Path] = {}
    for path in files:
        name = path.relative_to(folder).with_suffix("").as_posix()
        name = normalize("NFC", name)
        if name in by_name:
            raise DataError(
                f"{folder} has {by_name[name].name} and {path.name}, which have the "
                "same name. Which of them is meant can't be told: rename one."
            )
        by_name[name] = path
    return by_name
