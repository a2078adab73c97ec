"""The prose of a card: Markdown with conditions on the run, filled from its receipt.

A sentence that depends on a setting or on a figure stands in a block of Jinja, and a
number is the name of what was measured, in the way of `str.format`:

    {% if settings.shift_pixels %}
    Images are shifted by up to {settings.shift_pixels} pixels.
    {% else %}
    Images are not shifted.
    {% endif %}
"""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from zoo.errors import CardError

if TYPE_CHECKING:
    from jinja2 import Environment, Template, nodes

__all__ = [
    "FACTS",
    "Name",
    "check_names",
    "check_syntax",
    "context",
    "decide",
    "fill",
    "names",
]

BLOCK = re.compile(r"\{%.*?%\}", re.DOTALL)
EMPTY_LINES = re.compile(r"\n{3,}")
# What prose may ask beside the figures.
FACTS = (
    *("autocast", "baselines", "changed", "compared", "history", "settings"),
    *("shipped", "smoke"),
)
NEVER = "\0{", "\0}"  # Jinja's own braces for values are those of `str.format`


@dataclass(frozen=True)
class Name:
    """A value that prose speaks of, such as ("settings", "lr"), and where."""

    path: tuple[str, ...]
    line: int
    condition: bool  # in a block, and not in braces
    asked: bool = False  # "is defined" asks whether it is there

    def __str__(self) -> str:
        return ".".join(self.path)


def context(receipt: Mapping[str, Any], *, shipped: bool = False) -> dict[str, Any]:
    """Return what prose may speak of: each figure by its name, and facts of the run.

    `settings` and `baselines` are as in the receipt, and `changed` has the defaults of
    the settings that the run changed. `compared` is False where the comparison was left
    out, and `shipped` True of the run whose weights the plugin ships. Raises CardError
    where a figure has the name of a fact.
    """
    figures = {metric["name"]: metric["value"] for metric in receipt["metrics"]}
    figures |= receipt["measured"]
    if taken := [name for name in FACTS if name in figures]:
        raise CardError(
            f"The receipt measures {taken[0]!r}, which is a fact of the run in the "
            "prose of a card. Give the figure another name in run.log_summary."
        )
    return {
        **figures,
        "settings": receipt["settings"],
        "baselines": receipt["baselines"],
        "changed": receipt.get("changed", {}),
        "compared": "comparison" not in receipt,
        "history": receipt.get("history", []),
        "shipped": shipped,
        "autocast": receipt.get("precision", "no"),
        "smoke": receipt.get("smoke", False),
    }


def check_syntax(text: str, whose: str) -> None:
    """Raise CardError where a block of prose can't be read."""
    _parsed(text, whose)


def check_names(
    text: str, known: Mapping[str, Any], whose: str, *, partly: bool = False
) -> None:
    """Raise CardError for names in any branch that `known` lacks.

    Where only a part is known, because nothing was measured yet, `partly` leaves out
    names that begin otherwise than what is known.
    """
    used = sorted(names(text, whose), key=lambda name: name.line)
    asked = {name.path for name in used if name.asked}
    unknown = [
        f"line {name.line}: {name}"
        for name in used
        if name.path not in asked
        and not _holds(known, name.path)
        and not (partly and name.path[0] not in known)
    ]
    if unknown:
        raise CardError(
            f"{whose} speaks of what the receipt does not hold "
            f"({'; '.join(dict.fromkeys(unknown))}). {_listing(known)}"
        )


def names(text: str, whose: str = "The prose") -> Iterator[Name]:
    """Yield every value that prose speaks of, in all branches of its blocks."""
    from jinja2 import nodes

    tree = _parsed(text, whose)
    tested = {id(test.node) for test in tree.find_all(nodes.Test) if _asks(test)}
    inner: set[int] = set()
    kinds = (nodes.Name, nodes.Getattr, nodes.Getitem)
    for node in tree.find_all(kinds):  # from the outside to the inside
        path = () if id(node) in inner else _path(node)
        if path:
            yield Name(path, node.lineno, True, id(node) in tested)
        if path or id(node) in inner:
            inner.add(id(getattr(node, "node", None)))
    for data in tree.find_all(nodes.TemplateData):
        yield from _placeholders(data.data, data.lineno)


def fill(text: str, values: Mapping[str, Any], whose: str) -> str:
    """Return prose with its conditions decided and its figures written."""
    decided = EMPTY_LINES.sub("\n\n", decide(text, values, whose)).strip()
    try:
        return _Figures().vformat(decided, (), _Known(values))
    except KeyError as exc:
        name = exc.args[0]
        raise CardError(
            f"{whose}, line {_line(text, name)}, speaks of {name!r}, which the receipt "
            f"does not hold. {_listing(values)}"
        ) from exc
    except (ValueError, TypeError) as exc:
        raise CardError(
            f"{whose} has braces that are no measured value ({exc}). Write {{{{ and "
            f"}}}} for braces in the text."
        ) from exc


def _environment() -> "Environment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    made = SandboxedEnvironment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        variable_start_string=NEVER[0],
        variable_end_string=NEVER[1],
    )
    made.globals.clear()
    return made


@lru_cache(maxsize=8)
def _compiled(text: str) -> "Template":
    return _environment().from_string(_source(text))


def _source(text: str) -> str:
    """Return a template that keeps the end of each line that is more than blocks."""

    def marked(block: re.Match[str]) -> str:
        before = text[text.rfind("\n", 0, block.start()) + 1 : block.start()]
        inline = BLOCK.sub("", before).strip()
        return block[0][:-2].removesuffix("-") + "+%}" if inline else block[0]

    return BLOCK.sub(marked, text)


def _parsed(text: str, whose: str) -> "nodes.Template":
    from jinja2 import TemplateSyntaxError

    try:
        return _environment().parse(_source(text))
    except TemplateSyntaxError as exc:
        raise CardError(
            f"{whose}, line {exc.lineno}, has a block that can't be read: {exc.message}"
        ) from exc


def decide(text: str, values: Mapping[str, Any], whose: str) -> str:
    """Return prose with its conditions decided, and its braces as they were."""
    from jinja2 import TemplateSyntaxError, UndefinedError

    try:
        return _compiled(text).render(values)
    except TemplateSyntaxError as exc:
        raise CardError(
            f"{whose}, line {exc.lineno}, has a block that can't be read: {exc.message}"
        ) from exc
    except UndefinedError as exc:
        line = _template_line(exc)
        lacking = next(
            (
                str(name)
                for name in names(text)
                if name.condition
                and name.line == line
                and not _holds(values, name.path)
            ),
            str(exc),
        )
        advice = (
            _listing(values)
            if values["compared"]
            else "The comparison was left out: ask {% if compared %} first."
        )
        raise CardError(
            f"{whose}, line {line}, asks for {lacking!r}, which the receipt does not "
            f"hold. {advice}"
        ) from exc
    except Exception as exc:  # of whatever a condition does
        raise CardError(
            f"{whose}, line {_template_line(exc)}, has a condition that can't be "
            f"decided ({type(exc).__name__}: {exc})."
        ) from exc


def _template_line(exc: BaseException) -> int:
    """Return the line of a template in which an error was raised."""
    line, trace = 0, exc.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _path(node: Any) -> tuple[str, ...]:
    """Return the path of a chain of names; () where it is computed."""
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return (node.name,) if node.ctx == "load" else ()
    if isinstance(node, nodes.Getattr):
        part = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        part = node.arg.value
    else:
        return ()
    before = _path(node.node)
    return (*before, part) if before and isinstance(part, str) else ()


def _asks(test: Any) -> bool:
    return test.name in ("defined", "undefined")


def _placeholders(text: str, line: int) -> Iterator[Name]:
    """Yield the names in braces; a text with other braces has none."""
    try:
        for before, field, _, _ in string.Formatter().parse(text):
            line += before.count("\n")
            if field is not None:
                yield Name(tuple(field.split(".")), line, False)
    except ValueError:  # which `fill` says
        return


def _holds(values: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    value: Any = values
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return False
        value = value[part]
    return True


def _line(text: str, name: str) -> int:
    """Return the line on which a name stands in braces."""
    start = re.search(rf"\{{{re.escape(name)}[:}}]", text)
    return text.count("\n", 0, start.start() if start else 0) + 1


def _listing(values: Mapping[str, Any]) -> str:
    figures = [name for name in values if name not in FACTS]
    parts = {"Measured": figures, "Settings": list(values["settings"])}
    return " ".join(f"{part}: {', '.join(of)}." for part, of in parts.items() if of)


class _Known(dict[str, Any]):
    """Values by name; of a comparison that was left out, what is not there."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.compared = values["compared"]


class _NotMeasured:
    """A figure of a comparison that was left out, in whatever format."""

    def __format__(self, spec: str) -> str:
        return "(not measured)"


class _Figures(string.Formatter):
    """Format with dots that look into mappings; names may hold spaces."""

    def get_field(self, field: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        value: Any = kwargs
        for part in field.split("."):
            if not isinstance(value, Mapping) or part not in value:
                if not kwargs.compared:
                    return _NotMeasured(), field
                raise KeyError(field)
            value = value[part]
        return value, field
