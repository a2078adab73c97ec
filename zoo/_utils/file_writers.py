"""Whether anybody has a file open for writing: its times don't tell of a mapped one.

A program that has mapped a file changes its content without a call, and the file system
notes the time at the first change alone, or, in memory, not at all.
"""

import sys
from functools import cache
from typing import Any

__all__ = ["none"]

F_SETSIG, F_SETLEASE, F_RDLCK, F_UNLCK, SIGURG = 10, 1024, 0, 2, 23  # of Linux
TMPFS, RAMFS = 0x01021994, 0x858458F6  # file systems without times of mapped writes


def none(descriptor: int) -> bool:
    """Return whether nobody can write to a file that is open for reading.

    False where that can't be known, for a file system in memory as well: those of its
    files that were written through a map keep their times. A file of another user is
    taken to be at rest, because only its owner may ask; so is any outside Linux.
    """
    if not sys.platform.startswith("linux"):
        return True
    import fcntl

    if _file_system(descriptor) in (TMPFS, RAMFS):
        return False
    try:
        # A lease on reading is given where nobody writes. A writer who comes in the
        # moment that it is held waits, and causes a signal: one that does nothing.
        fcntl.fcntl(descriptor, F_SETSIG, SIGURG)
        fcntl.fcntl(descriptor, F_SETLEASE, F_RDLCK)
    except BlockingIOError:
        return False
    except OSError:  # of another user, or no such call here
        return True
    try:
        fcntl.fcntl(descriptor, F_SETLEASE, F_UNLCK)
    except OSError:
        return False
    return True


def _file_system(descriptor: int) -> int:
    """Return the number of the file system that a file lies on, or 0."""
    import ctypes

    call = _fstatfs()
    room = ctypes.create_string_buffer(256)
    if call is None or call(descriptor, room):
        return 0
    return int.from_bytes(room.raw[: ctypes.sizeof(ctypes.c_long)], sys.byteorder)


@cache
def _fstatfs() -> Any:
    import ctypes

    try:
        return ctypes.CDLL(None).fstatfs
    except (OSError, AttributeError):
        return None
