"""Whether the rows of a series follow each other in time, the oldest first."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

DATES = (
    *("date", "datetime", "timestamp", "date_time", "ds", "dt", "ts"),
    *("날짜", "일자", "일시"),
)
INSIDE = ("날짜", "일자", "일시")  # of longer names: Korean joins words without a blank
NAMELESS = "__index_level_0__"  # how a parquet file has an index without a name
PARTS = ("year", "month", "day", "hour", "minute")  # of one time, in several columns
CYCLES = (
    "time",
    "month",
    "day",
)  # alone they begin anew: only a fall, or a rise, throughout counts
OF_A_DAY = {"time", "hour", "minute"}  # beside a date, which then comes again
UNITS = {"day": 86_400, "hour": 3_600, "minute": 60}  # seconds of each
LEAP = 10  # usual steps: weekends and holidays are less of days
DAY = re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?\s*([ap]\.?m\.?)?", re.I)
HALVES = {"오전": "am", "오후": "pm"}
QUARTER = re.compile(r"(?:(\d{4})\W*q([1-4]))|(?:q([1-4])\W*(\d{4}))", re.I)
WEEKDAYS = re.compile(
    r"\b(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?\b", re.I
)
FORMATS = (
    *("%Y %m %d", "%d %m %Y", "%m %d %Y", "%y %m %d", "%d %m %y", "%m %d %y"),
    *("%d %b %Y", "%b %d %Y", "%d %B %Y", "%B %d %Y", "%d %b %y", "%b %d %y"),
    *("%Y %m", "%m %Y", "%b %Y", "%B %Y", "%Y %b", "%b %y"),
)

Direction = Literal["forward", "back", "mixed", "unknown"]


@dataclass(frozen=True)
class TimeOrder:
    """The direction of rows in time, and the words of messages about it."""

    direction: Direction
    problem: str = ""  # why they are refused, or what can't be told
    notes: tuple[str, ...] = ()  # of rows in order: times that come twice, gaps


def time_order(
    columns: Mapping[str, Sequence[Any]],
    index: Sequence[Any] | None = None,
    places: Sequence[str] = (),
) -> TimeOrder:
    """Return the direction of rows in time, by the index of a frame, or by dates.

    The index may be one that a file has: a first column without a name.
    Dates are in a column named as such (date, timestamp, ...), or in several (year,
    month, day). They are parsed, in any usual form; "01/02/2024" may be of January or
    February, and counts where both readings say the same. `places` says where rows
    stand, for the messages. Of rows in order, it is noted where a time comes twice, and
    where some are missing between two.
    """
    named = {_plain(str(name)): name for name in columns}
    index = columns[NAMELESS] if index is None and NAMELESS in columns else index
    if index is not None and holds_dates(index):
        shown = "the first column" if isinstance(index[0], str) else "the index"
        found = _judged(shown, index, _readings(index), places)
        if found.direction != "unknown" or not _dated(named):
            return found
    for name in _dated(named):
        times = columns[named[name]]
        known = _readings(times)
        return _judged(
            repr(str(named[name])), times, known, places, once=not OF_A_DAY & {*named}
        )
    parts = [name for name in PARTS if name in named]
    if len(parts) > 1 or "year" in parts:
        rows = [*zip(*(columns[named[name]] for name in parts), strict=True)]
        shown = " ".join(repr(str(named[name])) for name in parts)
        return _judged(shown, rows, [_tuples(rows)], places)
    for name in (name for name in CYCLES if name in named):
        times = columns[named[name]]
        known = _readings(times)
        found = _judged(repr(str(named[name])), times, known, places, once=False)
        rises = any(one and _direction(one) == "forward" for one in known)
        if found.direction == "back" or (found.direction == "forward" and rises):
            return found
    return TimeOrder("unknown")


def time_columns(names: Sequence[str]) -> list[str]:
    """Return the columns that say together when a row was: one of dates, or parts."""
    named = {_plain(str(name)): name for name in names}
    parts = [name for name in PARTS if name in named]
    found = _dated(named) or (parts if "year" in parts else [])
    return [named[name] for name in found]


def dated_columns(names: Sequence[str]) -> list[str]:
    """Return the columns that may say when a row was."""
    words = {*DATES, *PARTS, *CYCLES}
    return [
        one
        for one in names
        if one == NAMELESS or _words(plain := _plain(one)) & words or _inside(plain)
    ]


def holds_dates(values: Sequence[Any]) -> bool:
    """Return whether values that have no name are dates, and not numbers of rows: the
    first of them says it, in words, of a type of dates, or as 20240131."""
    if not len(values) or values[0] is None:
        return False
    if not isinstance(values[0], str):
        return hasattr(values[0], "year")
    text = values[0].strip()
    return bool(DAY.fullmatch(text)) or any(
        known is not None and not isinstance(known[0], float)
        for known in _readings([text])
    )


def _plain(name: str) -> str:
    """Return a name in small letters, its words apart: tradeDate is trade_date."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip()).lower()


def _words(plain: str) -> set[str]:
    return {*re.split(r"[\W_]+", plain), plain}


def _inside(plain: str) -> bool:
    return any(word in plain for word in INSIDE)


def _dated(named: Mapping[str, str]) -> list[str]:
    """Return the name of the column with dates: a usual one, or the only similar."""
    exact = [name for name in DATES if name in named]
    similar = [name for name in named if _words(name) & {*DATES} or _inside(name)]
    return exact[:1] or (similar if len(similar) == 1 else [])


def _judged(
    shown: str,
    times: Sequence[Any],
    readings: Sequence[Sequence[Any] | None],
    places: Sequence[str],
    *,
    once: bool = True,
) -> TimeOrder:
    known = [one for one in readings if one is not None]
    with suppress(TypeError):  # times with a zone and others without
        found = {_direction(one) for one in known}
        if {"forward", "back"} <= found or not found:
            raise TypeError
        if "forward" in found or found == {"flat"}:
            notes = _uneven(shown, times, known, places) if once else ()
            return TimeOrder("forward", notes=notes)
        if "back" in found:
            last = times[-1]
            shown_last = "-".join(map(str, last)) if isinstance(last, tuple) else last
            return TimeOrder(
                "back", f"The rows go back in time: {shown} falls to {shown_last!s}."
            )
        pairs = enumerate(pairwise(known[0]), 1)
        row = next(number for number, (one, other) in pairs if other < one)
        where = _place(row, places)
        return TimeOrder(
            "mixed",
            f"The rows are not in the order of time: {shown} falls from "
            f"{times[row - 1]!s} to {times[row]!s} ({where}). Sort them, the oldest "
            "first.",
        )
    undated = _undated(times)
    if undated is not None:
        return TimeOrder(
            "unknown",
            f"The order of the rows in time can't be told: {shown} holds "
            f"{times[undated]!r} ({_place(undated, places)}), which is no date. They "
            "are taken to be the oldest first.",
        )
    odd = next((one for one in times if one is None or one in ("", "nan")), times[0])
    return TimeOrder(
        "unknown",
        f"The order of the rows in time can't be told from {shown}, such as {odd!r}: "
        "they are taken to be the oldest first.",
    )


def _undated(times: Sequence[Any]) -> int | None:
    """Return the first row whose text is no date, after one that is."""
    if not isinstance(times[0], str) or not _readings([times[0]]):
        return None
    rows = (
        row
        for row, one in enumerate(times)
        if isinstance(one, str) and one.strip() and not _readings([one])
    )
    return next(rows, None)


def _place(row: int, places: Sequence[str]) -> str:
    return places[row] if places else f"row {row + 1}"


def _uneven(
    shown: str,
    times: Sequence[Any],
    readings: Sequence[Sequence[Any]],
    places: Sequence[str],
) -> tuple[str, ...]:
    """Return notes of times that come twice, and of gaps between two."""
    rising = [one for one in readings if _direction(one) != "back"]
    if len(rising) != 1 or not isinstance(rising[0][0], datetime):
        return ()  # numbers have no usual step, and two readings two
    steps = [(b - a).total_seconds() for a, b in pairwise(rising[0])]
    notes, twice = [], [row for row, step in enumerate(steps, 1) if step == 0]
    if twice:
        notes.append(
            f"{shown} has the time of the row before in {_counted(len(twice), 'row')}, "
            f"the first at {times[twice[0]]!s} ({_place(twice[0], places)}): each row "
            "is taken for a step of its own."
        )
    if not (ahead := Counter(step for step in steps if step > 0)):
        return tuple(notes)
    usual, often = ahead.most_common(1)[0]
    regular = often > 0.9 * ahead.total()
    longest = 1.5 * usual if regular else LEAP * usual
    if gaps := [row for row, step in enumerate(steps, 1) if step > longest]:
        row = gaps[0]
        notes.append(
            f"{shown} has {_counted(len(gaps), 'gap')}, the first from "
            f"{times[row - 1]!s} to {times[row]!s} ({_place(row, places)}), where its "
            f"usual step is {_span(usual)}: rows on both sides are taken for neighbors."
        )
    return tuple(notes)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _span(seconds: float) -> str:
    """Return a length of time in the largest unit that divides it."""
    for unit, length in UNITS.items():
        if seconds % length == 0:
            return _counted(int(seconds // length), unit)
    return f"{seconds:g} seconds"


def _direction(times: Sequence[Any]) -> str:
    rises = any(one < other for one, other in pairwise(times))
    falls = any(other < one for one, other in pairwise(times))
    if rises and falls:
        return "mixed"
    return "forward" if rises else "back" if falls else "flat"


def _readings(times: Sequence[Any]) -> list[Sequence[Any] | None]:
    """Return the values of times in every way in which all of them can be read."""
    if not times or not all(isinstance(one, str) for one in times):
        return [_values(times)]
    plain = [one.strip() for one in times]
    with suppress(ValueError):
        numbers = [float(one) for one in plain]
        if all(one == one for one in numbers):
            return [numbers]
    for read in (_iso, _quarter):
        with suppress(ValueError):
            return [[read(one) for one in plain]]
    return _by_format(plain)


def _by_format(times: Sequence[str]) -> list[Sequence[Any] | None]:
    found: list[Sequence[Any] | None] = []
    try:
        split = [_clock(one) for one in times]
    except ValueError:
        return []
    for form in FORMATS:
        with suppress(ValueError):
            found.append([datetime.strptime(day, form) + at for day, at in split])
    return found


def _values(times: Sequence[Any]) -> list[Any] | None:
    """Return times that can be compared as they are: numbers, dates, timestamps."""
    plain = [
        datetime(one.year, one.month, one.day) if type(one) is date else one
        for one in times
    ]
    missing = [one is None or isinstance(one, str) or one != one for one in plain]
    return None if any(missing) or not plain else plain


def _tuples(rows: Sequence[Sequence[Any]]) -> list[Any] | None:
    with suppress(ValueError, TypeError):
        return [tuple(float(value) for value in row) for row in rows]
    return None


def _iso(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _quarter(text: str) -> tuple[int, int]:
    match = QUARTER.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, quarter, first, last = match.groups()
    return int(year or last), int(quarter or first)


def _clock(text: str) -> tuple[str, timedelta]:
    """Return the date in a text with blanks between its parts, and the time of day."""
    for word, half in HALVES.items():
        if word in text:  # it stands before the time in Korean
            text = CLOCK.sub(rf"\g<0> {half}", text.replace(word, ""))
    at = timedelta()
    if match := CLOCK.search(text):
        hour, minute, second, half = match.groups()
        late = (half or "").lower().startswith("p")
        hours = int(hour) % 12 + 12 * late if half else int(hour)
        at = timedelta(hours=hours, minutes=int(minute), seconds=float(second or 0))
        text = text[: match.start()] + text[match.end() :]
    day = WEEKDAYS.sub(" ", text)
    return " ".join(re.sub(r"[-/.,년월일T]+", " ", day).split()), at
