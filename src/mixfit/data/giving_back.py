"""Memory of blocks that come and go goes back to the system, so that a stream takes no more the longer it is.

glibc keeps what is freed, for what is asked for next; and the larger what is freed, the larger the blocks that it keeps.
Blocks that one thread reads and another uses leave holes there, and these add up over a hundred million rows. Blocks
above a fixed size are mapped by themselves instead, and given back when they are freed.
"""

from __future__ import annotations

import ctypes
import sys

M_MMAP_THRESHOLD = -3
"""glibc's number for the option (malloc.h)."""

LARGE = 2**19
"""Bytes: half of a block of points."""


def give_large_blocks_back() -> None:
    """From now on, for the whole process; where the C library knows no such option, nothing changes."""
    if sys.platform != "linux":
        return
    option = getattr(ctypes.CDLL(None), "mallopt", None)  # musl, for one, has none
    if option is not None:
        option(M_MMAP_THRESHOLD, LARGE)
