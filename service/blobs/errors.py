"""What can go wrong with kept bytes, as far as callers treat it differently."""

from service.errors import ServiceError, TemporaryError


class BlobError(ServiceError):
    """Base of the errors of kept bytes."""


class BlobNotFoundError(BlobError):
    """No bytes with this SHA-256 are kept; the message names it."""


class BlobDamagedError(BlobError):
    """Bytes do not have the SHA-256 that they should have; nothing was kept or handed out."""


class BlobsUnavailableError(BlobError, TemporaryError):
    """The place where bytes are kept does not answer, or lets nobody in."""


class DiskFullError(BlobError, TemporaryError):
    """There is no room left; what was being written is gone again. HTTP calls it 507."""
