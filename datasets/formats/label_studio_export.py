"""Label Studio's JSON export as labelled pictures, for projects in which people draw the boxes.

Never its YOLO export: that numbers the words of verdicts among the classes and gives out the box
of a rejected detection as a positive. A project with verdicts is read by `datasets.reviews`.
"""

from collections.abc import Mapping
from pathlib import Path

from datasets.errors import DatasetError
from datasets.formats.boxes import check_size, make_box
from datasets.formats.files import read_text
from datasets.formats.label_studio import RECTANGLE_TYPE, Rectangle, parse_rectangle
from datasets.formats.labels import Label, OnTrouble, PictureLabels, check_file_name, map_words
from datasets.reviews.label_studio_tasks import Annotation, Task, parse_tasks

MAX_BYTES = 600_000_000


def parse_label_studio(
    text: str,
    *,
    labels_by_word: Mapping[str, Label | None],
    picture_key: str = "picture",
    on_trouble: OnTrouble | None = None,
) -> tuple[PictureLabels, ...]:
    """Return the annotated pictures of an export, or of a page of the API's list.

    Tasks that nobody has submitted are no empty pictures and are left out, as are skipped ones.
    The size is that of the regions, of the proposals or of the task's `width_px` and
    `height_px`, and unknown where a picture has none of them.

    Args:
        text: JSON.
        labels_by_word: What each label stands for, None to drop its boxes.
        picture_key: Which entry of a task's `data` holds the picture's file name.
        on_trouble: Told of each picture that is left out because of its annotation; without it
            the first such picture ends the reading.

    Raises:
        DatasetError: The file is no export, a picture is there twice, is annotated twice, has
            regions other than labelled rectangles, or a label that is not in the mapping.
    """
    pictures: dict[str, PictureLabels] = {}
    for task in parse_tasks(text, on_trouble=on_trouble):
        submitted = [one for one in task.annotations if not one.was_cancelled]
        if not submitted:
            continue
        name = f"task {task.id}"
        try:
            picture = _make_picture(task, submitted, labels_by_word, picture_key)
            name = picture.file_name
            if name in pictures:
                raise DatasetError(f"{name}: two tasks show this picture")
        except DatasetError as error:
            if on_trouble is None:
                raise
            on_trouble(name, error)
        else:
            pictures[name] = picture
    return tuple(pictures.values())


def read_label_studio(
    path: Path,
    *,
    labels_by_word: Mapping[str, Label | None],
    picture_key: str = "picture",
    on_trouble: OnTrouble | None = None,
) -> tuple[PictureLabels, ...]:
    """Return the annotated pictures of an export; `parse_label_studio` says how.

    Raises:
        DatasetError: As `parse_label_studio`, or the file cannot be read.
    """
    text = read_text(path, max_bytes=MAX_BYTES)
    try:
        return parse_label_studio(
            text, labels_by_word=labels_by_word, picture_key=picture_key, on_trouble=on_trouble
        )
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from error


def _make_picture(
    task: Task,
    submitted: list[Annotation],
    labels_by_word: Mapping[str, Label | None],
    picture_key: str,
) -> PictureLabels:
    where = f"task {task.id}"
    name = task.data.get(picture_key)
    if not isinstance(name, str):
        raise DatasetError(f"{where}: data.{picture_key} holds no file name")
    check_file_name(name, where=where)
    if len(submitted) > 1:
        raise DatasetError(
            f"{name}: {len(submitted)} annotations; what they agree on is a matter of reviews"
        )
    rectangles = _parse_rectangles(submitted[0], where=name)
    size_px = _find_size(task, submitted[0], rectangles, where=name)
    labels = map_words([one.word for one in rectangles], labels_by_word, where=name)
    boxes = tuple(
        make_box(
            (one.x_min, one.y_min, one.x_max, one.y_max),
            label,
            size_px=(one.width_px, one.height_px),
            where=f"{name}: region {one.region_id!r}",
        )
        for one, label in zip(rectangles, labels, strict=True)
        if label is not None
    )
    width_px, height_px = size_px if size_px is not None else (None, None)
    return PictureLabels(file_name=name, width_px=width_px, height_px=height_px, boxes=boxes)


def _parse_rectangles(annotation: Annotation, *, where: str) -> list[Rectangle]:
    kinds = {str(result.get("type")) for result in annotation.result} - {RECTANGLE_TYPE}
    if kinds:
        raise DatasetError(
            f"{where}: results of type {', '.join(sorted(kinds))} besides rectangles; verdicts "
            "belong to reviews, other shapes are not read"
        )
    try:
        return [parse_rectangle(result) for result in annotation.result]
    except DatasetError as error:
        raise DatasetError(f"{where}: {error}") from error


def _find_size(
    task: Task, annotation: Annotation, rectangles: list[Rectangle], *, where: str
) -> tuple[int, int] | None:
    """Return the picture's size, None where nothing in the task tells it."""
    stated: list[tuple[object, object]] = [(one.width_px, one.height_px) for one in rectangles]
    proposals = task.find_prediction(annotation)
    if not stated and proposals is not None:
        stated = [(r.get("original_width"), r.get("original_height")) for r in proposals.result]
    if not stated:
        stated = [(task.data.get("width_px"), task.data.get("height_px"))]
    width_px, height_px = stated[0]
    if any(size != stated[0] for size in stated):
        raise DatasetError(f"{where}: its regions are of pictures of different sizes")
    if width_px is None and height_px is None:
        return None
    if not isinstance(width_px, int) or not isinstance(height_px, int):
        raise DatasetError(f"{where}: size {width_px!r} x {height_px!r} is not in whole pixels")
    return check_size(width_px, height_px, where=where)
