"""The rules of docs/reviews.md, on any reviews of a picture."""

from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.reviews.areas import Area
from datasets.reviews.json_lines import format_review, parse_review
from datasets.reviews.review import PictureReview, ReviewedBox, Verdict, area_of
from datasets.reviews.to_labels import labels_from_reviews
from tests.datasets.reviews.factories import (
    BILLBOARD,
    GARBAGE,
    HEIGHT_PX,
    STRUCTURE,
    WIDTH_PX,
    added,
    confirmed,
    corrected,
    make_review,
    rejected,
    unsure,
)

# The rules are few and the reviews small: forty different ones find what a thousand do.
RULE = settings(deadline=None, max_examples=40)


@st.composite
def areas(draw: st.DrawFn, frame: Area) -> Area:
    """A part of the frame, at least 8 px wide and high."""
    left, top, right, bottom = (
        int(side) for side in (frame.x_min, frame.y_min, frame.x_max, frame.y_max)
    )
    x_min, y_min = draw(st.integers(left, right - 8)), draw(st.integers(top, bottom - 8))
    return Area(
        x_min,
        y_min,
        draw(st.integers(x_min + 8, right)),
        draw(st.integers(y_min + 8, bottom)),
    )


@st.composite
def reviewed_boxes(draw: st.DrawFn, frame: Area, classes: tuple[str, ...]) -> ReviewedBox:
    area, class_name = draw(areas(frame)), draw(st.sampled_from(classes))
    if GARBAGE in classes and draw(st.booleans()):
        return corrected(area, to=draw(areas(frame)), class_name=class_name)
    return draw(st.sampled_from([confirmed, added, rejected, unsure]))(area, class_name)


@st.composite
def some_reviews(draw: st.DrawFn, most: int = 3, reviewers: str = "abc") -> list[PictureReview]:
    reviews = []
    for hour in range(draw(st.integers(1, most))):
        whole = Area(0, 0, WIDTH_PX, HEIGHT_PX)
        looked_at = whole if draw(st.booleans()) else draw(areas(whole))
        names = st.sampled_from([GARBAGE, BILLBOARD, STRUCTURE])
        asked = tuple(sorted(draw(st.sets(names, min_size=1))))
        boxes = draw(st.lists(reviewed_boxes(looked_at, asked), max_size=3))
        reviews.append(
            make_review(
                *boxes,
                looked_at=looked_at,
                asked_classes=asked,
                reviewer=draw(st.sampled_from(reviewers)),
                hour=hour,
            )
        )
    return reviews


@given(some_reviews())
@RULE
def test_what_was_never_looked_at_is_in_no_picture(reviews: list[PictureReview]) -> None:
    looked_at = {review.looked_at for review in reviews}
    for area in labels_from_reviews(reviews).areas:
        assert area.area in looked_at


@given(some_reviews())
@RULE
def test_all_that_was_looked_at_is_in_a_picture(reviews: list[PictureReview]) -> None:
    shown = [area.area for area in labels_from_reviews(reviews).areas]
    assert all(any(area.contains(review.looked_at) for area in shown) for review in reviews)


@given(some_reviews())
@RULE
def test_a_class_is_labelled_only_where_somebody_was_asked_about_it_everywhere(
    reviews: list[PictureReview],
) -> None:
    for area in labels_from_reviews(reviews).areas:
        for class_name in area.labelled_classes:
            assert any(
                class_name in review.asked_classes and review.looked_at.contains(area.area)
                for review in reviews
            )


@given(some_reviews())
@RULE
def test_boxes_lie_in_their_picture_and_are_of_labelled_classes(
    reviews: list[PictureReview],
) -> None:
    for area in labels_from_reviews(reviews).areas:
        for box in (*area.boxes, *area.hard_negatives):
            assert area.area.contains(area_of(box))
            assert box.class_name in area.labelled_classes
        for ignored in area.ignored:
            assert area.area.contains(ignored)
            assert ignored.size_px2 > 0


@given(some_reviews())
@RULE
def test_no_box_comes_from_nowhere(reviews: list[PictureReview]) -> None:
    finals = {
        (box.final.class_name, area_of(box.final))
        for review in reviews
        for box in review.boxes
        if box.final is not None
    }
    for area in labels_from_reviews(reviews).areas:
        for box in area.boxes:
            assert any(
                class_name == box.class_name and final.cut(area.area) == area_of(box)
                for class_name, final in finals
            )


@given(some_reviews(), st.randoms(use_true_random=False))
@RULE
def test_the_order_of_the_file_does_not_matter(
    reviews: list[PictureReview], random: object
) -> None:
    mixed = list(reviews)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert labels_from_reviews(mixed) == labels_from_reviews(reviews)


@given(some_reviews(reviewers="a"))
@RULE
def test_nobody_disagrees_with_themselves(reviews: list[PictureReview]) -> None:
    assert labels_from_reviews(reviews).disagreements == ()


@given(some_reviews(most=1))
@RULE
def test_one_review_is_taken_by_its_word(reviews: list[PictureReview]) -> None:
    (review,) = reviews
    (area,) = labels_from_reviews(reviews).areas
    finals = [box.final for box in review.boxes if box.final is not None]
    assert sorted(map(area_of, area.boxes)) == sorted(map(area_of, finals))
    unsure_at = {
        box.proposed.area
        for box in review.boxes
        if box.verdict is Verdict.UNSURE and box.proposed is not None
    }
    assert set(area.ignored) <= unsure_at


@given(some_reviews())
@RULE
def test_json_lines_hold_all_of_a_review(reviews: list[PictureReview]) -> None:
    assert [parse_review(format_review(review)) for review in reviews] == reviews
