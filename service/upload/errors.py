"""Why an upload, a file of it or one try does not get on, in words that can be translated."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.errors import ServiceError, StoppedError, TemporaryError


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell a person: a key of the texts `upload`, and the facts for its blanks."""

    key: str
    facts: Mapping[str, object] = field(default_factory=dict)


class _TellingError(ServiceError):
    """Base: carries a message."""

    def __init__(self, key: str, **facts: object) -> None:
        super().__init__(" ".join([key, *(f"{name}={value}" for name, value in facts.items())]))
        self.message = Message(key, facts)


# Statuses of a server or a proxy that will be well again; other ones from 500 up may be for good.
PATIENT_STATUSES = frozenset({408, 423, 425, 429, 502, 503, 504, 507})


class UploadStoppedError(_TellingError, StoppedError):
    """Nothing more can be sent until a person does something; the same command goes on then."""


class LineDownError(_TellingError, TemporaryError):
    """The line was cut, or nobody answers: tried again until it works."""


class ServerBusyError(_TellingError, TemporaryError):
    """The server asks for patience, or has failed for the moment.

    Attributes:
        status: Of HTTP.
        wait_s: How long it wants to be left alone; None where it does not say.
    """

    def __init__(self, detail: str, *, status: int, wait_s: float | None) -> None:
        super().__init__("server_busy", detail=detail)
        self.status = status
        self.wait_s = wait_s


class RefusedError(_TellingError):
    """The server does not take this one thing; asked again, it would refuse it again.

    Attributes:
        status: Of HTTP.
        code: Of the problem (RFC 9457), empty where it told none.
    """

    def __init__(self, detail: str, *, status: int, code: str = "") -> None:
        super().__init__("refused", detail=detail)
        self.status = status
        self.code = code


class FileChangedError(_TellingError):
    """A file is not what it was when it was hashed; none of its bytes count as sent."""

    def __init__(self) -> None:
        super().__init__("file_changes")


class HaltedError(ServiceError):
    """Another thread, or the person, has ended the upload; nothing is wrong with this file."""
