"""Why something that is being sent is not taken in; the client may send it again."""

from service.errors import ServiceError


class ArrivalError(ServiceError):
    """Base: nothing of it was kept. The message is for the client."""


class TooLargeError(ArrivalError):
    """More bytes than allowed; HTTP calls it 413."""


class IncompleteError(ArrivalError):
    """Fewer or more bytes than announced: the line was cut, or the announcement is wrong."""


class DigestMismatchError(ArrivalError):
    """The bytes have another hash than announced: damaged on their way."""


class BadDigestError(ArrivalError):
    """The Content-Digest field is not written as RFC 9530 says."""


class UnsafeNameError(ArrivalError):
    """A file's name leads out of its folder, or cannot be kept; the message says why."""
