"""Which widget a model's page has, by the kinds of its input and its output."""

import base64
import csv
import io
import mimetypes
from collections.abc import Iterator
from dataclasses import fields
from importlib.resources import files
from typing import Any

from zoo import ModelSpec

__all__ = ["examples", "part", "widget_of"]

WIDGETS = {
    ("image", "classes"): "picture",
    ("image", "mask"): "picture",
    ("image", "boxes"): "picture",
    ("image", "instances"): "picture",
    ("image", "keypoints"): "picture",
    ("image", "image"): "picture",
    ("image", "scaled-image"): "picture",
    ("image", "colorized-image"): "picture",
    ("image", "ocr"): "picture",
    ("table", "classes"): "table",
    ("table", "number"): "table",
    ("series", "anomaly"): "series",
    ("series", "forecast"): "series",
    ("text", "classes"): "text",
    ("text", "masked-token"): "text",
    ("text", "text"): "writing",
    ("text", "vector"): "meaning",
    ("text", "translation"): "translating",
    ("noise", "image"): "sampling",
}


def widget_of(spec: ModelSpec) -> str | None:
    """Return the name of the widget that shows such a model, if there is one.

    >>> import zoo
    >>> widget_of(zoo.get_spec("lenet5-mnist"))
    'picture'
    """
    return WIDGETS.get((spec.input.kind, spec.output.kind))


def part(of_spec: Any) -> dict[str, Any]:
    """Return an input or an output of a spec as plain data, for the page."""
    left_out = {"tokenizer", "tokenizer_source"}
    names = [one.name for one in fields(of_spec) if one.name not in left_out]
    return {name: _plain(getattr(of_spec, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return part(value)
    return value


def examples(spec: ModelSpec) -> Iterator[dict[str, Any]]:
    """Yield the examples of a model, as its widget takes them."""
    for name in spec.examples:
        content = files(spec.package).joinpath("examples", name).read_bytes()
        if spec.input.kind == "image":
            kind = mimetypes.guess_type(name)[0] or "image/png"
            coded = base64.b64encode(content).decode()
            yield {"name": name, "image": f"data:{kind};base64,{coded}"}
        elif spec.input.kind == "text":
            yield {"name": name, "text": content.decode("utf-8").rstrip("\n")}
        elif columns := spec.input.required_columns:
            rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
            if rows and all(column in rows[0] for column in columns):
                found = [[float(row[column]) for column in columns] for row in rows]
                yield {"name": name, "rows": found}
