"""Memory that is freed and needed again at once: bytes on their way through, piece by piece."""

import ctypes
import sys

# mallopt(3), malloc.h of glibc.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
# Above the pieces that are sent and received, far below what a process may take.
_LARGEST_PIECE_BYTES = 4 << 20
_KEPT_BYTES = 32 << 20


def keep_freed_memory() -> None:
    """Let the allocator keep freed pieces for the next ones.

    It gives blocks of 128 kB and more back to the system when they are freed, and takes them anew
    for the next piece: the faults of their pages take longer than all else that is done to the
    bytes of an upload. Where the C library is another one, nothing changes.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # musl has none
        return
    mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
    mallopt(_M_MMAP_THRESHOLD, _LARGEST_PIECE_BYTES)
