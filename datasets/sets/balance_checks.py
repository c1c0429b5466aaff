"""Whether each split can teach and measure each class."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import SPLITS, PictureSet
from datasets.sets.findings import Finding, Limits


def check_balance(picture_set: PictureSet, limits: Limits) -> Iterator[Finding]:
    """Yield splits that lack pictures, and classes that lack boxes or negatives in a split."""
    classes = sorted({name for entry in picture_set.pictures for name in entry.labelled_classes})
    for split in SPLITS:
        pictures = [picture for picture in picture_set.pictures if picture.split == split]
        if not pictures:
            yield Finding(code="split_empty", message=f"no picture in {split}")
            continue
        for name in classes:
            yield from _check_class(name, split, pictures, limits)


def check_words(picture_set: PictureSet) -> Iterator[Finding]:
    """Yield pictures of a split, source, time or place that does not exist."""
    sources = {source.name for source in picture_set.sources}
    for picture in picture_set.pictures:
        if picture.split not in SPLITS:
            message = f"{picture.split!r} is none of {', '.join(SPLITS)}"
            yield Finding(code="unknown_split", message=message, picture=picture.path)
        if picture.source not in sources:
            message = f"{picture.source!r} is not among the set's sources"
            yield Finding(code="unknown_source", message=message, picture=picture.path)
        if picture.captured_at is not None and not _is_time(picture.captured_at):
            message = f"captured_at {picture.captured_at!r} is no ISO 8601"
            yield Finding(code="time_unreadable", message=message, picture=picture.path)
        if (picture.latitude is None) != (picture.longitude is None):
            message = "latitude without longitude, or the other way round"
            yield Finding(code="place_incomplete", message=message, picture=picture.path)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _check_class(
    name: str, split: str, pictures: Sequence[LabelledPicture], limits: Limits
) -> Iterator[Finding]:
    boxes = sum(box.class_name == name for picture in pictures for box in picture.boxes)
    negatives = sum(
        name in picture.labelled_classes and all(box.class_name != name for box in picture.boxes)
        for picture in pictures
    )
    if boxes == 0:
        yield Finding(code="class_absent", message=f"no box of {name} in {split}")
    elif boxes < limits.least_boxes:
        yield Finding(code="class_rare", message=f"{boxes} boxes of {name} in {split}")
    if negatives == 0:
        message = f"no picture in {split} where {name} was looked for and is not there"
        yield Finding(code="no_negatives", message=message)
