"""Pictures that answer pictures: what each becomes, as a label map a photograph.

Both are of one shape, and what is at a place of one is at that place of the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zoo.errors import DataError, InputError
from zoo.preprocessing.image import open_image
from zoo.runtime.image import fit_image
from zoo.specs import ImageInput, Input
from zoo.tasks.targets.base import Rows, some
from zoo.tasks.targets.files import picture_size
from zoo.tasks.targets.folder_pairs import FolderPair, paired
from zoo.tasks.targets.pictures import Pictured, PictureTargets

__all__ = ["PairedPicture", "PicturePairTargets", "same_shape"]

FOLDERS = FolderPair(
    inputs="maps",
    targets="photos",
    noun="label map",
    target_noun="photograph",
    example="pairs",
)
TOLERANCE = 0.02  # of the aspect ratio: sides are whole numbers


@dataclass(frozen=True, kw_only=True)
class PairedPicture:
    """One picture, not opened yet: `sources[row]` is a path or a picture. `seal` is the
    SHA-256 of its content."""

    sources: Sequence[Any] = field(repr=False, compare=False)
    row: int = field(repr=False, compare=False)
    name: str = field(repr=False, compare=False)
    seal: str

    def opened(self, frame: ImageInput) -> Image.Image:
        """Return the picture in the size of a frame. Raises DataError."""
        try:
            return fit_image(open_image(self.sources[self.row], frame), frame)
        except InputError as exc:
            raise DataError(
                f"What {self.name} becomes can't be read: {exc.problem}"
            ) from exc


class PicturePairTargets(PictureTargets):
    """Each target is the picture that an input becomes."""

    column_names = ("photo", "target", "output")
    flat_folders = False
    of_inputs = False
    pictures = True

    def read_folder(self, folder: Path, input_spec: Input) -> Rows:
        """Return the pictures of `folder`/maps with those of the same names in
        `folder`/photos."""
        return paired(folder, input_spec, FOLDERS)

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        if labels:
            raise DataError(
                f"{source}: labels= names classes, and pairs of pictures have none: "
                "leave it out."
            )
        for rows in parts.values():
            missing = [
                name
                for name, one in zip(rows.names, rows.targets, strict=True)
                if one is None
            ]
            if missing:
                raise DataError(f"{source}: there is no target for {some(missing)}.")
            rows.targets = [
                _pair(source, rows, row, name) for row, name in enumerate(rows.names)
            ]
        return ()

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: Pictured
    ) -> Tensor:
        """Return the pictures as bytes, (rows, channels, height, width): each is
        brought to the model's size as its input is."""
        frame = _frame(cast(ImageInput, input_spec), output_spec)
        with ThreadPoolExecutor(max_workers=2) as pool:
            read = pool.map(lambda one: np.array(one.opened(frame)), targets)
            stacked = torch.stack([torch.from_numpy(one) for one in read])
        shaped = stacked.reshape(*stacked.shape[:3], -1)
        return shaped.permute(0, 3, 1, 2).contiguous()


def same_shape(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Return whether two sizes, (width, height) each, have one aspect ratio.

    >>> same_shape((256, 256), (128, 128)), same_shape((300, 200), (128, 128))
    (True, False)
    """
    (width, height), (wide, high) = size, other
    return abs(width * high - wide * height) <= TOLERANCE * wide * height


def _frame(input_spec: ImageInput, output_spec: Any) -> ImageInput:
    """Return how a target is brought to the size of the output."""
    return replace(
        input_spec,
        height=output_spec.height,
        width=output_spec.width,
        channels=output_spec.channels,
        mean=(0.0,),
        std=(1.0,),
        resample="bilinear",
        label_colors=(),
    )


def _pair(source: str, rows: Rows, row: int, name: str) -> PairedPicture:
    raw = rows.targets[row]
    size, of_input = picture_size(raw), picture_size(rows.items[row])
    if size and of_input and not same_shape(size, of_input):
        raise DataError(
            f"{source}: {name} is {of_input[0]}x{of_input[1]}, and what it becomes is "
            f"{size[0]}x{size[1]}. Both need one aspect ratio: what is at a place of "
            "one is at that place of the other."
        )
    seal = hashlib.sha256(_content(raw)).hexdigest()
    return PairedPicture(sources=rows.targets, row=row, name=name, seal=seal)


def _content(raw: Any) -> bytes:
    """Return what tells a picture from others; a file that can't be read is reported
    when it is opened."""
    try:
        if isinstance(raw, str | Path):
            return Path(raw).read_bytes()
    except OSError:
        return b""
    if isinstance(raw, bytes):
        return raw
    if isinstance(raw, Image.Image):
        return f"{raw.mode}{raw.size}".encode() + raw.tobytes()
    return repr(raw).encode()
