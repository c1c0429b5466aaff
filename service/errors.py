"""What may go wrong at the rim, told so that a caller knows what to do."""


class ServiceError(Exception):
    """Base of all errors of the service."""


class CannotStartError(ServiceError):
    """Nothing can be done as asked: an option, an input file or the output folder is wrong.

    The message is one line for a person: which option or file, and what is wrong with it.
    """


class TemporaryError(ServiceError):
    """The same may work a little later; all else would fail the same way again."""


class StoppedError(ServiceError):
    """A job had to stop on the way, such as on a full disk; the same command goes on from there."""


class UnknownRecordError(ServiceError):
    """The store holds nothing under this name; the message names it."""


class ConflictError(ServiceError):
    """What is asked contradicts what the store holds, such as other bytes under the same name."""


class LeaseLostError(ServiceError):
    """A job was given to somebody else meanwhile: whatever this worker did of it must not count."""
