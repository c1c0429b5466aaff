"""What the line has shown so far, and what follows for the way of sending.

A single request is the shortest way, but one that is cut is lost as a whole. Where cuts come so
often that this would cost much, files go in pieces that stay (tus), as do large ones.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from statistics import median

LARGE_BYTES = 64_000_000
CUTS_FOR_TUS = 2
SMALLEST_PIECE = 256 << 10
_RUNS_KEPT = 5
_SAME_CUT_S = 1.0
# A cut loses half a file of every sender on average. With 1/20 of what passes between cuts the
# loss by single requests is about what the second request of tus costs on a slow line.
_BEARABLE_LOSS = 0.05


def goes_in_pieces(
    byte_count: int, *, cuts: int, senders: int, run_bytes: float | None, bulky: bool
) -> bool:
    """Tell whether a file goes by tus rather than in a single request.

    Args:
        byte_count: Of the file.
        cuts: How often this file was cut.
        senders: How many files are under way at a time.
        run_bytes: What passes between two cuts, by all senders; None where none was seen.
        bulky: It is a video or an archive.
    """
    if byte_count == 0:
        return False
    if bulky or byte_count > LARGE_BYTES or cuts >= CUTS_FOR_TUS:
        return True
    if run_bytes is None:
        return False
    return senders * byte_count / 2 > _BEARABLE_LOSS * run_bytes


def next_piece_bytes(piece_bytes: int | None, *, sent: int, kept: int) -> int | None:
    """Return how many bytes the next request of tus has after one that was cut; None for all.

    Some servers, and proxies before them, keep nothing of a request that is cut: then pieces
    become smaller until they get through.

    Args:
        piece_bytes: Of the request that was cut; None for all that was left.
        sent: Bytes of it that went out.
        kept: Of these, what the server still has.
    """
    if sent < 2 * SMALLEST_PIECE or kept > sent // 4:
        return piece_bytes
    return max(SMALLEST_PIECE, sent // 2)


class LineRecord:
    """Bytes between cuts, over all senders; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without any cut.

        Args:
            clock: Seconds that never go back.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._runs: deque[int] = deque(maxlen=_RUNS_KEPT)
        self._since_cut = 0
        self._last_cut_s: float | None = None

    def sent(self, byte_count: int) -> None:
        """Note bytes that went out."""
        with self._lock:
            self._since_cut += byte_count

    def cut(self) -> None:
        """Note a cut; the senders notice the same one in turn, which counts once."""
        now_s = self._clock()
        with self._lock:
            if self._last_cut_s is None or now_s - self._last_cut_s > _SAME_CUT_S:
                self._last_cut_s = now_s
                if self._since_cut > 0:
                    self._runs.append(self._since_cut)
                self._since_cut = 0

    def run_bytes(self) -> float | None:
        """Return what usually passes between cuts; None where none was seen."""
        with self._lock:
            if not self._runs:
                return None
            # A long run since the last cut speaks for the line, too.
            return max(float(median(self._runs)), float(self._since_cut))
