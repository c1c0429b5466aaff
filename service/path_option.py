"""Paths as people and scripts give them."""

from pathlib import Path

from service.errors import CannotStartError


def parse_path(text: str) -> Path:
    """Return an option's or argument's path.

    Raises:
        CannotStartError: The text is empty, as scripts give with a variable not set; of that Path
            would make the folder here.
    """
    if not text:
        raise CannotStartError("a PATH is empty; name a file or a folder")
    return Path(text)
