"""Translations that answer texts: a column of a table beside that of the texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor

from zoo.errors import DataError
from zoo.runtime.input_errors import is_missing
from zoo.runtime.tokenizer import encode_untruncated, pad
from zoo.specs import Input, TextInput, TranslationOutput
from zoo.tasks.targets.base import Rows, Targets, some

__all__ = ["TranslationTargets"]

NESTED = "translation"  # a column of the Hub with a text in each language
CODE_LETTERS = 2  # of a language on the Hub ("en")


class TranslationTargets(Targets[TranslationOutput]):
    """Each target is the translation of a text."""

    column_names = ("translation", "target", "target_text")

    def columns(self, output_spec: TranslationOutput | None) -> Sequence[str]:
        """Return the code of the language first: tables of pairs name columns so."""
        language = output_spec.language if output_spec else ""
        return [*([language] if language else []), *self.column_names]

    def flat_rows(self, rows: Any) -> Any:
        """Return the rows of a dataset with a column for each language, where one
        column holds a text of each, as on the Hub."""
        features = getattr(rows, "features", {})
        nested = features.get(NESTED)
        languages = getattr(nested, "languages", nested)
        if not isinstance(languages, list | dict):
            return rows
        names = {f"{NESTED}.{one}": one for one in languages if one not in features}
        return rows.flatten().rename_columns(names)

    def read_splits(self, place: Path, input_spec: Input) -> NoReturn:
        """Refuse a folder: what is beside a text in it is no translation."""
        raise DataError(
            f"{place} is a folder, and translations are read from a table: give a CSV, "
            "JSON or parquet file, or a dataset, with a column of texts and one of "
            "translations."
        )

    def column_notes(
        self, column: str, target: str, input_spec: Input, output_spec: Any
    ) -> list[str]:
        """Return a note for each column that is named as another language than the
        model's."""
        sides = (
            ("texts", column, "from", getattr(input_spec, "language", "")),
            ("targets", target, "to", output_spec.language),
        )
        return [
            f"the {what} are in the column {name!r}, and the model translates {way} "
            f"{language!r}. If they are of another language, it learns that one, and "
            f"its card says {language!r} all the same."
            for what, name, way, language in sides
            if language and name != language and _is_language(name)
        ]

    def parse(
        self,
        source: str,
        parts: Mapping[str, Rows],
        labels: Sequence[str] | None,
        known: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """Line breaks and repeated spaces become single spaces, as in the inputs."""
        if labels is not None:
            raise DataError(
                f"{source}: labels= names classes, and translations have none: leave "
                "it out."
            )
        for part, rows in parts.items():
            pairs = [*zip(rows.names, rows.targets, strict=True)]
            rows.targets = [_text(source, name, value) for name, value in pairs]
            missing = [
                name
                for name, text in zip(rows.names, rows.targets, strict=True)
                if not text
            ]
            if missing:
                what = "row has" if len(missing) == 1 else "rows have"
                which = " ".join(f"{len(missing):,} {part} {what}".split())
                raise DataError(f"{source}: {which} no translation: {some(missing)}.")
        return ()

    def tensor(
        self, targets: Sequence[Any], input_spec: Input, output_spec: TranslationOutput
    ) -> Tensor:
        """Return token ids, (rows, longest): start, tokens, end, and padding."""
        assert isinstance(input_spec, TextInput), "its tokenizer is that of both"
        start, end = output_spec.bos_token_id, output_spec.eos_token_id
        rows = [[start, *encode_untruncated(t, input_spec), end] for t in targets]
        return pad(rows, input_spec)

    def synthetic(
        self, output_spec: TranslationOutput, given: Tensor, random: torch.Generator
    ) -> Tensor:
        """Return the texts themselves, between a start and an end."""
        start = torch.full_like(given[:, :1], output_spec.bos_token_id)
        end = torch.full_like(start, output_spec.eos_token_id)
        return torch.cat([start, given, end], dim=1)


def _is_language(name: str) -> bool:
    """Return whether a column is named by the code of a language."""
    return len(name) == CODE_LETTERS and name.isascii() and name.isalpha()


def _text(source: str, name: str, value: Any) -> str:
    """Return the translation of a row, "" where there is none. Raises DataError."""
    if is_missing(value):
        return ""
    if not isinstance(value, str):
        raise DataError(
            f"{source}: the translation of {name} is {value!r}, and no text."
        )
    return " ".join(value.split())
