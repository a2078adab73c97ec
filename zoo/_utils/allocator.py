"""Let the C library keep freed memory: a setting of the whole process, for commands.

A layer's output is large, and the GNU C library gives a large block back to the system
as soon as it is freed: the next layer then has its memory mapped and zeroed anew. Only
`zoo.cli` and scripts may call this, never a function of the library.
"""

import os
import sys
from functools import cache

__all__ = ["keep_freed_memory"]

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of malloc.h in the GNU C library


@cache
def keep_freed_memory() -> bool:
    """Let the C library keep freed blocks for the next layer; return whether it does.

    ZOO_MALLOC=0 turns this off. It has an effect only on Linux with the GNU library.
    """
    if os.environ.get("ZOO_MALLOC") == "0" or not sys.platform.startswith("linux"):
        return False
    import ctypes  # only here: commands that compute nothing need not wait for it

    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, 1 << 30))
