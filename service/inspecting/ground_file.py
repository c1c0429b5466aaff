"""The height model that a person names."""

from pathlib import Path

from inference.errors import InferenceError
from inference.geometry.ground import Ground, read_ground
from service.errors import CannotStartError


def read_ground_file(path: Path | None) -> Ground | None:
    """Return the height model of a file, or None where none is named.

    Raises:
        CannotStartError: It cannot be read.
    """
    if path is None:
        return None
    try:
        return read_ground(path)
    except OSError as error:
        raise CannotStartError(f"--ground {path} cannot be read: {error.strerror}") from error
    except InferenceError as error:  # names the file itself
        raise CannotStartError(f"--ground {error}") from error
