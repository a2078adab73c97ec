"""A list of specs that a notebook shows as a table."""

import html

from zoo.specs import ModelSpec

__all__ = ["SpecList"]


class SpecList(list[ModelSpec]):
    """A list of specs, as `zoo.search` returns it: in a notebook a table."""

    def _repr_html_(self) -> str:
        """Return a table: name, task, parameters, what was measured first, summary."""
        names = ("model", "task", "parameters", "measured", "what it is")
        head = "".join(f"<th>{name}</th>" for name in names)
        rows = "".join(map(_row, self))
        return f"<table><tr>{head}</tr>{rows}</table>"


def _row(spec: ModelSpec) -> str:
    measured = next((f"{m.name} {m.value:.4f}" for m in spec.metrics), "")
    count = f"{spec.parameters:,}"
    cells = (spec.name, spec.task, count, measured, spec.summary)
    columns = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    return f"<tr>{columns}</tr>"
