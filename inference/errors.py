"""What can go wrong on the way of a photo, as far as callers treat it differently."""

from inference.receipt import Reason, ReasonCode


class InferenceError(Exception):
    """Anything that stops the inspection of a photo; the base of the others."""


class PhotoRejectedError(InferenceError):
    """A file cannot be inspected at all; its receipt says why.

    Attributes:
        reason: The code and the facts.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"{reason.code}: {reason.detail}" if reason.detail else str(reason.code))
        self.reason = reason


class CameraTableError(InferenceError):
    """The table of cameras that comes with the program is damaged; the message says where."""


def rejected(code: ReasonCode, detail: str | None = None) -> PhotoRejectedError:
    """Return the error that turns a file down for this reason."""
    return PhotoRejectedError(Reason(code=code, detail=detail))
