"""What a log line is about: the request, flight or job that is being worked on.

Whoever begins something says so once; every line that is logged within, also by libraries, tells
it. Tasks of asyncio and `asyncio.to_thread` take the context along; a plain new thread starts
without one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NOTHING: Mapping[str, str | int] = MappingProxyType({})
_context: ContextVar[Mapping[str, str | int]] = ContextVar("log_context", default=_NOTHING)


@contextmanager
def log_context(**fields: str | int | None) -> Iterator[None]:
    """Add fields to all lines that are logged within the block.

    Args:
        **fields: Such as `request`, `flight`, `job`, `worker`. None leaves out what an outer
            block said.
    """
    within = {**_context.get(), **fields}
    token = _context.set({name: value for name, value in within.items() if value is not None})
    try:
        yield
    finally:
        _context.reset(token)


def current_log_context() -> Mapping[str, str | int]:
    """Return the fields that lines logged now would have."""
    return _context.get()
