from dataclasses import replace
from pathlib import Path

from datasets.labelled_picture import LabelledBox, Origin
from datasets.picture_set import Source
from datasets.reviews.append import ReviewedPicture, ReviewedPictures
from datasets.sets.gather import Gathered, GatheredPicture
from datasets.sets.reviewed import Parts, ReviewCounts, keep_unasked_labels, merge_reviewed
from tests.datasets.sets.factories import make_picture

REVIEWS = Source(name="reviews", origin="2 reviews", licence="not stated")


def review(name: str, *, original_sha256: str, is_whole: bool) -> ReviewedPicture:
    picture = replace(make_picture(), path=f"images/reviews/{name}")
    return ReviewedPicture(
        picture=picture, original_sha256=original_sha256, is_whole=is_whole, hard_negatives=2
    )


def test_a_review_of_the_whole_takes_the_place_of_a_picture_and_a_crop_stands_beside_it() -> None:
    own = [make_picture("a.jpg", sha256="aa"), make_picture("b.jpg", sha256="bb")]
    gathered = Gathered(
        pictures=tuple(GatheredPicture(picture=one, file=Path(one.path)) for one in own)
    )
    reviewed = ReviewedPictures(
        source=REVIEWS,
        pictures=(
            review("a.jpg", original_sha256="aa", is_whole=True),
            review("b_0_0_32_32.jpg", original_sha256="bb", is_whole=False),
        ),
        left_out=(),
        disagreements=(),
    )
    merged = merge_reviewed(Parts(gathered=gathered, sources=()), reviewed)
    assert [picture.path for picture in merged.pictures] == [
        "images/bins/b.jpg",
        "images/reviews/a.jpg",
        "images/reviews/b_0_0_32_32.jpg",
    ]
    assert merged.sources == (REVIEWS,)
    assert merged.reviews == ReviewCounts(pictures=2, replaced=1, hard_negatives=4, disagreements=0)


def test_labels_of_classes_that_were_not_asked_about_stay() -> None:
    bags = LabelledBox(class_name="exposed_garbage", x_min=1, y_min=2, x_max=9, y_max=8)
    board = replace(bags, class_name="damaged_billboard", x_min=4)
    both = ("exposed_garbage", "damaged_billboard")
    original = replace(make_picture(), sha256="aa", boxes=(board,), labelled_classes=both)
    asked = replace(original, labelled_classes=("exposed_garbage",), boxes=(bags,))
    entry = ReviewedPicture(picture=asked, original_sha256="aa", is_whole=True, hard_negatives=0)
    kept = keep_unasked_labels(entry, original).picture
    assert kept.labelled_classes == both
    assert kept.boxes == (bags, board)
    # Something may be greyed out in other bytes, the board among it.
    greyed = replace(entry, picture=replace(asked, sha256="bb"))
    assert keep_unasked_labels(greyed, original) == greyed
    assert keep_unasked_labels(entry, None) is entry


def test_a_review_makes_no_photo_of_a_rendered_picture() -> None:
    original = replace(make_picture(), sha256="aa", origin=Origin.RENDERED)
    crop = replace(make_picture(), sha256="bb")
    entry = ReviewedPicture(picture=crop, original_sha256="aa", is_whole=False, hard_negatives=0)
    assert keep_unasked_labels(entry, original).picture.origin is Origin.RENDERED
