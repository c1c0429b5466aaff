"""Log records as lines: JSON for machines, text for a terminal."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from service.printable import printable_text

# What every record has; anything beside it was given by `extra` or by the context.
_PLAIN_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "color_message",  # uvicorn's own doubling of the message
}
_FIRST_FIELDS = ("time", "level", "logger", "message")


def describe_record(record: logging.LogRecord) -> dict[str, object]:
    """Return a record as a flat mapping: what happened, when, where and what it is about."""
    fields: dict[str, object] = {
        "time": _format_time(record.created),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
    }
    for name, value in record.__dict__.items():
        if name not in _PLAIN_FIELDS and name not in fields:
            fields[name] = value
    for name, text in (("exception", _exception_text(record)), ("stack", record.stack_info)):
        if text:
            fields[name] = text
    return fields


class JsonFormatter(logging.Formatter):
    """One JSON object a line, whatever the message holds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = json.dumps(describe_record(record), ensure_ascii=False, default=str)
        # Names out of archives may hold halves of characters, which no stream takes.
        return line.encode("utf-8", "backslashreplace").decode()


class TextFormatter(logging.Formatter):
    """One line for people; what an exception says follows, set in, so that it forges no line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it the traceback if there is one."""
        fields = describe_record(record)
        below = [str(fields.pop(name)) for name in ("exception", "stack") if name in fields]
        line = " ".join(
            [
                str(fields["time"]),
                str(fields["level"]).upper().ljust(7),
                f"{fields['logger']}:",
                _one_line(str(fields["message"])),
                *_format_fields(fields),
            ]
        )
        set_in = [f"    {printable_text(row)}" for text in below for row in text.splitlines()]
        return "\n".join([line, *set_in])


def _format_fields(fields: Mapping[str, object]) -> list[str]:
    return [
        f"{name}={_one_line(str(value))}"
        for name, value in fields.items()
        if name not in _FIRST_FIELDS
    ]


def _one_line(text: str) -> str:
    """Return text that neither begins a line of its own nor steers the terminal."""
    return printable_text(text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n"))


def _format_time(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _exception_text(record: logging.LogRecord) -> str | None:
    if record.exc_text:  # the redacted one
        return record.exc_text
    if record.exc_info and record.exc_info[0] is not None:
        return logging.Formatter().formatException(record.exc_info)
    return None
