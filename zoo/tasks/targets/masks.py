"""Masks that answer what each pixel shows: paired, read, checked, numbered by label.

A mask is as large as its picture. Its values are classes, or it is black and white.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo.errors import DataError, InputError
from zoo.preprocessing import image_file
from zoo.preprocessing.image import fitted_mask
from zoo.runtime import mask_metrics
from zoo.specs import ImageInput, Input, MaskOutput
from zoo.tasks.targets import folder_pairs
from zoo.tasks.targets.base import Kinds, Rows, Targets, some
from zoo.tasks.targets.files import picture_size
from zoo.tasks.targets.folder_pairs import FolderPair

__all__ = [
    "BLACK_AND_WHITE",
    "Mask",
    "MaskTargets",
    "paired",
    "pairs",
    "read_values",
]

MOST_CLASS = 255  # the largest number of a class
MOST_VALUES = 64  # that are classes; with more, somebody has smoothed the edges
IGNORED = mask_metrics.IGNORED  # the value, and the number, of pixels of no label
BLACK_AND_WHITE = ("background", "foreground")  # what 0 and 255 are called
IMAGES, MASKS = "images", "masks"  # the folders of a folder of pairs
FOLDERS = FolderPair(
    inputs=IMAGES, targets=MASKS, noun="picture", target_noun="mask", example="photos"
)


@dataclass(frozen=True, kw_only=True)
class Mask:
    """One mask, not opened yet: `sources[row]` is a path or a picture.

    `numbers` has the label of each of its values, 255 of those that are of none,
    `counts` how many pixels each label has, and `seal` is the SHA-256 of its values.
    """

    sources: Sequence[Any] = field(repr=False, compare=False)
    row: int = field(repr=False, compare=False)
    name: str = field(repr=False, compare=False)
    numbers: tuple[tuple[int, int], ...]
    counts: tuple[int, ...]
    seal: str

    def opened(self) -> Any:
        """Return the number of each pixel's label, as bytes, (height, width)."""
        values = read_values(self.sources[self.row], self.name)
        table = np.zeros(max(value for value, _ in self.numbers) + 1, dtype=np.uint8)
        for value, number in self.numbers:
            table[value] = number
        return table[values]


class MaskTargets(Targets[MaskOutput]):
    """Each target is a picture, in which every pixel has a label."""

    column_names = (
        *("mask", "masks", "label_mask", "segmentation", "annotation"),
        *Targets.column_names,
    )
    pictures = True
    dataset_labels = True

    def read_folder(self, folder: Path, input_spec: Input) -> Rows:
        """Return the pictures of `folder`/images with the masks of the same names in
        `folder`/masks."""
        return paired(folder, input_spec)

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """The values of all masks stand for `labels`, or are labels themselves."""
        return _classes(source, parts, labels, known)

    def counts(self, targets: Sequence[Any], labels: Sequence[str]) -> dict[str, int]:
        """Return in how many masks each label is."""
        each = zip(*(target.counts for target in targets), strict=True)
        return {
            label: sum(map(bool, pixels))
            for label, pixels in zip(labels, each, strict=True)
        }

    def sizes(self, targets: Sequence[Any], labels: Sequence[str]) -> list[int]:
        """Return how many pixels each label has."""
        counts = [target.counts for target in targets]
        return [sum(pixels) for pixels in zip(*counts, strict=True)]

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: MaskOutput
    ) -> Tensor:
        """Return label numbers, (rows, height, width): a mask is brought to the model's
        frame as its picture is, by the nearest pixel."""
        frame = cast(ImageInput, input_spec)
        with ThreadPoolExecutor(max_workers=2) as pool:
            opened = pool.map(lambda mask: mask.opened(), targets)
            return torch.stack([fitted_mask(one, frame) for one in opened])

    def synthetic(
        self, output_spec: MaskOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        shape = (len(given), *given.shape[-2:])
        return torch.randint(len(output_spec.labels), shape, generator=random)

    def two_kinds(
        self, drawn: Tensor, input_spec: Input, output_spec: MaskOutput
    ) -> Kinds:
        """One half of each picture is near the least that the rows hold and the other
        near the most, sides in turn, and its mask says which."""
        rows, wide = len(drawn), drawn.shape[-1]
        across = torch.arange(wide) < wide // 2
        second = across ^ (torch.arange(rows) % 2 == 1)[:, None]  # (rows, W)
        target = second[:, None].expand(-1, *drawn.shape[-2:])
        ends = torch.where(target[:, None], drawn.max(), drawn.min())
        sources = [one.byte().mul(255).numpy() for one in target]
        masks = tuple(
            Mask(
                sources=sources,
                row=row,
                name=f"row {row}",
                numbers=((0, 0), (255, 1)),
                counts=(int((~one).sum()), int(one.sum())),
                seal="",
            )
            for row, one in enumerate(target)
        )
        items = 0.3 * drawn + 0.7 * ends
        return Kinds(items=items, targets=masks, labels=("first", "second"))


def pairs(folder: Path) -> bool:
    """Return whether a folder holds a folder of pictures and one of their masks."""
    return (folder / IMAGES).is_dir() and (folder / MASKS).is_dir()


def paired(folder: Path, input_spec: Input) -> Rows:
    """Return the pictures of `folder`/images with the masks of the same names in
    `folder`/masks. Raises DataError."""
    return folder_pairs.paired(folder, input_spec, FOLDERS)


def _classes(
    source: str,
    parts: Mapping[str, Rows],
    labels: Sequence[str] | None,
    known: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the labels that masks are of, in order, and write every target as a Mask.

    The values of all masks stand for `labels`, or are labels themselves; `known` gives
    the order of those that a model knows already. Raises DataError.
    """
    looked = {part: _looked_at(source, rows) for part, rows in parts.items()}
    values = sorted(
        {v for seen in looked.values() for counts, _ in seen for v in counts}
    )
    named = _named(source, values, labels)
    names = tuple(map(str, labels)) if labels is not None else _order(named, known)
    if len(names) < 2:
        raise DataError(
            f"{source} has one class only: every pixel of every mask is {values[0]}. "
            "There is nothing to tell apart: give masks with two values at least."
        )
    numbers = {value: names.index(name) for value, name in named.items()}
    for value in set(values) - {*named}:
        numbers[value] = IGNORED
        for part, rows in parts.items():
            pixels = sum(counts.get(value, 0) for counts, _ in looked[part])
            note = _ignored_note(source, part, pixels, [*map(str, values)])
            rows.notes = [*rows.notes, note]
    for part, rows in parts.items():
        rows.targets = [
            _mask(rows, row, counts, seal, numbers, len(names))
            for row, (counts, seal) in enumerate(looked[part])
        ]
    return names


def _ignored_note(source: str, part: str, pixels: int, words: list[str]) -> str:
    return (
        f"{source}: {pixels:,} pixels of the {f'{part} ' if part else ''}masks are "
        f"{IGNORED}, and of no class: they are neither learned nor measured. If it is "
        f"one, name every value: labels={words} (--labels {','.join(words)})."
    )


Counts = dict[int, int]  # how many pixels each value has


def _mask(
    rows: Rows, row: int, counts: Counts, seal: str, numbers: Counts, labels: int
) -> Mask:
    each = [0] * labels
    for value, count in counts.items():
        if numbers[value] != IGNORED:
            each[numbers[value]] += count
    return Mask(
        sources=rows.targets,
        row=row,
        name=rows.names[row],
        numbers=tuple(sorted(numbers.items())),
        counts=tuple(each),
        seal=seal,
    )


def _looked_at(source: str, rows: Rows) -> list[tuple[Counts, str]]:
    """Return the values of each mask, and a hash of them; check its size."""
    counted_masks = []
    colours: dict[int, tuple[Any, str]] = {}  # of each value, and whose mask has it
    for row, name in enumerate(rows.names):
        mask = read_values(rows.targets[row], name)
        size, expected = mask.shape[::-1], picture_size(rows.items[row])
        if expected is not None and size != expected:
            raise DataError(
                f"{source}: the mask of {name} is {size[0]}x{size[1]}, and its picture "
                f"is {expected[0]}x{expected[1]}. Make masks as large as their "
                "pictures, by the nearest pixel."
            )
        values, counts = np.unique(mask, return_counts=True)
        if len(values) > MOST_VALUES or _smoothed(values.tolist()):
            raise DataError(
                f"{source}: the mask of {name} has {len(values)} values from "
                f"{values[0]} to {values[-1]}: its edges are smoothed, or it is no "
                "mask. Save masks as PNG without smoothing, one value for each class."
            )
        _check_palette(source, name, _palette(rows.targets[row]), values, colours)
        seal = hashlib.sha256(f"{mask.shape}".encode() + mask.tobytes()).hexdigest()
        counted = zip(values.tolist(), counts.tolist(), strict=True)
        counted_masks.append((dict(counted), seal))
    return counted_masks


def _palette(raw: Any) -> Any:
    """Return the colours of a mask file's palette, (values, 3); None without one."""
    if isinstance(raw, Image.Image):
        found = raw.getpalette()
    elif isinstance(raw, str | Path):
        with image_file.opened(raw, str(raw)) as image:
            found = image.getpalette()
    else:
        return None
    return None if found is None else np.reshape(found, (-1, 3)).tolist()


def _check_palette(
    source: str,
    name: str,
    palette: Any,
    values: Any,
    colours: dict[int, tuple[Any, str]],
) -> None:
    """Refuse a palette that gives a colour of another mask to another value."""
    if palette is None:
        return
    own = {v: palette[v] for v in values.tolist() if v < len(palette)}
    for value, colour in own.items():
        before, other = colours.setdefault(value, (colour, name))
        if before != colour and any(
            known == colour for number, (known, _) in colours.items() if number != value
        ):
            raise DataError(
                f"{source}: the palettes of the masks of {other} and {name} have the "
                f"same colours in another order: {value} is {tuple(before)} in one and "
                f"{tuple(colour)} in the other. Save all masks with one palette."
            )


def _smoothed(values: list[int]) -> bool:
    """Return whether values between black and white look like a smoothed edge: some
    lie where no class would be numbered."""
    between = [value for value in values if 0 < value < 255]
    return {0, 255} <= {*values} and any(value > MOST_VALUES for value in between)


def _named(
    source: str, values: list[int], labels: Sequence[str] | None
) -> dict[int, str]:
    """Return the label that each value stands for.

    Beside other classes, 255 stands for none, as in Pascal VOC and Cityscapes, unless
    `labels` have a name for it.
    """
    if {*values} <= {0, 255} and (labels is None or len(labels) == 2):
        names = BLACK_AND_WHITE if labels is None else tuple(map(str, labels))
        return {value: names[value // 255] for value in values}
    if not _is_class(values, labels):
        values = [value for value in values if value != IGNORED]
    words = list(map(str, values))
    if not values:
        return {}
    if labels is None or {*words} <= {*map(str, labels)}:
        return dict(zip(values, words, strict=True))
    if values[-1] < len(labels):
        return {value: str(labels[value]) for value in values}
    if len(values) == len(labels):
        return dict(zip(values, map(str, labels), strict=True))
    raise DataError(
        f"{source}: the masks have the values {some(words)}, and there are "
        f"{len(labels)} labels: {some(labels)}. Give a label for each value, in order."
    )


def _is_class(values: list[int], labels: Sequence[str] | None) -> bool:
    """Return whether labels have a name for 255: as it is, or for each value in turn
    where the others are not the numbers of labels."""
    if labels is None:
        return False
    others = [value for value in values if value != IGNORED]
    in_turn = len(values) == len(labels) and max(others, default=0) >= len(labels)
    return in_turn or len(labels) > IGNORED or str(IGNORED) in map(str, labels)


def _order(named: Mapping[int, str], known: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(named.values()))
    return tuple(known) if {*names} == {*known} else names


def read_values(raw: Any, name: str, most: int = MOST_CLASS) -> Any:
    """Return the values of a mask, whole numbers (height, width) from 0 to `most`.
    Raises DataError."""
    if raw is None:
        raise DataError(f"{name} has no mask.")
    try:
        if isinstance(raw, Image.Image):
            return _flat(np.asarray(raw), raw.mode, name, most)
        if isinstance(raw, str | Path):
            with image_file.opened(raw, str(raw)) as image:
                found = image_file.load_exact(image, str(raw))
                return _flat(np.asarray(found), found.mode, name, most)
        return _flat(np.asarray(raw), "", name, most)
    except InputError as exc:
        raise DataError(f"The mask of {name}: {exc.problem}") from exc
    except (OSError, ValueError, SyntaxError) as exc:
        fault = f"{type(exc).__name__}: {exc}".partition("\n")[0].rstrip(".")
        raise DataError(f"The mask of {name} can't be read ({fault}).") from exc


def _flat(array: Any, mode: str, name: str, most: int) -> Any:
    """Return one number for each pixel of what was read."""
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if mode in ("LA", "RGBA"):
        array = array[..., :-1]
    if array.ndim == 3 and (array == array[..., :1]).all():
        array = array[..., 0]
    if array.ndim != 2 or not array.size or array.dtype.kind not in "ui":
        raise DataError(
            f"The mask of {name} is no mask of numbers: shape {array.shape}, type "
            f"{array.dtype}. Give a PNG whose values are classes, or black and white."
        )
    if array.min() < 0 or array.max() > most:
        what = "classes" if most == MOST_CLASS else "objects"
        raise DataError(
            f"The mask of {name} has values from {array.min()} to {array.max()}; "
            f"{what} are numbered from 0 to {most:,}."
        )
    return array.astype(np.uint8 if most == MOST_CLASS else np.uint16)
