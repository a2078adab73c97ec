"""A folder of pictures with annotations beside them: which form it has, and which
splits.

Boxes have three forms, and what else is annotated only the first: JSON files of COCO's
form, an XML file of Pascal VOC's for each picture, and a text file of YOLO's for each
picture. A picture and its own file have the same name, in one folder or in two whose
names say no more than what they hold (`images` and `labels`, `JPEGImages` and
`Annotations`). Splits are folders (`train`, `valid`, `test`), the names of COCO's
files, or the lists of VOC (`ImageSets/Main`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from zoo._utils import paths
from zoo._utils.shown import brief
from zoo.errors import DataError
from zoo.specs import Input
from zoo.tasks.targets.annotations.coco import ReadObject, read_box, read_coco
from zoo.tasks.targets.annotations.marks import Marked
from zoo.tasks.targets.annotations.pascal_voc import count_from_one, read_voc
from zoo.tasks.targets.annotations.text_files import listed, read_text
from zoo.tasks.targets.annotations.yolo_text import (
    is_name_file,
    read_names,
    read_yolo,
)
from zoo.tasks.targets.base import Rows
from zoo.tasks.targets.files import input_files
from zoo.tasks.targets.split_names import name_splits, split_of

__all__ = ["SUFFIXES", "CocoForm", "folder_of", "read_annotated", "read_coco_folder"]

SUFFIXES = (".json", ".yaml", ".yml")  # of files that stand for their folder
COCO, VOC, YOLO = "a JSON file of COCO's form", "XML files", "text files"
FORMS = (
    "a JSON file of COCO's form (annotations.json, or instances_train.json and "
    "instances_val.json), an XML file of Pascal VOC's form for each picture, or a text "
    "file of YOLO's form for each picture (in labels/)"
)
# Folders that say what they hold, and not which rows.
NEUTRAL = (
    *("images", "image", "imgs", "img", "jpegimages", "pictures", "photos", "data"),
    *("labels", "annotations", "annotation", "xml", "xmls", "txt"),
)
YEAR = re.compile(r"(19|20)\d\d$")
WORDS = re.compile(r"[\s_.-]+")
MOST_LIST_BYTES = 64 << 20

Key = tuple[str, ...]  # what a picture and its own file have in common


@dataclass(frozen=True)
class CocoForm:
    """What JSON files of COCO's form are read for.

    `read` makes an object of an annotation. A file is called by one of the `words`, and
    one whose name begins as the `others` is of something else. `needed` is said of a
    folder in which there is none.
    """

    read: ReadObject
    words: frozenset[str]
    others: tuple[str, ...]
    needed: str = ""


BOX_FORM = CocoForm(
    read_box,
    frozenset({"coco", "annotations", "annotation", "instances"}),
    ("captions", "person_keypoints", "keypoints", "panoptic", "stuff", "image"),
)


@dataclass(frozen=True)
class _Folder:
    """A folder, with the pictures and the other files in it, at any depth."""

    place: Path
    pictures: list[Path]
    others: list[Path]

    def named(self, path: Path) -> str:
        """Return what messages call a file."""
        return f"{self.place.name or self.place}/{self.inner(path)}"

    def inner(self, path: Path) -> str:
        return path.relative_to(self.place).as_posix()

    def key(self, path: Path) -> Key:
        """Return the folders that say which rows a file is of, and its name."""
        inner = path.relative_to(self.place)
        kept = [p for p in inner.parts[:-1] if p.casefold() not in NEUTRAL]
        return tuple(normalize("NFC", part) for part in (*kept, inner.stem))

    def by_key(self, files: Iterable[Path]) -> dict[Key, Path]:
        found: dict[Key, Path] = {}
        for path in files:
            first = found.setdefault(self.key(path), path)
            if first is not path:
                raise DataError(
                    f"{self.named(first)} and {self.inner(path)} have the same name. "
                    "Which of them is meant can't be told: rename one."
                )
        return found


def folder_of(file: Path) -> Path:
    """Return the folder of the pictures that an annotation file speaks of."""
    named = file.parent.name.casefold() in ("annotations", "labels")
    return file.parent.parent if named else file.parent


def read_annotated(place: Path, input_spec: Input) -> dict[str, Rows]:
    """Return the pictures of a folder, or of the folder of an annotation file, with the
    objects in each (`Marked`), by split; "" where there are no splits.

    Raises DataError, with the file and the line or the number of what is wrong.
    """
    folder, chosen = _opened(place, input_spec)
    root = folder.place
    if chosen and chosen.suffix.lower() == ".json":
        return _coco(folder, [chosen], BOX_FORM, split=False)
    forms = {} if chosen else _forms(folder)
    texts = _texts(folder)
    if chosen or (not forms and texts):
        return _yolo(folder, texts, chosen)
    if texts:
        forms[YOLO] = texts
    if not forms:
        held = _count(len(folder.pictures), "picture")
        raise DataError(f"{root} holds {held}, and no boxes. Put beside it {FORMS}.")
    if len(forms) > 1:
        listing = " and ".join(
            f"{form} ({folder.inner(files[0])})" for form, files in forms.items()
        )
        raise DataError(
            f"{root} holds boxes in {len(forms)} forms: {listing}. Which are meant "
            "can't be told: keep those of one."
        )
    ((form, files),) = forms.items()
    return _coco(folder, files, BOX_FORM) if form == COCO else _voc(folder, files)


def read_coco_folder(
    place: Path, input_spec: Input, form: CocoForm
) -> dict[str, Rows] | None:
    """Return the pictures of a folder, or of the folder of a JSON file, with the
    objects that files of COCO's form have of each (`Marked`), by split; "" where there
    are no splits, and None where a folder holds no JSON file.

    Raises DataError, with the file and the number of what is wrong.
    """
    folder, chosen = _opened(place, input_spec)
    if chosen:
        return _coco(folder, [chosen], form, split=False)
    json = [path for path in folder.others if path.suffix.lower() == ".json"]
    files = [path for path in json if _is_usual(path, form)] or json
    if files:
        return _coco(folder, files, form)
    if not form.needed:
        return None
    held = _count(len(folder.pictures), "picture")
    raise DataError(f"{folder.place} holds {held}, and {form.needed}")


def _opened(place: Path, input_spec: Input) -> tuple[_Folder, Path | None]:
    """Return a folder, or that of a file, and the file. Raises DataError."""
    chosen = place if place.is_file() else None
    root = folder_of(place) if chosen else place
    found = input_files(root, input_spec)
    if not found.taken:
        raise DataError(
            f"{root} holds no {input_spec.plural} ({', '.join(input_spec.suffixes)})."
        )
    return _Folder(root, found.taken, found.left), chosen


def _forms(folder: _Folder) -> dict[str, list[Path]]:
    """Return the JSON and XML files of a folder that may hold boxes."""
    xml = [path for path in folder.others if path.suffix.lower() == ".xml"]
    json = [path for path in folder.others if path.suffix.lower() == ".json"]
    usual = [path for path in json if _is_usual(path, BOX_FORM)]
    json = usual or ([] if xml or _texts(folder) else json)
    return {form: files for form, files in ((COCO, json), (VOC, xml)) if files}


def _is_usual(path: Path, form: CocoForm) -> bool:
    """Return whether the name of a JSON file is one that COCO's form has."""
    stem = path.stem.casefold()
    if stem.startswith(form.others):
        return False
    words = WORDS.split(stem)
    return bool(form.words & {*words}) or bool(_split_in(words))


def _texts(folder: _Folder) -> list[Path]:
    """Return the text files that are in a folder `labels`, or named as a picture is."""
    keys = {folder.key(path) for path in folder.pictures}
    return [
        path
        for path in folder.others
        if path.suffix.lower() == ".txt"
        and not is_name_file(path)
        and (folder.key(path) in keys or "labels" in path.parts[-3:-1])
        and "ImageSets" not in path.parts
    ]


def _split_in(words: Iterable[str]) -> str | None:
    """Return the first word that names a split, with or without a year: train2017."""
    return next((word for word in words if split_of(YEAR.sub("", word))), None)


def _folder_splits(folder: _Folder, files: Iterable[Path]) -> dict[Path, str]:
    """Return the split of each file, "" of none, by the folders it is in."""
    words = {
        path: _split_in(path.relative_to(folder.place).parts[:-1]) for path in files
    }
    plain = {word: YEAR.sub("", word) for word in words.values() if word}
    name_splits(str(folder.place), dict.fromkeys(plain.values()), "folders")
    return {
        path: (split_of(plain[word]) or "") if word else ""
        for path, word in words.items()
    }


def _by_split(
    folder: _Folder, found: Mapping[Path, Marked], splits: Mapping[Path, str]
) -> dict[str, Rows]:
    """Return rows by split, in the order of their names; where there are splits, what
    is in none is left out."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(found, key=lambda path: (folder.key(path), path)):
        groups.setdefault(splits[path], []).append(path)
    parts = {
        split: Rows(group, [found[p] for p in group], [folder.inner(p) for p in group])
        for split, group in groups.items()
    }
    if len(parts) > 1 and "" in parts:
        loose = parts.pop("")
        _note(
            parts,
            f"{_count(len(loose.items), 'picture')} in no split "
            f"{_were(len(loose.items))} left out {listed([*loose.names])}.",
            folder,
        )
    return parts


def _note(parts: Mapping[str, Rows], sentence: str, folder: _Folder) -> None:
    """Say something of the whole folder, with the first of its parts."""
    first = next(iter(parts.values()), None)
    if first is not None:
        first.notes = [*first.notes, f"{folder.place.name}: {sentence}"]


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _left_out(
    parts: Mapping[str, Rows], folder: _Folder, noun: str, names: Sequence[str]
) -> None:
    if names:
        sentence = f"{_count(len(names), noun)} {_were(len(names))} left out"
        _note(parts, f"{sentence} {listed(sorted(names))}.", folder)


# COCO


def _coco(
    folder: _Folder, files: Sequence[Path], form: CocoForm, *, split: bool = True
) -> dict[str, Rows]:
    splits = _coco_splits(folder, files) if split else dict.fromkeys(files, "")
    by_name: dict[str, list[Path]] = {}
    for path in folder.pictures:
        by_name.setdefault(normalize("NFC", path.name), []).append(path)
    parts: dict[str, Rows] = {}
    used: set[Path] = set()
    missing: list[str] = []
    crowds = 0
    for file in files:
        read = read_coco(file, folder.named(file), form.read)
        found: dict[Path, Marked] = {}
        for name, marked in read.pictures.items():
            picture = _picture(folder, file, name, by_name, marked.where)
            if picture is None:
                missing.append(name)
            else:
                found[picture] = marked
        used |= {*found}
        crowds += read.crowds
        if not found:
            raise DataError(
                f"{read.name}: none of its {len(read.pictures):,} pictures is in "
                f"{folder.place}."
            )
        parts |= _by_split(folder, found, dict.fromkeys(found, splits[file]))
    _left_out(parts, folder, "picture that is annotated, but not there,", missing)
    unknown = [folder.inner(path) for path in folder.pictures if path not in used]
    _left_out(parts, folder, "picture without annotations", unknown)
    if crowds:
        sentence = f"{_count(crowds, 'crowd')} (iscrowd), of which one box surrounds "
        _note(parts, f"{sentence}many, {_were(crowds)} left out.", folder)
    return parts


def _coco_splits(folder: _Folder, files: Sequence[Path]) -> dict[Path, str]:
    """Return the split of each JSON file, by its own name or that of its folder."""
    if len(files) == 1 and not _split_in(WORDS.split(files[0].stem)):
        return _folder_splits(folder, files)
    words = {}
    for path in files:
        inner = path.relative_to(folder.place)
        words[path] = _split_in([*WORDS.split(path.stem), *inner.parts[:-1]])
    others = [folder.inner(path) for path, word in words.items() if word is None]
    if others:
        raise DataError(
            f"{folder.place} holds {len(files)} JSON files, and the names of these "
            f"don't say which rows they are of: {listed(others)[1:-1]}. Name them "
            "instances_train.json, instances_val.json and instances_test.json, or give "
            "the file that is meant."
        )
    plain = {path: YEAR.sub("", word or "") for path, word in words.items()}
    names = {folder.inner(path): split_of(word) for path, word in plain.items()}
    for one in {*names.values()}:
        same = [name for name, split in names.items() if split == one]
        if len(same) > 1:
            raise DataError(
                f"{folder.place} has {len(same)} files of {one} rows: "
                f"{', '.join(same)}. Keep one."
            )
    return {path: split_of(word) or "" for path, word in plain.items()}


def _picture(
    folder: _Folder,
    file: Path,
    name: str,
    by_name: Mapping[str, Sequence[Path]],
    where: str,
) -> Path | None:
    """Return the picture that a file names: beside it, or else the only one in the
    folder whose path ends so."""
    plain = normalize("NFC", name.replace("\\", "/"))
    if paths.leads_out(plain):
        raise DataError(
            f"{where}: its file_name {brief(name, 300)} leads out of "
            f"{folder.place}. Pictures are files beside their annotations."
        )
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    same = [
        path
        for path in by_name.get(parts[-1] if parts else "", ())
        if [normalize("NFC", p) for p in path.parts[-len(parts) :]] == parts
    ]
    if len(same) > 1:
        word = _split_in([*WORDS.split(file.stem), *file.parts[-2:-1]])
        beside = [path for path in same if path.parent == file.parent]
        split = word and split_of(YEAR.sub("", word))
        same = (
            beside
            or [
                path
                for path in same
                if split
                and split_of(YEAR.sub("", _split_in(path.parts[:-1]) or "")) == split
            ]
            or same
        )
    if len(same) > 1:
        raise DataError(
            f"{where}: {len(same)} pictures are called {brief(name, 300)} "
            f"{listed([folder.inner(path) for path in same])}. Which is meant can't be "
            "told."
        )
    return same[0] if same else None


# Pascal VOC


def _voc(folder: _Folder, files: Sequence[Path]) -> dict[str, Rows]:
    pictures = folder.by_key(folder.pictures)
    found: dict[Path, Marked] = {}
    alone: list[str] = []
    difficult = 0
    for key, file in folder.by_key(files).items():
        marked, hard = read_voc(file, folder.named(file))
        difficult += hard
        if key in pictures:
            found[pictures[key]] = marked
        else:
            alone.append(folder.inner(file))
    if not found:
        raise DataError(
            f"{folder.place}: no picture has the name of an XML file. A picture and "
            "its annotation have the same name: JPEGImages/1.jpg, Annotations/1.xml."
        )
    from_one = count_from_one([*found.values()])
    lists = _image_sets(folder)
    splits = (
        {path: lists.get(path.stem, "") for path in found}
        if lists
        else _folder_splits(folder, found)
    )
    parts = _by_split(folder, found, splits)
    unknown = [folder.inner(path) for path in folder.pictures if path not in found]
    _left_out(parts, folder, "picture without an annotation", unknown)
    _left_out(parts, folder, "annotation without a picture", alone)
    if not from_one and any(row.marks for row in found.values()):
        _note(
            parts,
            "a box begins at 0, or has fractions, so pixels are counted from 0, and "
            "not from 1 as Pascal VOC does.",
            folder,
        )
    if difficult:
        sentence = "1 object is" if difficult == 1 else f"{difficult:,} objects are"
        rest = "marked as difficult; they are taken as any other."
        _note(parts, f"{sentence} {rest}", folder)
    return parts


def _image_sets(folder: _Folder) -> dict[str, str]:
    """Return the splits of pictures, by their names, from the lists of VOC."""
    found: dict[str, str] = {}
    lists = {
        path.stem: path
        for path in folder.others
        if path.suffix.lower() == ".txt" and path.parts[-3:-1] == ("ImageSets", "Main")
    }
    if "trainval" in lists and "train" not in lists:
        lists["train"] = lists.pop("trainval")
    for stem, path in sorted(lists.items()):
        if (split := split_of(stem)) is None:
            continue
        text = read_text(path, folder.named(path), MOST_LIST_BYTES)
        for number, line in enumerate(text.split("\n"), 1):
            for name in line.split()[:1]:
                if found.setdefault(name, split) != split:
                    raise DataError(
                        f"{folder.named(path)}, line {number}: {name} is one of the "
                        f"{found[name]} rows already."
                    )
    return found


# YOLO


def _yolo(
    folder: _Folder, files: Sequence[Path], chosen: Path | None
) -> dict[str, Rows]:
    named_by = chosen or _name_file(folder)
    shown = folder.named(named_by) if named_by else ""
    names = read_names(named_by, shown) if named_by else ()
    texts, pictures = folder.by_key(files), folder.by_key(folder.pictures)
    alone = [folder.inner(file) for key, file in texts.items() if key not in pictures]
    found: dict[Path, Marked] = {}
    bare: list[str] = []
    for key, path in pictures.items():
        if key in texts:
            file = texts[key]
            found[path] = read_yolo(file, folder.named(file), names, shown)
        else:
            bare.append(folder.inner(path))
            found[path] = Marked(order=names, where=folder.named(path))
    if len(bare) == len(pictures):
        raise DataError(
            f"{folder.place}: no picture has the name of a text file with boxes. A "
            "picture and its file have the same name: images/1.jpg, labels/1.txt."
        )
    parts = _by_split(folder, found, _folder_splits(folder, found))
    _left_out(parts, folder, "text file without a picture", alone)
    if bare:
        sentence = (
            "1 picture has no text file, and is"
            if len(bare) == 1
            else f"{len(bare):,} pictures have no text file, and are"
        )
        _note(
            parts, f"{sentence} taken to show no object {listed(sorted(bare))}.", folder
        )
    if not names:
        _note(
            parts,
            "no file has the names of the classes (data.yaml, classes.txt), so their "
            "numbers are their labels.",
            folder,
        )
    return parts


def _name_file(folder: _Folder) -> Path | None:
    """Return the file with the names of the classes: data.yaml before others."""
    files = [path for path in folder.others if is_name_file(path)]
    usual = ("data.yaml", "dataset.yaml")
    order = sorted(files, key=lambda p: (p.name not in usual, p.suffix == ".txt", p))
    return order[0] if order else None
