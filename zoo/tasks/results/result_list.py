"""A list of answers that shows itself: a grid in a notebook, a line each as text."""

from zoo.tasks.results.result import Result

__all__ = ["ResultList"]

SHOWN = 24  # answers in a grid
PRINTED = 8  # in a repr


class ResultList(list[Result]):
    """A list of results: in a notebook a grid, and as text short.

    Slices, sums and copies are plain lists.
    """

    def __repr__(self) -> str:
        lines = [repr(one) for one in self[:PRINTED]]
        if len(self) > PRINTED:
            lines.append(f"... {len(self):,} in all")
        joined = ",\n ".join(lines)
        return f"[{joined}]"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the first results beside each other."""
        cells = "".join(f"<div>{one._repr_html_()}</div>" for one in self[:SHOWN])
        more = len(self) - SHOWN
        rest = f"<p>and {more:,} more</p>" if more > 0 else ""
        style = "display:flex;flex-wrap:wrap;gap:1em;align-items:flex-start"
        return f'<div style="{style}">{cells}</div>{rest}'
