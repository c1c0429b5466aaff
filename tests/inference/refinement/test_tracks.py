"""Matches of pairs become tracks, whatever their order."""

import numpy as np

from inference.refinement.matches import PairMatches
from inference.refinement.tracks import Tracks, join_tracks, split_held_out, thin_matches

INDEX = {"a": 0, "b": 1, "c": 2}


def pair(first: str, second: str, rows: list[tuple[float, float, float, float]]) -> PairMatches:
    pixels = np.array(rows, dtype=np.float64)
    return PairMatches(
        first=first, second=second, pixels_first=pixels[:, :2], pixels_second=pixels[:, 2:]
    )


def photos_by_point(tracks: Tracks) -> list[list[int]]:
    return [tracks.photo[tracks.point == point].tolist() for point in range(tracks.count)]


def test_a_feature_that_two_pairs_share_is_one_point() -> None:
    tracks = join_tracks(
        [pair("a", "b", [(1, 2, 3, 4), (50, 60, 70, 80)]), pair("b", "c", [(3, 4, 5, 6)])], INDEX
    )
    assert photos_by_point(tracks) == [[0, 1, 2], [0, 1]]


def test_a_track_through_two_places_of_a_photo_is_left_out() -> None:
    wrong = [
        pair("a", "b", [(1, 2, 3, 4)]),
        pair("b", "c", [(3, 4, 5, 6)]),
        pair("a", "c", [(90, 90, 5, 6)]),
    ]
    assert join_tracks(wrong, INDEX).count == 0


def test_photos_that_take_no_part_are_passed_over() -> None:
    assert join_tracks([pair("a", "x", [(1, 2, 3, 4)])], INDEX).count == 0
    assert join_tracks([], INDEX).count == 0


def test_which_photo_comes_first_does_not_matter() -> None:
    one = join_tracks([pair("a", "b", [(1, 2, 3, 4), (5, 6, 7, 8)])], INDEX)
    other = join_tracks([pair("b", "a", [(7, 8, 5, 6), (3, 4, 1, 2)])], INDEX)
    assert np.array_equal(one.pixels, other.pixels)
    assert np.array_equal(one.photo, other.photo)


def test_every_fifth_point_is_left_out() -> None:
    rows = [(float(i), 0.0, float(i), 1.0) for i in range(20)]
    used, out = split_held_out(join_tracks([pair("a", "b", rows)], INDEX))
    assert (used.count, out.count) == (16, 4)
    assert set(out.pixels[:, 0]) == {4.0, 9.0, 14.0, 19.0}
    assert used.point.tolist() == [point for point in range(16) for _ in range(2)]


def test_thinned_matches_are_spread_over_the_photo() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.random((1000, 2)) * (4000, 3000)
    matches = PairMatches(first="a", second="b", pixels_first=pixels, pixels_second=pixels)
    rows = thin_matches(matches, at_most=64)
    assert len(set(rows.tolist())) == 64
    quarter = pixels[rows] > (2000, 1500)
    for right in (False, True):
        for low in (False, True):
            count = int(((quarter[:, 0] == right) & (quarter[:, 1] == low)).sum())
            assert 8 <= count <= 24
