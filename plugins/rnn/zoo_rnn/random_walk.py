"""A random walk as example input, because real prices may not be shipped."""

import csv
import io
import random

__all__ = ["random_walk"]

SEED, START, VOLATILITY = 55, 240.0, 0.02


def random_walk(days: int = 40) -> str:
    """Return CSV with the open, high, low and close of invented days."""
    generator = random.Random(SEED)
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(("day", "open", "high", "low", "close"))
    close = START
    for day in range(1, days + 1):
        opening = close * (1 + VOLATILITY / 4 * generator.uniform(-1, 1))
        close = opening * (1 + VOLATILITY * generator.uniform(-1, 1))
        high = max(opening, close) * (1 + VOLATILITY / 4 * generator.random())
        low = min(opening, close) * (1 - VOLATILITY / 4 * generator.random())
        prices = (f"{price:.2f}" for price in (opening, high, low, close))
        table.writerow((day, *prices))
    return file.getvalue()
