"""COCO's JSON: one file with all pictures, categories by number, boxes as x, y, width, height.

Numbers are pixels from the upper left corner of the picture, with fractions: nothing is rounded.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from datasets.errors import DatasetError
from datasets.formats.boxes import Corners, check_size, corners_of, make_box, size_of
from datasets.formats.files import read_bytes, write_text
from datasets.formats.labels import (
    Label,
    OnTrouble,
    PictureLabels,
    check_file_name,
    map_labels,
    map_words,
)

MAX_BYTES = 600_000_000  # COCO's own largest file has 450 MB


def parse_coco(
    content: str | bytes,
    *,
    labels_by_word: Mapping[str, Label | None],
    keep_crowds: bool,
    on_trouble: OnTrouble | None = None,
) -> tuple[PictureLabels, ...]:
    """Return the pictures in the file's order, also those without annotations.

    Args:
        content: JSON in UTF-8.
        labels_by_word: What each category's name stands for, None to drop its boxes.
        keep_crowds: Whether a box around a group (`iscrowd`) counts as a box of its class.
        on_trouble: Told of each picture that is left out because of its boxes; without it the
            first such picture ends the reading.

    Raises:
        DatasetError: The file is no COCO, a number, file name or category is there twice,
            refers to nothing, or is not in the mapping.
    """
    file = _parse_file(content)
    words = _name_categories(file)
    troubles: dict[_Id, DatasetError] = {}
    annotations = _parse_annotations(file, None if on_trouble is None else troubles)
    boxes_of = _sort_annotations(file, annotations)
    used = dict.fromkeys(words[one.category_id] for one in annotations)
    labels = dict(zip(used, map_words(list(used), labels_by_word, where="COCO file"), strict=True))
    pictures = []
    for image in file.images:
        try:
            if image.id in troubles:
                raise troubles[image.id]
            wanted = [one for one in boxes_of[image.id] if keep_crowds or not one.iscrowd]
            labelled = [(one, labels[words[one.category_id]]) for one in wanted]
            pictures.append(_make_picture(image, labelled))
        except DatasetError as error:
            if on_trouble is None:
                raise
            on_trouble(image.file_name, error)
    return tuple(pictures)


def format_coco(
    pictures: Sequence[PictureLabels], *, words_by_label: Mapping[Label, str | None]
) -> str:
    """Return a COCO file's text; pictures and annotations are numbered from 1 in their order.

    Boxes are written as they are. Categories come in the mapping's order, also unused ones.

    Args:
        pictures: With their sizes.
        words_by_label: Name of each label's category, None to leave its boxes out.

    Raises:
        DatasetError: A size is unknown, a file name is there twice, a box lies outside, or a
            label is not in the mapping.
    """
    _check_once("file name", [picture.file_name for picture in pictures])
    words = dict.fromkeys(word for word in words_by_label.values() if word is not None)
    category_ids = {word: number for number, word in enumerate(words, start=1)}
    annotations: list[dict[str, object]] = []
    for image_id, picture in enumerate(pictures, start=1):
        where, size_px = picture.file_name, size_of(picture)
        for box, word in map_labels(picture.boxes, words_by_label, where=where):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": category_ids[word],
                    **_format_box(corners_of(box, size_px=size_px, where=where)),
                    "iscrowd": 0,
                }
            )
    table = {
        "images": [_format_image(number, one) for number, one in enumerate(pictures, start=1)],
        "annotations": annotations,
        "categories": [{"id": number, "name": word} for word, number in category_ids.items()],
    }
    return json.dumps(table, ensure_ascii=False, allow_nan=False) + "\n"


def read_coco(
    path: Path,
    *,
    labels_by_word: Mapping[str, Label | None],
    keep_crowds: bool,
    on_trouble: OnTrouble | None = None,
) -> tuple[PictureLabels, ...]:
    """Return the pictures of a COCO file; `parse_coco` says how.

    Raises:
        DatasetError: As `parse_coco`, or the file cannot be read.
    """
    content = read_bytes(path, max_bytes=MAX_BYTES)
    try:
        return parse_coco(
            content, labels_by_word=labels_by_word, keep_crowds=keep_crowds, on_trouble=on_trouble
        )
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from error


def write_coco(
    path: Path,
    pictures: Sequence[PictureLabels],
    *,
    words_by_label: Mapping[Label, str | None],
) -> None:
    """Write a COCO file; `format_coco` says how."""
    write_text(path, format_coco(pictures, words_by_label=words_by_label))


_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Id = int | str


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Image(_Part):
    id: _Id
    file_name: str
    width: int
    height: int


class _Category(_Part):
    id: _Id
    name: str


class _Annotation(_Part):
    id: _Id
    image_id: _Id
    category_id: _Id
    bbox: Annotated[list[_Finite], Field(min_length=4, max_length=4)]
    iscrowd: Literal[0, 1] = 0


class _File(_Part):
    images: list[_Image]
    annotations: list[dict[str, object]]  # each is parsed by itself: a bad one is one picture's
    categories: list[_Category]


def _parse_file(content: str | bytes) -> _File:
    try:
        return _File.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise DatasetError(
            f"no COCO labels: {place}: {first['msg']} ({error.error_count()} in all)"
        ) from error


def _name_categories(file: _File) -> dict[_Id, str]:
    _check_once("category id", [category.id for category in file.categories])
    _check_once("category name", [category.name for category in file.categories])
    return {category.id: category.name for category in file.categories}


def _parse_annotations(file: _File, troubles: dict[_Id, DatasetError] | None) -> list[_Annotation]:
    """Return the annotations; a bad one whose image is known is noted in `troubles`, if any.

    Raises:
        DatasetError: An annotation is bad, and nobody takes note or its image is not known.
    """
    images = {image.id for image in file.images}
    annotations = []
    for place, entry in enumerate(file.annotations):
        try:
            annotations.append(_Annotation.model_validate(entry))
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, ("annotations", place, *found["loc"])))
            trouble = DatasetError(f"no COCO labels: {where}: {found['msg']}")
            image_id = entry.get("image_id")
            known = isinstance(image_id, int | str) and image_id in images
            if troubles is None or not known:
                raise trouble from error
            troubles.setdefault(image_id, trouble)  # type: ignore[arg-type]  # known is an _Id
    return annotations


def _sort_annotations(
    file: _File, annotations: Sequence[_Annotation]
) -> Mapping[_Id, list[_Annotation]]:
    """Return the annotations of each picture; refuses those that refer to nothing."""
    _check_once("image id", [image.id for image in file.images])
    _check_once("file name", [image.file_name for image in file.images])
    _check_once("annotation id", [one.id for one in annotations])
    images = {image.id for image in file.images}
    categories = {category.id for category in file.categories}
    boxes_of: dict[_Id, list[_Annotation]] = defaultdict(list)
    for one in annotations:
        if one.image_id not in images:
            raise DatasetError(f"annotation {one.id!r}: there is no image {one.image_id!r}")
        if one.category_id not in categories:
            raise DatasetError(f"annotation {one.id!r}: there is no category {one.category_id!r}")
        boxes_of[one.image_id].append(one)
    return boxes_of


def _make_picture(
    image: _Image, labelled: Sequence[tuple[_Annotation, Label | None]]
) -> PictureLabels:
    check_file_name(image.file_name, where=f"image {image.id!r}")
    size_px = check_size(image.width, image.height, where=image.file_name)
    boxes = []
    for one, label in labelled:
        x, y, width, height = one.bbox
        where = f"{image.file_name}: annotation {one.id!r}"
        if width < 0 or height < 0:
            raise DatasetError(f"{where}: a width or height is negative")
        if label is not None:
            corners = (x, y, x + width, y + height)
            boxes.append(make_box(corners, label, size_px=size_px, where=where))
    return PictureLabels(
        file_name=image.file_name, width_px=size_px[0], height_px=size_px[1], boxes=tuple(boxes)
    )


def _check_once(what: str, values: Sequence[_Id]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise DatasetError(f"{what} {twice[0]!r} is there twice ({len(twice)} such in all)")


def _format_image(number: int, picture: PictureLabels) -> dict[str, object]:
    width_px, height_px = size_of(picture)
    return {
        "id": number,
        "file_name": check_file_name(picture.file_name, where="COCO file"),
        "width": width_px,
        "height": height_px,
    }


def _format_box(corners: Corners) -> dict[str, object]:
    x_min, y_min, x_max, y_max = corners
    width, height = x_max - x_min, y_max - y_min
    return {"bbox": [x_min, y_min, width, height], "area": width * height}
