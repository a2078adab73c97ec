"""Pictures with the text that they show: named by it, or beside it in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unicodedata import normalize

import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.runtime.ocr_metrics import encode_texts
from zoo.specs import Input, OCROutput
from zoo.tasks.targets.base import Kinds, Rows, Targets, some
from zoo.tasks.targets.classes import check_listed
from zoo.tasks.targets.files import input_files, left_out_notes, no_files

__all__ = ["TextTargets"]

LETTERS = 4  # of a text that stand-in rows show, at most


class TextTargets(Targets[OCROutput]):
    """Each target is the text that a picture shows."""

    column_names = (
        *("text", "caption", "words"),
        *Targets.column_names,
    )
    flat_folders = True

    def read_folder(self, folder: Path, input_spec: Input) -> Rows:
        """Return the pictures of a folder, and of those in it, each named by its text.

        The text is what stands before the first dot: "2b827.png", or "2b827.2.png"
        where two pictures show the same.
        """
        files = input_files(folder, input_spec)
        if not files.taken:
            raise DataError(
                f"{no_files(folder, files, input_spec)} Name each picture by the text "
                "that it shows: captchas/2b827.png."
            )
        texts = [path.name.partition(".")[0] for path in files.taken]
        names = [str(path.relative_to(folder)) for path in files.taken]
        notes = left_out_notes(folder, files, input_spec)
        return Rows(files.taken, texts, names, notes)

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """Return the characters: `labels`, or those that are `known` and after them
        what is new in the training rows."""
        return _alphabet(source, parts, labels, known)

    def counts(self, targets: Sequence[Any], labels: Sequence[str]) -> dict[str, int]:
        """Return in how many texts each character is."""
        characters = [set(text) for text in targets]
        return {one: sum(one in text for text in characters) for one in labels}

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: OCROutput
    ) -> Tensor:
        """Return numbers of characters, (rows, longest)."""
        return encode_texts(targets, output_spec, source="the rows")

    def synthetic(
        self, output_spec: OCROutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        """Return short texts, filled up."""
        rows, count = len(given), len(output_spec.labels)
        letters = torch.randint(count, (rows, LETTERS), generator=random)
        longest = torch.randint(1, LETTERS + 1, (rows, 1), generator=random)
        return (letters + 1).where(torch.arange(LETTERS) < longest, 0)

    def two_kinds(
        self, drawn: Tensor, input_spec: Input, output_spec: OCROutput
    ) -> Kinds:
        kinds = super().two_kinds(drawn, input_spec, output_spec)
        texts = tuple("ab"[kind] for kind in kinds.targets)
        return replace(kinds, targets=texts, labels=("a", "b"))


def _alphabet(
    source: str,
    parts: Mapping[str, Rows],
    labels: Sequence[str] | None,
    known: Sequence[str],
) -> tuple[str, ...]:
    """Return the characters, in order, and let every target be a text of them.

    They are `labels`, or those that are `known` and after them what is new in the
    training rows.
    """
    for part, rows in parts.items():
        rows.targets = [_text(value) for value in rows.targets]
        missing = [rows.names[n] for n, text in enumerate(rows.targets) if not text]
        if missing:
            what = "row has" if len(missing) == 1 else "rows have"
            which = f"{len(missing)} {part} {what}".replace("  ", " ")
            raise DataError(f"{source}: {which} no text: {some(missing)}.")
    first = next(iter(parts.values()))
    names = _characters(source, labels) if labels is not None else tuple(known)
    if labels is None:
        new = sorted(set("".join(first.targets)) - {*names})
        if known and new:
            first.notes = [*first.notes, _new_characters(source, first, new)]
        names += tuple(new)
    for part, rows in parts.items():
        strange = sorted(set("".join(rows.targets)) - {*names})
        if strange:
            raise DataError(
                f"{source}: {f'the {part} rows' if part else 'rows'} have characters "
                f"that are not learned: {some([*map(repr, strange)])}. Learned: "
                f"{''.join(names)!r}."
            )
    return names


def _new_characters(source: str, rows: Rows, new: Sequence[str]) -> str:
    """Return what is said of characters that a model is to learn: a copy of a file,
    such as "2b827 (1).png", shows none of those in its name."""
    row = next(n for n, text in enumerate(rows.targets) if new[0] in text)
    return (
        f"{source}: the model learns characters that it did not know: "
        f"{some([*map(repr, new)])}. The text of {rows.names[row]} is "
        f"{rows.targets[row]!r}: check that the picture shows it."
    )


def _characters(source: str, labels: Any) -> tuple[str, ...]:
    """Return the characters that a user gave, as a list or as one text."""
    if not isinstance(labels, str):
        check_listed(source, labels)
    return tuple(normalize("NFC", str(one)) for one in labels)


def _text(value: Any) -> str:
    """Return a text with each character composed: a letter of a Mac's file names, which
    writes it as its parts, is the same letter."""
    return "" if value is None else normalize("NFC", str(value)).strip()
