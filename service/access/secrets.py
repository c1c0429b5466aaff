"""Secrets stay out of logs: a value that does not print itself, and a filter for log handlers.

The filter is the second line of defence. The first is that nothing secret is passed to a log.
"""

import logging
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field

HIDDEN = "[hidden]"

_SENSITIVE = (
    r"[A-Za-z0-9_-]{0,60}(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key"
    r"|signature|credential|authorization|cookie|session[_-]?id)(?:[_-]?(?:sha256|hash|id))?"
)
# Between name and value: name=..., "name": "...", (b"name", b"...").
_SEPARATOR = r"(?:[\"']?\s{0,3}[=:]\s{0,3}b?|[\"'],\s{0,3}b?(?=[\"']))"
# Each pattern takes time in proportion to the text: what is repeated has an end, or starts at one
# place of a run only.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # Our keys: the id stays, so that the log tells which one it was.
    (re.compile(r"(?<![A-Za-z0-9])sp_([0-9a-f]{16})_[A-Za-z0-9_-]+"), rf"sp_\1_{HIDDEN}"),
    (re.compile(r"\b(bearer)\s+[A-Za-z0-9+/=._~-]{6,}", re.I), rf"\1 {HIDDEN}"),
    # Tokens of issuers: parts in base64, the first a JSON object.
    (re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}"), HIDDEN),
    (
        re.compile(
            r"-----BEGIN ([A-Z ]{0,20}PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL
        ),
        HIDDEN,
    ),
    # Passwords in URLs may hold an @ of their own, those of databases a slash too: up to the last.
    (re.compile(r"\b(postgres[a-z0-9+]{0,30}://)[^\s\"'<>]{1,300}@", re.I), rf"\1{HIDDEN}@"),
    (re.compile(r"\b([a-z][a-z0-9+.-]{1,20}://)[^\s/?#\"'<>]{1,500}@", re.I), rf"\1{HIDDEN}@"),
    # Headers whose value has blanks: hidden up to the quote or the end of the line.
    (
        re.compile(
            rf"\b((?:proxy-)?authorization|(?:set-)?cookie)({_SEPARATOR})(\"[^\"\n]*|'[^'\n]*|[^\"'\n]+)",
            re.I,
        ),
        rf"\1\2{HIDDEN}",
    ),
    (
        re.compile(
            rf"(?<![A-Za-z0-9_-])({_SENSITIVE}{_SEPARATOR})(?!\[hidden\])"
            r"(\"[^\"]*\"?|'[^']*'?|[^\s&;,\"'<>})]+)",
            re.I,
        ),
        rf"\1{HIDDEN}",
    ),
)
_SENSITIVE_NAME = re.compile(_SENSITIVE, re.I)
_PLAIN_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that shows itself only to who asks for it by `reveal`."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __str__(self) -> str:
        """Return a mark in place of the text: formatting it must not give it away."""
        return HIDDEN

    def __repr__(self) -> str:
        """Return a mark in place of the text."""
        return f"Secret({HIDDEN})"

    def __bool__(self) -> bool:
        """Return whether there is any text."""
        return bool(self._text)


def redact(text: str) -> str:
    """Return a text with keys, tokens, passwords and private keys in it hidden."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class RedactingFilter(logging.Filter):
    """Hides secrets in a record: message, exception, stack and fields added by `extra`.

    Belongs on handlers: filters of a logger do not see the records of loggers below it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; no record is dropped."""
        _redact_message(record)
        if record.exc_info and record.exc_info[0] is not None:
            # Formatters take this text where it is there; they would write the exception as it is.
            record.exc_text = redact("".join(traceback.format_exception(*record.exc_info))).rstrip()
            # Whoever formats the exception afresh must not get at it, either.
            record.exc_info = None
        elif record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        for name in set(record.__dict__) - _PLAIN_FIELDS:
            record.__dict__[name] = _redact_value(name, record.__dict__[name], depth=0)
        return True


def _redact_message(record: logging.LogRecord) -> None:
    """Hide secrets in the message, leaving its arguments apart where that is enough.

    Formatters such as uvicorn's look at the arguments themselves.
    """
    if isinstance(record.args, tuple):
        record.args = tuple(
            arg if isinstance(arg, bool | int | float) else redact(str(arg)) for arg in record.args
        )
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A wrong format string must not lose the record.
        message = f"{record.msg} [its arguments do not fit]"
        record.args = None
    hidden = redact(message)
    if record.args is None or hidden != message or isinstance(record.args, Mapping):
        # With a per cent sign in it, it would be taken for a format again; without arguments not.
        record.msg, record.args = hidden, None


def _redact_value(name: str, value: object, *, depth: int) -> object:
    """Return the value of a field with secrets hidden, in lists and mappings too."""
    if _SENSITIVE_NAME.fullmatch(name) and value is not None:
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redact(value)
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {
            redact(str(key)): _redact_value(str(key), item, depth=depth + 1)
            for key, item in value.items()
        }
    if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [_redact_value("", item, depth=depth + 1) for item in value]
    return redact(str(value))
