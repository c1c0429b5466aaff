"""Files that are there as a whole or not at all."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes, *, lasting: bool = False) -> None:
    """Write a file so that it is never seen in part, whenever we are killed.

    Args:
        path: Its folder is made where absent.
        content: Of the file.
        lasting: Wait until the disk has it: it survives a power cut, too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    with unfinished.open("wb") as file:
        file.write(content)
        if lasting:
            file.flush()
            os.fsync(file.fileno())
    unfinished.replace(path)
