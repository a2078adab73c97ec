"""What can go wrong on the way, on demand.

A `Fault` says which requests it hits and what happens to them. It works on a stream of
bytes, be it a file that goes out or one that comes in; it does not know sockets.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field

__all__ = ["BEFORE", "FOREVER", "Fault", "Hangup", "Offset"]

BEFORE = -1  # the offset that lies before the first byte of the answer
FOREVER = math.inf
TICK = 0.05  # seconds between two pieces of a slow answer

Offset = int | float  # bytes from the start of the file, or a share of it (0.5)


class Hangup(Exception):
    """The connection ends here: with a clean close, or with a reset."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("reset" if reset else "closed")
        self.reset = reset


@dataclass
class Fault:
    """What happens to the next `times` requests of a method and a path.

    Both are regular expressions; the method's must match as a whole. Offsets count from
    the start of the file, also where a Range was asked for: a connection that is cut at
    half comes no further when the client resumes. With PUT they count in what comes in.
    """

    method: str
    path: str
    _: KW_ONLY
    times: float = 1
    status: int | None = None  # answer with this, and an empty error
    headers: Mapping[str, str | None] = field(default_factory=dict)  # None: left out
    cut: Offset | None = None  # the connection is closed here
    reset: Offset | None = None  # the connection is reset here
    flip: Offset | None = None  # this byte is wrong
    stall: float = 0.0  # seconds of silence ...
    at: Offset = BEFORE  # ... at this offset
    rate: float | None = None  # bytes a second
    ranges: bool = True  # False: Range is ignored
    lengths: bool = True  # False: nothing says how long the file is

    def hits(self, method: str, path: str) -> bool:
        return (
            self.times > 0
            and re.fullmatch(self.method, method) is not None
            and re.search(self.path, path) is not None
        )

    def begin(self, wait: Callable[[float], None]) -> None:
        """Do what comes before the first byte of the answer."""
        if self.stall and self.at == BEFORE:
            wait(self.stall)
        for offset, reset in ((self.cut, False), (self.reset, True)):
            if offset == BEFORE:
                raise Hangup(reset=reset)

    def told(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers as the client gets them."""
        told = {**headers, **self.headers}
        if not self.lengths:
            told |= {"Content-Length": None, "X-Linked-Size": None}
            told["Connection"] = "close"  # the end of the body is the end of all
        return {name: value for name, value in told.items() if value is not None}

    def distort(
        self,
        pieces: Iterator[bytes],
        *,
        start: int,
        size: int,
        wait: Callable[[float], None],
    ) -> Iterator[bytes]:
        """Pass on what begins at `start` of a file of `size` bytes, with the fault."""
        cut, reset, stall, flip = (
            _place(offset, size)
            for offset in (self.cut, self.reset, self.at, self.flip)
        )
        position, stalled = start, False
        for piece in pieces:
            while piece:
                _end(position, cut, reset)
                if position >= stall and not stalled:
                    wait(self.stall)
                    stalled = True
                marks = [mark for mark in (cut, reset, stall) if mark > position]
                length = int(min([len(piece), *(mark - position for mark in marks)]))
                if self.rate:
                    length = min(length, max(1, int(self.rate * TICK)))
                    wait(length / self.rate)
                yield _flipped(piece[:length], position, flip)
                piece = piece[length:]
                position += length
        _end(position, cut, reset)


def _place(offset: Offset | None, size: int) -> float:
    """Turn a share of a file into bytes; an offset that is not in it, into infinity."""
    if offset is None or offset == BEFORE:
        return math.inf
    return offset if isinstance(offset, int) else int(offset * size)


def _end(position: int, cut: float, reset: float) -> None:
    if position >= min(cut, reset):
        raise Hangup(reset=reset < cut)


def _flipped(part: bytes, position: int, flip: float) -> bytes:
    if not position <= flip < position + len(part):
        return part
    wrong = bytearray(part)
    wrong[int(flip) - position] ^= 0xFF
    return bytes(wrong)
