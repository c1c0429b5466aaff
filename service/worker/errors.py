"""Why an attempt at a job ends early, as far as the loop treats it differently."""

from datetime import datetime

from service.errors import ServiceError


class NotYetError(ServiceError):
    """It is too early; the job waits until a time, and nothing is counted against it."""

    def __init__(self, code: str, *, until: datetime) -> None:
        super().__init__(code)
        self.code = code
        self.until = until


class UnreadableError(ServiceError):
    """Bytes that should be there cannot be read. After some attempts they count as lost."""
