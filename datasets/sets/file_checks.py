"""Whether the files of a set are what the set says."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import PictureSet, stays_inside
from datasets.sets.findings import Finding
from datasets.sets.picture_facts import BrokenPicture, PictureFacts, read_all_facts

FactsByPath = Mapping[str, PictureFacts | BrokenPicture]


def read_set_facts(picture_set: PictureSet, *, workers: int) -> FactsByPath:
    """Return what the file of each picture says; files outside the set are not opened."""
    inside = list(
        dict.fromkeys(
            picture.path for picture in picture_set.pictures if stays_inside(picture.path)
        )
    )
    absent = BrokenPicture(code="absent", reason="there is no such file")
    paths = [path for path in inside if _is_file(picture_set.folder / path)]
    files: list[Path] = [picture_set.folder / path for path in paths]
    facts = dict(zip(paths, read_all_facts(files, workers=workers), strict=True))
    return {path: facts.get(path, absent) for path in inside}


def check_files(picture_set: PictureSet, facts: FactsByPath) -> Iterator[Finding]:
    """Yield what is wrong with the files of a set."""
    times = Counter(picture.path for picture in picture_set.pictures)
    for path, count in times.items():
        if count > 1:
            yield Finding(code="listed_twice", message=f"on {count} lines", picture=path)
    for picture in picture_set.pictures:
        found = facts.get(picture.path)
        if found is None:
            yield Finding(code="outside", message="no path in the set", picture=picture.path)
        elif isinstance(found, BrokenPicture):
            yield Finding(code=found.code, message=found.reason, picture=picture.path)
        else:
            yield from _check_file(picture, found)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than the system takes
        return False


def _check_file(picture: LabelledPicture, facts: PictureFacts) -> Iterator[Finding]:
    if facts.sha256 != picture.sha256:
        message = f"SHA-256 {facts.sha256[:12]}, in the set {picture.sha256[:12]}"
        yield Finding(code="hash_differs", message=message, picture=picture.path)
    if (facts.width_px, facts.height_px) != (picture.width_px, picture.height_px):
        message = (
            f"{facts.width_px} x {facts.height_px} px, "
            f"in the set {picture.width_px} x {picture.height_px}"
        )
        yield Finding(code="size_differs", message=message, picture=picture.path)
    if facts.is_turned:
        message = "its EXIF orientation turns or mirrors it"
        yield Finding(code="turned_by_exif", message=message, picture=picture.path)
