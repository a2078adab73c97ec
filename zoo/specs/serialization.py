"""Signatures from plain data: what JSON holds of them, made what they were."""

from dataclasses import fields
from typing import Any, get_args

from zoo.specs.inputs import (
    Column,
    ImageInput,
    Input,
    NoiseInput,
    SeriesInput,
    TabularInput,
    TextInput,
)
from zoo.specs.outputs import Output

__all__ = ["as_tuples", "input_of", "output_of"]

OUTPUTS = {
    next(one.default for one in fields(made) if one.name == "kind"): made
    for made in get_args(Output)
}


def input_of(raw: dict[str, Any]) -> Input:
    """Return the input that `asdict` made this of. Raises ValueError, TypeError."""
    if raw["kind"] == "image":
        return ImageInput(**_fields(raw))
    if raw["kind"] == "noise":
        return NoiseInput(**raw)
    if raw["kind"] in ("table", "series"):
        make = TabularInput if raw["kind"] == "table" else SeriesInput
        columns = tuple(Column(**column) for column in raw["columns"])
        return make(**{**raw, "columns": columns})
    if raw["kind"] == "text":
        if "tokenizer_source" in raw:  # a file may not say which other file to read
            raise ValueError("unknown entry 'tokenizer_source'")
        return TextInput(**raw)
    raise ValueError(f"unknown input {raw['kind']!r}")


def output_of(raw: dict[str, Any]) -> Output:
    """Return the output that `asdict` made this of. Raises ValueError, TypeError."""
    if raw["kind"] not in OUTPUTS:
        raise ValueError(f"unknown output {raw['kind']!r}")
    made: Output = OUTPUTS[raw["kind"]](**_fields(raw))
    return made


def as_tuples(value: Any) -> Any:
    """Return a list, and every list in it, as a tuple; anything else as it is."""
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def _fields(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: as_tuples(value) for name, value in raw.items()}
