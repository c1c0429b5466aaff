"""Pairing findings with the truth, sums done by hand."""

import pytest

from service.demo.position_score import PlacedPoint, distance_m, score_positions

DEGREE_M = 111_195.08  # of latitude on the mean sphere


def point(name: str, north_m: float, *, kind: str = "garbage", ce90_m: float | None = None):
    return PlacedPoint(
        id=name, class_name=kind, latitude_deg=north_m / DEGREE_M, longitude_deg=8.0, ce90_m=ce90_m
    )


def test_distance_along_a_meridian() -> None:
    assert distance_m(point("a", 0), point("b", 10)) == pytest.approx(10, abs=0.001)


def test_nearest_findings_are_paired_and_the_rest_told_apart() -> None:
    true = [point("t1", 0), point("t2", 50), point("t3", 100)]
    found = [point("f1", 52, ce90_m=3), point("f2", 1, ce90_m=0.5), point("f3", 300, ce90_m=3)]
    score = score_positions(true, found)
    assert {(pair.true.id, pair.found.id) for pair in score.pairs} == {("t1", "f2"), ("t2", "f1")}
    assert [p.id for p in score.missed] == ["t3"]
    assert [p.id for p in score.false] == ["f3"]
    assert {pair.true.id: pair.within_ce90 for pair in score.pairs} == {"t1": False, "t2": True}


def test_another_class_is_no_match() -> None:
    score = score_positions([point("t", 0)], [point("f", 0, kind="structure", ce90_m=2)])
    assert (len(score.pairs), len(score.missed), len(score.false)) == (0, 1, 1)


def test_nothing_found_and_nothing_true() -> None:
    assert score_positions([], []).pairs == ()
    assert len(score_positions([point("t", 0)], []).missed) == 1
