"""Scores and series as plain lines of text."""

from collections.abc import Iterable, Sequence

from zoo._utils.shown import one_line

__all__ = ["bars", "sparks"]

BAR = 24  # characters of a probability of one
WIDE = 48  # steps of a series, at most
SPARKS = "▁▂▃▄▅▆▇█"


def bars(scores: Iterable[tuple[str, float]]) -> list[str]:
    """Return a line for each name, with a bar as long as its share of one."""
    pairs = [(one_line(label), score) for label, score in scores]
    width = max((len(str(label)) for label, _ in pairs), default=0)
    return [
        f"  {label:<{width}} {score:>7.2%} {'█' * round(BAR * score)}".rstrip()
        for label, score in pairs
    ]


def sparks(history: Sequence[float], ahead: Sequence[float]) -> str:
    """Return a series as one line of bars, and what comes next behind a stroke."""
    past = history[-WIDE:]
    low, high = min(*past, *ahead), max(*past, *ahead)
    step = (high - low) / (len(SPARKS) - 1) or 1
    drawn = [SPARKS[round((value - low) / step)] for value in (*past, *ahead)]
    return f"  {''.join(drawn[: len(past)])}|{''.join(drawn[len(past) :])}"
