"""Prices that nobody paid: the example of a model whose own data may not be shipped."""

import csv
import io
import random

__all__ = ["walk"]

SEED, START, STEP = 55, 240.0, 0.02


def walk(days: int = 40) -> str:
    """Return a random walk as CSV: open, high, low and close of invented days."""
    drawn = random.Random(SEED)
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(("day", "open", "high", "low", "close"))
    close = START
    for day in range(1, days + 1):
        opened = close * (1 + STEP / 4 * drawn.uniform(-1, 1))
        close = opened * (1 + STEP * drawn.uniform(-1, 1))
        high = max(opened, close) * (1 + STEP / 4 * drawn.random())
        low = min(opened, close) * (1 - STEP / 4 * drawn.random())
        table.writerow((day, *(f"{price:.2f}" for price in (opened, high, low, close))))
    return file.getvalue()
