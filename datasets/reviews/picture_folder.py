"""The folder of pictures that reviews are about: which file does a review mean?"""

import re
from collections import defaultdict
from pathlib import Path, PurePosixPath

from datasets.errors import DatasetError
from datasets.reviews.label_studio import FoundPicture
from datasets.sets.gather import PICTURE_SUFFIXES
from datasets.sets.picture_facts import BrokenPicture, PictureFacts, read_picture_facts

# Label Studio puts eight random digits before the names of files that are uploaded to it.
UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-")


class PictureFolder:
    """The pictures below a folder; each file is decoded once."""

    def __init__(self, folder: Path, paths: list[str]) -> None:
        self._folder = folder
        self._paths = frozenset(paths)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            self._by_name[PurePosixPath(path).name].append(path)
        self._facts: dict[str, PictureFacts | BrokenPicture] = {}

    def find(self, reference: str) -> str | None:
        """Return the path of the picture that a path or name means; None for none or several."""
        if reference in self._paths:
            return reference
        name = PurePosixPath(reference).name
        found = self._by_name.get(name) or self._by_name.get(UPLOAD_PREFIX.sub("", name), [])
        return found[0] if len(found) == 1 else None

    def file_of(self, path: str) -> Path:
        """Return where a picture of the folder lies."""
        return self._folder / path

    def read_facts(self, path: str) -> PictureFacts | BrokenPicture:
        """Return what a picture's file says of itself."""
        if path not in self._facts:
            self._facts[path] = read_picture_facts(self.file_of(path))
        return self._facts[path]

    def find_with_size(self, reference: str) -> FoundPicture | None:
        """Return the picture that a path or name means, as people see it."""
        path = self.find(reference)
        facts = None if path is None else self.read_facts(path)
        if path is None or not isinstance(facts, PictureFacts):
            return None
        return FoundPicture(path=path, width_px=facts.width_px, height_px=facts.height_px)


def read_picture_folder(folder: Path) -> PictureFolder:
    """Return the pictures below a folder; links out of it are passed over.

    Raises:
        DatasetError: There is no such folder.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder of pictures")
    inside = folder.resolve()
    paths = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES and path.resolve().is_relative_to(inside)
    )
    return PictureFolder(folder, paths)
