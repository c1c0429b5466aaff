import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.detector import Detections
from models.suppression import (
    SweptBoxes,
    join_detections,
    select_detections,
    suppress_overlapping,
)


def make_detections(*rows: tuple[float, float, float, float, float, int]) -> Detections:
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    return Detections(
        boxes=table[:, :4].astype(np.float32),
        scores=table[:, 4].astype(np.float32),
        class_ids=table[:, 5].astype(np.int32),
    )


def slowly_suppressed(detections: Detections, *, min_iou: float) -> list[int]:
    """Compare every pair, one by one: the definition, not the fast way."""
    kept: list[int] = []
    for row in np.argsort(-detections.scores, kind="stable"):
        box = detections.boxes[row].astype(float)
        for other in kept:
            good = detections.boxes[other].astype(float)
            width = min(box[2], good[2]) - max(box[0], good[0])
            height = min(box[3], good[3]) - max(box[1], good[1])
            shared = max(width, 0) * max(height, 0)
            union = (
                (box[2] - box[0]) * (box[3] - box[1])
                + (good[2] - good[0]) * (good[3] - good[1])
                - shared
            )
            same_class = detections.class_ids[row] == detections.class_ids[other]
            if same_class and shared >= min_iou * union:
                break
        else:
            kept.append(int(row))
    return kept


def test_the_better_of_two_overlapping_boxes_stays() -> None:
    # Shared 8 x 10 = 80, union 120: iou 2/3.
    found = make_detections((0, 0, 10, 10, 0.5, 0), (2, 0, 12, 10, 0.9, 0))
    assert suppress_overlapping(found, min_iou=0.6).scores.tolist() == [np.float32(0.9)]
    assert len(suppress_overlapping(found, min_iou=0.7)) == 2


def test_boxes_of_other_classes_are_left_alone() -> None:
    found = make_detections((0, 0, 10, 10, 0.5, 0), (0, 0, 10, 10, 0.9, 1))
    assert suppress_overlapping(found, min_iou=0.5).class_ids.tolist() == [1, 0]


def test_nothing_gives_nothing() -> None:
    assert len(suppress_overlapping(make_detections(), min_iou=0.5)) == 0
    assert len(join_detections([])) == 0


whole = st.integers(0, 30)
rows = st.lists(
    st.tuples(whole, whole, st.integers(1, 12), st.integers(1, 12), st.integers(0, 2)),
    max_size=40,
)


@given(rows=rows, seed=st.integers(0, 99))
@settings(max_examples=100)
def test_the_fast_way_keeps_what_the_definition_keeps(
    rows: list[tuple[int, int, int, int, int]], seed: int
) -> None:
    # Scores are all different, so that the order is beyond doubt.
    scores = np.random.default_rng(seed).permutation(len(rows)) / 100
    found = make_detections(
        *(
            (x, y, x + width, y + height, score, class_id)
            for (x, y, width, height, class_id), score in zip(rows, scores, strict=True)
        )
    )
    expected = select_detections(
        found, np.array(slowly_suppressed(found, min_iou=0.4), dtype=np.intp)
    )
    kept = suppress_overlapping(found, min_iou=0.4)
    np.testing.assert_array_equal(kept.boxes, expected.boxes)
    np.testing.assert_array_equal(kept.scores, expected.scores)


def test_of_thirty_thousand_boxes_each_is_compared_with_few() -> None:
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, (5472, 3648), (30_000, 2))
    boxes = np.hstack((corner, corner + rng.uniform(20, 80, (30_000, 2))))
    found = Detections(
        boxes=boxes.astype(np.float32),
        scores=rng.random(30_000).astype(np.float32),
        class_ids=rng.integers(0, 3, 30_000).astype(np.int32),
    )
    swept = SweptBoxes(found.boxes)
    near = [swept.near(box) for box in found.boxes]
    # A strip of at most 2 * 80 of 5472 px.
    assert max(part.stop - part.start for part in near) < 30_000 * 0.04
    assert 10_000 < len(suppress_overlapping(found, min_iou=0.5)) < 30_000
