"""What is written in a format comes back: boxes within its rounding, order, empties, names."""

import json
import math
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.formats.coco import format_coco, parse_coco
from datasets.formats.label_studio_export import parse_label_studio
from datasets.formats.label_studio_import import PictureTask, Proposal, format_tasks
from datasets.formats.labels import Label, PictureLabels, name_labels
from datasets.formats.pascal_voc import format_pascal_voc, parse_pascal_voc
from datasets.formats.yolo import format_yolo, parse_yolo
from datasets.labelled_picture import LabelledBox

LABELS = (
    Label("exposed_garbage"),
    Label("exposed_garbage", "overflowing_bin"),
    Label("damaged_billboard", "torn"),
)
LABELS_BY_WORD = name_labels(LABELS)
WORDS_BY_LABEL: Mapping[Label, str | None] = {label: str(label) for label in LABELS}
MIN_SIDE_PX = 0.02  # of a box; six decimals of 8000 px are 0.008 px
EXACT_PX = 1e-7  # what adding and dividing floats may cost

# Letters, marks and symbols of any script, and spaces of other scripts within.
NAMES = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters='/\\:"'), min_size=1, max_size=9
).map(lambda text: f"街 口/{text}.jpg")


PARTS = st.floats(0, 1)


def make_span(side_px: int, start: float, length: float) -> tuple[float, float]:
    """Return a span within a side from two parts of what is possible."""
    start_px = start * (side_px - MIN_SIDE_PX)
    return start_px, min(start_px + MIN_SIDE_PX + length * (side_px - start_px), side_px)


def make_picture(
    name: str, size_px: tuple[int, int], objects: list[tuple[Label, float, float, float, float]]
) -> PictureLabels:
    boxes = []
    for label, x, y, width, height in objects:
        (x_min, x_max), (y_min, y_max) = (
            make_span(size_px[0], x, width),
            make_span(size_px[1], y, height),
        )
        boxes.append(
            LabelledBox(
                class_name=label.class_name,
                sub_class=label.sub_class,
                x_min=x_min,
                y_min=y_min,
                x_max=x_max,
                y_max=y_max,
            )
        )
    return PictureLabels(
        file_name=name, width_px=size_px[0], height_px=size_px[1], boxes=tuple(boxes)
    )


SIDES = st.integers(1, 8000)
OBJECTS = st.tuples(st.sampled_from(LABELS), PARTS, PARTS, PARTS, PARTS)
PICTURES = st.builds(make_picture, NAMES, st.tuples(SIDES, SIDES), st.lists(OBJECTS, max_size=3))
SETS = st.lists(PICTURES, max_size=3, unique_by=lambda picture: picture.file_name)


def size_of(picture: PictureLabels) -> tuple[int, int]:
    assert picture.width_px is not None
    assert picture.height_px is not None
    return picture.width_px, picture.height_px


def assert_same(
    found: PictureLabels, written: PictureLabels, *, x_error_px: float, y_error_px: float
) -> None:
    """Check name, size, order and labels, and each edge within the format's rounding."""
    assert found.file_name == written.file_name
    assert size_of(found) == size_of(written)
    assert len(found.boxes) == len(written.boxes)
    for box, original in zip(found.boxes, written.boxes, strict=True):
        assert (box.class_name, box.sub_class) == (original.class_name, original.sub_class)
        assert math.isclose(box.x_min, original.x_min, abs_tol=x_error_px)
        assert math.isclose(box.x_max, original.x_max, abs_tol=x_error_px)
        assert math.isclose(box.y_min, original.y_min, abs_tol=y_error_px)
        assert math.isclose(box.y_max, original.y_max, abs_tol=y_error_px)
        assert 0 <= box.x_min < box.x_max <= size_of(written)[0]
        assert 0 <= box.y_min < box.y_max <= size_of(written)[1]


@settings(max_examples=40)
@given(PICTURES)
def test_yolo_keeps_edges_to_three_quarters_of_its_last_decimal(picture: PictureLabels) -> None:
    text = format_yolo(picture, numbers_by_label={label: n for n, label in enumerate(LABELS)})
    found = parse_yolo(
        text,
        labels_by_number=dict(enumerate(LABELS)),
        file_name=picture.file_name,
        size_px=size_of(picture),
    )
    # Half a unit from the centre, a quarter from half the width.
    width_px, height_px = size_of(picture)
    assert_same(
        found,
        picture,
        x_error_px=0.75e-6 * width_px + EXACT_PX,
        y_error_px=0.75e-6 * height_px + EXACT_PX,
    )


@settings(max_examples=20)
@given(SETS)
def test_coco_keeps_edges_pictures_without_boxes_and_the_order(
    written: list[PictureLabels],
) -> None:
    found = parse_coco(
        format_coco(written, words_by_label=WORDS_BY_LABEL),
        labels_by_word=LABELS_BY_WORD,
        keep_crowds=False,
    )
    assert len(found) == len(written)
    for one, original in zip(found, written, strict=True):
        assert_same(one, original, x_error_px=EXACT_PX, y_error_px=EXACT_PX)


@settings(max_examples=40)
@given(PICTURES)
def test_pascal_voc_moves_edges_by_half_a_pixel_at_most(picture: PictureLabels) -> None:
    found = parse_pascal_voc(
        format_pascal_voc(picture, words_by_label=WORDS_BY_LABEL).encode(),
        labels_by_word=LABELS_BY_WORD,
        keep_difficult=True,
    )
    # What is narrower than a pixel grows to the pixels that it touches.
    assert_same(found, picture, x_error_px=1, y_error_px=1)
    for box, original in zip(found.boxes, picture.boxes, strict=True):
        if original.x_max - original.x_min >= 1:
            assert abs(box.x_min - original.x_min) <= 0.5
            assert abs(box.x_max - original.x_max) <= 0.5
        if original.y_max - original.y_min >= 1:
            assert abs(box.y_min - original.y_min) <= 0.5
            assert abs(box.y_max - original.y_max) <= 0.5


@settings(max_examples=40)
@given(PICTURES)
def test_pascal_voc_does_not_drift_when_written_again(picture: PictureLabels) -> None:
    once = format_pascal_voc(picture, words_by_label=WORDS_BY_LABEL)
    found = parse_pascal_voc(once.encode(), labels_by_word=LABELS_BY_WORD, keep_difficult=True)
    assert format_pascal_voc(found, words_by_label=WORDS_BY_LABEL) == once


def annotate_as_proposed(tasks_json: str) -> str:
    """Return the export after a reviewer submitted every task as the model proposed it."""
    return json.dumps(
        [
            {
                "id": number,
                "data": task["data"],
                "annotations": [
                    {
                        "id": number,
                        "completed_by": 1,
                        "was_cancelled": False,
                        "created_at": "2026-11-24T20:07:32.862175Z",
                        "result": [
                            region
                            for one in task.get("predictions", [])
                            for region in one["result"]
                        ],
                    }
                ],
                "predictions": [],
            }
            for number, task in enumerate(json.loads(tasks_json), start=1)
        ]
    )


@settings(max_examples=20)
@given(SETS)
def test_label_studio_keeps_edges_and_pictures_without_boxes(written: list[PictureLabels]) -> None:
    tasks = [
        PictureTask(
            picture=picture.file_name,
            image_url=f"https://pictures.example/{number}.jpg",
            width_px=size_of(picture)[0],
            height_px=size_of(picture)[1],
            proposals=tuple(
                Proposal(region_id=f"d{n}", box=box, score=0.5)
                for n, box in enumerate(picture.boxes)
            ),
        )
        for number, picture in enumerate(written)
    ]
    text = format_tasks(tasks, model_version="m1", words_by_label=WORDS_BY_LABEL)
    found = parse_label_studio(annotate_as_proposed(text), labels_by_word=LABELS_BY_WORD)
    assert len(found) == len(written)
    for one, original in zip(found, written, strict=True):
        assert_same(one, original, x_error_px=EXACT_PX, y_error_px=EXACT_PX)
