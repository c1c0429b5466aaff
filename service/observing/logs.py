"""Where log lines go: all of a process through one handler, without secrets.

The API and the workers call `configure_logging` first, so that their lines look alike, those of
uvicorn, SQLAlchemy and of warnings included. Give uvicorn `log_config=None`, or it would put
handlers of its own in place.
"""

import logging
import sys
import threading
from enum import StrEnum
from types import TracebackType
from typing import TextIO

from service.access.secrets import RedactingFilter
from service.observing.log_context import current_log_context
from service.observing.log_lines import JsonFormatter, TextFormatter

# Libraries that set up handlers, or levels, of their own.
_LIBRARIES = ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "alembic", "py.warnings")
# They tell each request or statement at INFO; the product has lines of its own for that.
_TALKATIVE = ("uvicorn.access", "sqlalchemy", "alembic", "httpx", "httpcore", "asyncio")

_ACCESS = logging.getLogger("service.api.access")


class LogFormat(StrEnum):
    """How lines look; `auto`: text on a terminal, without a line for each request, else JSON."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class ContextFilter(logging.Filter):
    """Adds to a record what it is about, and which process wrote it."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; no record is dropped."""
        record.__dict__.setdefault("process_name", self._process)
        for name, value in current_log_context().items():
            record.__dict__.setdefault(name, value)
        return True


def configure_logging(
    *, level: str, log_format: str, process: str, stream: TextIO | None = None
) -> None:
    """Send all lines of this process to one place; called again, it replaces what it did.

    Args:
        level: Lowest one that is shown, such as `info`.
        log_format: `auto`, `json` or `text`.
        process: Its name in each line, such as `api` or `worker-1`.
        stream: Standard error where it is None.

    Raises:
        ValueError: There is no such level or format.
    """
    wanted, target = LogFormat(log_format), stream or sys.stderr
    for_person = wanted is LogFormat.AUTO and target.isatty()
    as_text = for_person or wanted is LogFormat.TEXT
    handler = logging.StreamHandler(target)
    handler.setFormatter(TextFormatter() if as_text else JsonFormatter())
    handler.addFilter(ContextFilter(process))
    handler.addFilter(RedactingFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _LIBRARIES:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    _ACCESS.setLevel(logging.WARNING if for_person else logging.NOTSET)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)
    _log_what_nobody_catches()


def _log_what_nobody_catches() -> None:
    """Let an exception that ends a process or a thread be a line like all others."""
    logger = logging.getLogger("service.process")

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        logger.critical("ended by an exception", exc_info=(kind, error, trace))

    def tell_of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            tell(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = tell
    threading.excepthook = tell_of_thread
