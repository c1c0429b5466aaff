"""Whatever a file holds, a reader returns labels or says what is wrong: it never breaks."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.errors import DatasetError
from datasets.formats.coco import parse_coco
from datasets.formats.label_studio import parse_rectangle
from datasets.formats.label_studio_export import parse_label_studio
from datasets.formats.labels import Label
from datasets.formats.pascal_voc import parse_pascal_voc
from datasets.formats.yolo import parse_yolo

GARBAGE = Label("exposed_garbage")
NUMBERS = st.one_of(st.integers(-9, 9), st.floats(), st.integers(), st.booleans(), st.none())
ANYTHING = st.recursive(
    st.one_of(NUMBERS, st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
COCO = {
    "images": [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}],
    "categories": [{"id": 1, "name": "garbage"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "iscrowd": 0}],
}
TASKS = [
    {
        "id": 1,
        "data": {"picture": "a.jpg", "width_px": 9, "height_px": 9},
        "annotations": [
            {
                "id": 1,
                "created_at": "2026-11-24T20:07:32Z",
                "was_cancelled": False,
                "prediction": {"id": 1, "result": [{"original_width": 9, "original_height": 9}]},
                "result": [
                    {
                        "id": "r",
                        "type": "rectanglelabels",
                        "original_width": 9,
                        "original_height": 9,
                        "image_rotation": 0,
                        "score": 0.5,
                        "value": {
                            "x": 1,
                            "y": 2,
                            "width": 3,
                            "height": 4,
                            "rotation": 5,
                            "rectanglelabels": ["garbage"],
                        },
                    }
                ],
            }
        ],
    }
]


def list_places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every part of a JSON value."""
    if isinstance(value, dict):
        parts = list(value.items())
    else:
        parts = list(enumerate(value)) if isinstance(value, list) else []
    inner = [way for key, part in parts for way in list_places(part, (*place, key))]
    return [place, *inner] if place else inner


def replace_part(value: Any, place: tuple[Any, ...], part: Any) -> Any:
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = part
    return copy


def read_or_refuse(read: Callable[[], object]) -> None:
    """Read; any error but that of the project fails the test."""
    with suppress(DatasetError):
        read()


@settings(max_examples=60)
@given(st.sampled_from(list_places(COCO)), ANYTHING)
def test_coco_with_anything_anywhere(place: tuple[Any, ...], part: Any) -> None:
    text = json.dumps(replace_part(COCO, place, part))
    read_or_refuse(lambda: parse_coco(text, labels_by_word={"garbage": GARBAGE}, keep_crowds=True))


@settings(max_examples=60)
@given(st.sampled_from(list_places(TASKS)), ANYTHING)
def test_label_studio_with_anything_anywhere(place: tuple[Any, ...], part: Any) -> None:
    text = json.dumps(replace_part(TASKS, place, part))
    read_or_refuse(lambda: parse_label_studio(text, labels_by_word={"garbage": GARBAGE}))


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["id", "type", "value", "score", "x"]), ANYTHING))
def test_a_rectangle_of_anything(result: dict[str, object]) -> None:
    with pytest.raises(DatasetError):
        parse_rectangle(result)


LINES = st.lists(
    st.one_of(NUMBERS.map(str), st.text(max_size=3), st.floats(0, 1).map(str)), max_size=9
).map(" ".join)


@settings(max_examples=60)
@given(st.lists(LINES, max_size=3).map("\n".join))
def test_yolo_of_any_words(text: str) -> None:
    read_or_refuse(
        lambda: parse_yolo(
            text, labels_by_number={0: GARBAGE}, file_name="a.jpg", size_px=(640, 480)
        )
    )


WORDS = st.one_of(NUMBERS.map(str), st.text(max_size=5))


@settings(max_examples=60)
@given(st.lists(WORDS, min_size=8, max_size=8))
def test_pascal_voc_of_any_words(words: list[str]) -> None:
    name, label, width, height, *edges = words
    place = "".join(f"<{tag}>{e}</{tag}>" for tag, e in zip("abcd", edges, strict=True))
    place = place.translate({97: "xmin", 98: "ymin", 99: "xmax", 100: "ymax"})
    content = (
        f"<annotation><filename>{name}</filename><size><width>{width}</width>"
        f"<height>{height}</height></size><object><name>{label}</name><bndbox>{place}</bndbox>"
        "</object></annotation>"
    ).encode(errors="replace")
    read_or_refuse(
        lambda: parse_pascal_voc(content, labels_by_word={label: GARBAGE}, keep_difficult=True)
    )


@settings(max_examples=60)
@given(st.binary(max_size=60))
def test_bytes_that_are_nothing(content: bytes) -> None:
    with pytest.raises(DatasetError):
        parse_pascal_voc(content, labels_by_word={}, keep_difficult=True)
    with pytest.raises(DatasetError):
        parse_coco(content, labels_by_word={}, keep_crowds=True)
