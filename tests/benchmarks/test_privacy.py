import pytest

from benchmarks.privacy import (
    LABELS,
    Label,
    LabelledPicture,
    height_class,
    is_hidden,
    is_right,
    read_labels,
    score_finder,
    wilson_interval,
)
from inference.boxes import Box
from service.privacy.privacy_filter import PrivateKind


def make_label(box: Box, *, unsure: bool = False, printed: bool = False) -> Label:
    return Label(kind=PrivateKind.FACE, box_px=box, printed=printed, unsure=unsure)


def test_the_interval_of_eight_in_ten_is_the_published_one() -> None:
    assert wilson_interval(8, 10) == pytest.approx((0.490, 0.943), abs=5e-4)


def test_a_label_is_hidden_where_a_padded_find_covers_seven_tenths_of_it() -> None:
    label = (100.0, 100.0, 120.0, 120.0)
    near = (104.0, 100.0, 124.0, 120.0)  # padded from 99
    far = (113.0, 100.0, 133.0, 120.0)  # padded from 108: 12 of 20 columns
    assert is_hidden(label, [near], width_px=500, height_px=500)
    assert not is_hidden(label, [far], width_px=500, height_px=500)


def test_a_find_that_hides_half_the_picture_does_not_count() -> None:
    assert not is_hidden((100, 100, 120, 120), [(0, 0, 300, 300)], width_px=500, height_px=500)


def test_a_find_beside_all_labels_is_wrong() -> None:
    assert is_right((0, 0, 10, 10), [(8, 0, 30, 10)])
    assert not is_right((0, 0, 10, 10), [(9, 0, 30, 10)])


def test_unsure_labels_are_neither_missed_nor_wrong() -> None:
    picture = LabelledPicture(
        sha256="a",
        width_px=500,
        height_px=500,
        labels=(
            make_label((100, 100, 120, 120)),
            make_label((200, 200, 220, 240), unsure=True),
            make_label((300, 300, 320, 340), unsure=True),
        ),
    )
    finds = {"a": ([((100, 100, 120, 120), 0.9), ((200, 200, 220, 240), 0.9)], 0.1)}
    score = score_finder(PrivateKind.FACE, [picture], finds, min_score=0.5)
    assert (score.count["all"], score.hidden["all"]) == (1, 1)
    assert (score.right, score.wrong) == (2, 0)


def test_finds_below_the_score_do_not_count() -> None:
    picture = LabelledPicture(
        sha256="a", width_px=500, height_px=500, labels=(make_label((100, 100, 120, 120)),)
    )
    finds = {"a": ([((100.0, 100.0, 120.0, 120.0), 0.4)], 0.1)}
    score = score_finder(PrivateKind.FACE, [picture], finds, min_score=0.5)
    assert (score.count["all"], score.hidden["all"], score.wrong) == (1, 0, 0)


@pytest.mark.parametrize(
    ("height_px", "name"),
    [(7.9, "under 8 px"), (8, "8 to 16 px"), (16, "16 to 32 px"), (400, "32 px on")],
)
def test_sizes_are_told_by_height(height_px: float, name: str) -> None:
    assert height_class(make_label((0, 0, 10, height_px))) == name


def test_the_committed_labels_are_enough_and_lie_in_their_pictures() -> None:
    pictures = read_labels(LABELS)
    certain = [label for p in pictures for label in p.labels if not label.unsure]
    for kind in PrivateKind:
        assert sum(label.kind is kind for label in certain) >= 150
    assert len({picture.sha256 for picture in pictures}) == len(pictures)
    for picture in pictures:
        for label in picture.labels:
            x_min, y_min, x_max, y_max = label.box_px
            assert 0 <= x_min < x_max <= picture.width_px
            assert 0 <= y_min < y_max <= picture.height_px
