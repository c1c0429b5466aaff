"""Why somebody is not let in, or a call to somebody else is not made."""

from service.errors import ServiceError, TemporaryError


class AccessError(ServiceError):
    """Base of the errors of access."""


class NotAuthenticatedError(AccessError):
    """Nobody knows who is calling: no credential, or one that is wrong, expired or revoked.

    `str()` is safe to be sent to the caller. What exactly was wrong is in `reason`, for the log:
    told to strangers, it would help them to guess.
    """

    def __init__(self, reason: str) -> None:
        """Keep the reason for the log."""
        super().__init__("the credential is missing or not valid")
        self.reason = reason


class NotAllowedError(AccessError):
    """The caller is known and may not do this; the message names what is lacking."""


class LimitReachedError(AccessError, TemporaryError):
    """The caller did too much; `retry_after_s` tells when there is room again."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        """Keep the time to wait."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class IssuerUnavailableError(AccessError, TemporaryError):
    """The issuer of tokens cannot be asked for its keys, so no token can be checked."""


class OutgoingRefusedError(AccessError):
    """A call out is not made: the URL, or where it leads, is not allowed.

    The message is for the person who registered the URL.
    """


class OutgoingFailedError(AccessError, TemporaryError):
    """A call out was made and gave nothing: no connection, too slow, too much, not understood."""


class OutgoingAnswerTooLargeError(OutgoingFailedError):
    """The other side sent more than allowed, or packed what was asked for unpacked."""
