"""What a file's bytes hash to."""

import hashlib
from pathlib import Path


def hash_file(path: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size of a file, in constant memory.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()
