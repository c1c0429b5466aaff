from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from service.store.engine import open_engine, reading, writing
from service.store.findings import StoredFinding, read_findings, replace_findings
from service.store.flights import Flight, create_flight
from service.store.inspections import Run, save_run
from service.store.migrate import upgrade
from service.store.places import Box, Placed, find_in_box, remove_place, save_place

NOW = datetime(2026, 12, 1, tzinfo=UTC)
RUN = Run(
    id="r",
    model_name="m",
    model_version="1",
    model_sha256="0",
    settings_hash="1",
    pipeline_version="1",
)


def make_box(west: float, south: float, east: float, north: float) -> Box:
    return Box(west_deg=west, south_deg=south, east_deg=east, north_deg=north)


def place(engine: Engine, name: str, box: Box, *, kind: str = "issue") -> None:
    with writing(engine) as session:
        save_place(session, Placed(kind=kind, object_id=name), box)


def find(engine: Engine, *edges: float, **options: object) -> list[str]:
    with reading(engine) as session:
        found = find_in_box(session, make_box(*edges), **options)  # type: ignore[arg-type]
    return [placed.object_id for placed in found]


def test_what_lies_in_a_box_or_touches_it_is_found(engine: Engine) -> None:
    place(engine, "inside", make_box(120.1, 30.1, 120.1, 30.1))
    place(engine, "touching", make_box(120.2, 30.0, 120.3, 30.1))
    place(engine, "around", make_box(110.0, 20.0, 130.0, 40.0))
    place(engine, "outside", make_box(120.3, 30.0, 120.4, 30.1))
    assert find(engine, 120.0, 30.0, 120.2, 30.2) == ["around", "inside", "touching"]
    assert find(engine, 120.0, 30.0, 120.2, 30.2, limit=1) == ["around"]


def test_a_metre_beside_the_box_is_outside(engine: Engine) -> None:
    # A 32-bit number near 120 is exact to 8e-6 degrees, 0.7 m: the index alone would find it.
    place(engine, "a", make_box(120.000001, 30.000001, 120.000001, 30.000001))
    assert find(engine, 119.0, 29.0, 120.0, 31.0) == []
    assert find(engine, 119.0, 29.0, 120.000001, 31.0) == ["a"]


def test_boxes_across_the_antimeridian_are_found_once(engine: Engine) -> None:
    place(engine, "fiji", make_box(179.9, -17.0, -179.9, -16.0))
    place(engine, "west of it", make_box(179.0, -17.0, 179.0, -17.0))
    place(engine, "far", make_box(0.0, -17.0, 0.0, -17.0))
    assert find(engine, 178.0, -20.0, -178.0, -10.0) == ["fiji", "west of it"]
    assert find(engine, -180.0, -20.0, 180.0, -10.0) == ["far", "fiji", "west of it"]
    assert find(engine, -179.95, -20.0, -179.9, -10.0) == ["fiji"]


def test_the_meridian_of_180_degrees_has_two_names(engine: Engine) -> None:
    place(engine, "a", make_box(180.0, 0.0, 180.0, 0.0))
    place(engine, "b", make_box(-180.0, 0.0, -180.0, 0.0))
    assert find(engine, 179.0, -1.0, 180.0, 1.0) == ["a", "b"]
    assert find(engine, -180.0, -1.0, -179.0, 1.0) == ["a", "b"]


def test_only_kinds_that_were_asked_for_are_found(engine: Engine) -> None:
    place(engine, "a", make_box(1.0, 1.0, 1.0, 1.0), kind="issue")
    place(engine, "b", make_box(1.0, 1.0, 1.0, 1.0), kind="grid")
    assert find(engine, 0.0, 0.0, 2.0, 2.0, kinds=["grid"]) == ["b"]


def test_what_has_moved_or_gone_is_not_found_where_it_was(engine: Engine) -> None:
    place(engine, "a", make_box(1.0, 1.0, 1.0, 1.0))
    place(engine, "b", make_box(1.0, 1.0, 1.0, 1.0))
    place(engine, "a", make_box(5.0, 5.0, 5.0, 5.0))
    with writing(engine) as session:
        remove_place(session, Placed(kind="issue", object_id="b"))
    assert find(engine, 0.0, 0.0, 2.0, 2.0) == []
    assert find(engine, 4.0, 4.0, 6.0, 6.0) == ["a"]


@pytest.mark.parametrize(
    "edges",
    [
        (0, 2, 1, 1),
        (0, -91, 1, 1),
        (181, 0, 1, 1),
        (0, float("nan"), 1, 1),
        (float("nan"), 0, 1, 1),
    ],
)
def test_a_box_that_is_none_is_refused(edges: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="no box"):
        make_box(*edges)


degrees = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@pytest.fixture(scope="module")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    path = tmp_path_factory.mktemp("places") / "s.sqlite"
    engine = open_engine(f"sqlite:///{path}", durable=False)
    upgrade(engine)
    return engine


@settings(max_examples=50)
@example(spot=(0.0, 1e-157), corner=(0.0, 1.0), other=(0.0, 1e-157))
@given(spot=degrees, corner=degrees, other=degrees)
def test_a_spot_is_found_exactly_where_the_box_holds_it(
    sqlite_engine: Engine,
    spot: tuple[float, float],
    corner: tuple[float, float],
    other: tuple[float, float],
) -> None:
    south, north = sorted((corner[1], other[1]))
    west, east = sorted((corner[0], other[0]))
    place(sqlite_engine, "a", make_box(spot[0], spot[1], spot[0], spot[1]))
    # At 180 degrees both names count.
    in_span = west <= spot[0] <= east or (abs(spot[0]) == 180 and (west == -180 or east == 180))
    holds = in_span and south <= spot[1] <= north
    assert find(sqlite_engine, west, south, east, north) == ["a"] * holds


def make_finding(name: str, box: Box | None = None) -> StoredFinding:
    return StoredFinding(id=name, class_name="garbage", confidence=0.5, record={"n": name}, box=box)


def test_findings_of_a_flight_are_replaced_as_a_whole_with_their_places(engine: Engine) -> None:
    box = make_box(1.0, 1.0, 1.1, 1.1)
    with writing(engine) as session:
        save_run(session, RUN)
        for flight_id in ("f", "g"):
            create_flight(session, Flight(id=flight_id, name="x", created_at=NOW))
            old = [make_finding("a", box), make_finding("b", box)]
            replace_findings(session, flight_id, "r", old)
        replace_findings(session, "f", "r", [make_finding("c"), make_finding("a", box)])
        assert read_findings(session, "f", "r") == [make_finding("a"), make_finding("c")]
        found = find_in_box(session, make_box(0.0, 0.0, 2.0, 2.0))
    places = {(placed.flight_id, placed.object_id) for placed in found}
    assert places == {("f", "a"), ("g", "a"), ("g", "b")}
