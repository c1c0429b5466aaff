"""Ids that sort by the time they were made (UUIDv7, RFC 9562 section 5.7)."""

import secrets
import uuid
from datetime import datetime

_RANDOM_BITS = 74


def uuid7(now: datetime, *, random_bits: int | None = None) -> str:
    """Return a new id: 48 bits of milliseconds since 1970, the rest random.

    Args:
        now: Aware.
        random_bits: In place of random ones, for tests; 74 bits.
    """
    milliseconds = int(now.timestamp() * 1000)
    bits = secrets.randbits(_RANDOM_BITS) if random_bits is None else random_bits
    value = milliseconds << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & (1 << 62) - 1
    return str(uuid.UUID(int=value))
