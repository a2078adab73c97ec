"""Files that strangers wrote: bounded in size and in depth, and checked by a schema.

A schema is a dataclass, or a type made of such and of plain ones. The checks are those
of msgspec: no entry is unknown, missing or of another type, a whole number has 64 bits
and may stand for a float, and nothing is converted.
"""

import os
import re
import stat
from array import array
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "Malformed",
    "convert",
    "parse_json",
    "parse_toml",
    "read_bytes",
]

MAX_BYTES = 32 << 20  # of a file; more is a mistake or an attack
MAX_DEPTH = 200  # of objects and lists in each other, below what any parser bears
MAX_TOML_BYTES = 1 << 20  # its parser is slow
MAX_KEY_PARTS = 16  # of a.b.c in TOML, whose time grows with their square
MAX_SHOWN = 300  # characters of a problem: a name in it may have any length
BINARY, AT_ONCE = getattr(os, "O_BINARY", 0), getattr(os, "O_NONBLOCK", 0)
T = TypeVar("T")

TOML_TEXTS = re.compile(  # strings and comments, in which a dot is one
    rb'''"""(?:[^\\]|\\.)*?"{3,5}|\'{3}.*?\'{3,5}'''
    rb"""|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*""",
    re.DOTALL,
)
TOML_KEYS = re.compile(rb"[\w.\- \t]+")  # and numbers, where no strings are left
STRINGS = re.compile(rb'"[^"]*"')
OTHERS = bytes({*range(256)} - {*b'[]{}"'})  # than brackets and quotes
STEPS = bytes.maketrans(b'[{]}"', b"\x01\x01\xff\xff\x00")  # deeper, back, as deep
WHERE = re.compile(r"(?P<what>.*) - at `\$\.?(?P<path>.*)`", re.DOTALL)
UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
MISSED = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
BYTE = re.compile(r"(?:JSON is malformed: )?(.*) \(byte (\d+)\)", re.DOTALL)


class Malformed(ValueError):
    """A file is not as its schema says; the message says where and how."""


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return the content of a file, which is no pipe and no longer than `limit`.

    Raises OSError and Malformed.
    """
    descriptor = os.open(path, os.O_RDONLY | BINARY | AT_ONCE)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise Malformed("it is no file")
        if state.st_size > limit:
            raise Malformed(f"it has {state.st_size:,} bytes")
        parts, left = [], limit + 1
        while left and (part := os.read(descriptor, min(left, state.st_size + 1))):
            parts.append(part)
            left -= len(part)
    finally:
        os.close(descriptor)
    if not left:
        raise Malformed(f"it has more than {limit:,} bytes")
    return b"".join(parts)


def parse_json(content: bytes | str, *, nan: bool = False) -> Any:
    """Return the value of a JSON text. Raises Malformed.

    `nan` allows NaN and Infinity, which Python writes and JSON does not know.
    """
    import msgspec

    raw = (
        content.encode(errors="surrogatepass") if isinstance(content, str) else content
    )
    if len(raw) > MAX_BYTES:
        raise Malformed(f"it has {len(raw):,} bytes")
    if not raw:
        raise Malformed("it is empty")
    _check_depth(raw)
    try:
        return _with_nan(raw) if nan else msgspec.json.decode(raw)
    except RecursionError as exc:  # where little of the stack was left
        raise Malformed("it is nested too deep") from exc
    except ValueError as exc:
        raise Malformed(f"it is no JSON ({_place(str(exc), raw)})") from exc


def parse_toml(content: bytes) -> dict[str, Any]:
    """Return the tables of a TOML text. Raises Malformed."""
    import tomllib

    if len(content) > MAX_TOML_BYTES:
        raise Malformed(f"it has {len(content):,} bytes")
    plain = TOML_TEXTS.sub(b"_", content)
    if any(key.count(b".") >= MAX_KEY_PARTS for key in TOML_KEYS.findall(plain)):
        raise Malformed(f"a key has more than {MAX_KEY_PARTS} parts")
    try:
        return tomllib.loads(content.decode())
    except RecursionError as exc:
        raise Malformed("it is nested too deep") from exc
    except ValueError as exc:
        raise Malformed(_short(str(exc))) from exc


def convert(raw: Any, schema: type[T]) -> T:
    """Return the object that a plain value stands for, as `schema` describes it.

    Lists become tuples where the schema has tuples. Of a class with `kinds`, the entry
    "kind" says which of them it is. Raises Malformed, and what the dataclasses raise.
    """
    import msgspec

    kinds = _kinds(schema)
    shape = _shape(schema) if kinds is None else _union(tuple(kinds.values()))
    try:
        checked = msgspec.convert(
            raw, shape, dec_hook=lambda kind, part: convert(part, kind)
        )
    except msgspec.ValidationError as exc:
        raise Malformed(_problem(str(exc))) from exc
    except RecursionError as exc:
        raise Malformed("it is nested too deep") from exc
    made: T = _made(checked)
    return made


def _with_nan(raw: bytes) -> Any:
    """Parse JSON as Python writes it, which may hold NaN but no half characters."""
    import json

    value = json.loads(raw.decode())
    if b"\\u" in raw:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _check_depth(raw: bytes) -> None:
    """Refuse what is nested too deep, before a parser descends into it."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return
    plain = raw.replace(rb"\\", b"").replace(rb"\"", b"")
    outside = STRINGS.sub(b"", plain.translate(None, OTHERS))
    if max(accumulate(array("b", outside.translate(STEPS))), default=0) > MAX_DEPTH:
        raise Malformed("it is nested too deep")


# From dataclasses to what msgspec checks, and back


@cache
def _struct(kind: type[Any]) -> Any:
    """Return a struct with the fields of a dataclass; it refuses unknown entries.

    Fields with `saved=False` in their metadata are no entries of a file. The field
    `kind`, where it has a default, is the tag that tells the struct from others.
    """
    import msgspec

    hints, tag = get_type_hints(kind), None
    shapes: list[tuple[str, Any, Any]] = []
    nested: list[str] = []
    for field in fields(kind):
        if not field.metadata.get("saved", True):
            continue
        if field.name == "kind" and isinstance(field.default, str):
            tag = field.default
            continue
        shape = _shape(hints[field.name])
        shapes.append((field.name, shape, _default(field)))
        if _has_struct(shape):
            nested.append(field.name)
    return msgspec.defstruct(
        kind.__name__,
        shapes,
        namespace={"__made__": (kind, nested)},
        forbid_unknown_fields=True,
        kw_only=True,
        tag=tag,
        tag_field=None if tag is None else "kind",
    )


def _has_struct(shape: Any) -> bool:
    return hasattr(shape, "__made__") or any(map(_has_struct, get_args(shape)))


@cache
def _union(kinds: tuple[type[Any], ...]) -> Any:
    structs = tuple(_struct(kind) for kind in kinds)  # type: ignore[arg-type]
    return Union[structs]  # noqa: UP007 - of a tuple


def _kinds(schema: type[Any]) -> dict[str, type[Any]] | None:
    """Return the dataclasses that a base class stands for, by their `kind`."""
    return None if is_dataclass(schema) else getattr(schema, "kinds", None)


def _default(field: "Field[Any]") -> Any:
    import msgspec

    if field.default is not MISSING:
        return field.default
    if field.default_factory is not MISSING:
        return msgspec.field(default_factory=field.default_factory)
    return msgspec.NODEFAULT


def _shape(hint: Any) -> Any:
    """Return a type with structs in the place of dataclasses."""
    if is_dataclass(hint):
        return _struct(hint)  # type: ignore[arg-type]  # a class, not an instance
    if hint in (int, float):
        return _number(hint)
    origin, parts = get_origin(hint), get_args(hint)
    if origin is None or origin is Literal or not parts:
        return hint
    shapes = tuple(part if part is Ellipsis else _shape(part) for part in parts)
    if origin in (Union, UnionType):
        return Union[shapes]  # noqa: UP007 - of a tuple
    return origin[shapes]


@cache
def _number(kind: type[Any]) -> Any:
    """Return a number that any arithmetic bears; a whole one may stand for a float."""
    import msgspec

    most = 2**63 - 1
    whole = Annotated[int, msgspec.Meta(ge=-most - 1, le=most)]
    return whole if kind is int else Union[whole, float]  # noqa: UP007 - of a variable


def _made(checked: Any) -> Any:
    """Return checked values with dataclasses in the place of their structs."""
    if (about := getattr(type(checked), "__made__", None)) is not None:
        kind, nested = about
        names = type(checked).__struct_fields__
        values = {name: getattr(checked, name) for name in names}
        for name in nested:
            values[name] = _made(values[name])
        return kind(**values)
    if isinstance(checked, tuple | list):
        return type(checked)(map(_made, checked))
    if isinstance(checked, Mapping):
        return {name: _made(value) for name, value in checked.items()}
    return checked


# What is said of a fault


def _problem(text: str) -> str:
    """Return what is wrong, and where, in the words of the zoo."""
    found = WHERE.fullmatch(text)
    what, path = (found["what"], found["path"]) if found else (text, "")
    if unknown := UNKNOWN.fullmatch(what):
        said = f"unknown entry {unknown[1]!r}"
    elif missed := MISSED.fullmatch(what):
        said = f"no {missed[1]!r}"
    else:
        said = what[:1].lower() + what[1:].replace("`", "").replace("NoneType", "null")
        said = said.replace("enum value", "value")
        return _short(f"{path}: {said}" if path else said)
    return _short(f"{said} in {path}" if path else said)


def _place(text: str, raw: bytes) -> str:
    """Return what is wrong with a text, with the line and the column of the fault."""
    found = BYTE.fullmatch(text)
    if found is None:
        return _short(text.replace("Input data was truncated", "it ends too early"))
    before = raw[: int(found[2])]
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    return f"{found[1]}, line {line}, column {column}"


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
