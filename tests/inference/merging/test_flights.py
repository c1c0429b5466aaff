"""Photos find their flight whatever order they come in."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from inference.identity import flight_id
from inference.merging.flights import Flight, FlightPhoto, group_flights
from inference.reading.metadata import Band, PhotoKind, PhotoMetadata

START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def make_photo(
    sha256: str,
    *,
    minute: float | None = 0.0,
    model: str | None = "FC6310R",
    serial_number: str | None = "S1",
    folder: str = "100MEDIA",
    kind: PhotoKind = PhotoKind.DRONE,
) -> FlightPhoto:
    return FlightPhoto(
        sha256=sha256,
        folder=folder,
        metadata=PhotoMetadata(
            width_px=4000,
            height_px=3000,
            orientation=1,
            kind=kind,
            band=Band.VISUAL,
            make="DJI",
            model=model,
            serial_number=serial_number,
            captured_at=None if minute is None else START + timedelta(minutes=minute),
        ),
    )


def members(flights: list[Flight]) -> list[list[str]]:
    return [[photo.sha256 for photo in flight.photos] for flight in flights]


def test_a_pause_of_more_than_the_gap_begins_another_flight() -> None:
    photos = [make_photo("a", minute=0), make_photo("b", minute=20), make_photo("c", minute=40.1)]
    assert members(group_flights(photos)) == [["a", "b"], ["c"]]
    assert members(group_flights(photos, max_gap=timedelta(minutes=21))) == [["a", "b", "c"]]


def test_a_flight_may_last_longer_than_the_gap() -> None:
    photos = [make_photo(f"{i}", minute=15 * i) for i in range(6)]
    assert len(group_flights(photos)) == 1


def test_two_aircraft_in_the_air_at_once_are_two_flights() -> None:
    photos = [
        make_photo("a", minute=0, serial_number="S1"),
        make_photo("b", minute=1, serial_number="S2"),
        make_photo("c", minute=2, serial_number="S1"),
    ]
    assert members(group_flights(photos)) == [["a", "c"], ["b"]]


def test_a_patrol_is_grouped_like_a_flight() -> None:
    photos = [
        make_photo(name, minute=minute, model="Phone", serial_number=None, kind=PhotoKind.STREET)
        for name, minute in [("a", 0), ("b", 5), ("c", 60)]
    ]
    assert members(group_flights(photos)) == [["a", "b"], ["c"]]


def test_photos_are_ordered_by_time_and_then_by_hash() -> None:
    photos = [make_photo("z", minute=0), make_photo("b", minute=1), make_photo("a", minute=1)]
    flight = group_flights(photos)[0]
    assert [photo.sha256 for photo in flight.photos] == ["z", "a", "b"]
    assert flight.id == flight_id("z")


def test_photos_without_a_time_are_grouped_by_folder() -> None:
    photos = [
        make_photo("a", minute=None, folder="one"),
        make_photo("b", minute=None, folder="two"),
        make_photo("c", minute=None, folder="one"),
    ]
    assert members(group_flights(photos)) == [["a", "c"], ["b"]]


def test_a_photo_without_a_time_joins_the_only_flight_of_its_folder() -> None:
    photos = [make_photo("a", minute=None), make_photo("b", minute=0)]
    assert members(group_flights(photos)) == [["b", "a"]]


def test_a_photo_without_a_time_joins_none_of_several_flights() -> None:
    photos = [make_photo("a", minute=None), make_photo("b", minute=0), make_photo("c", minute=90)]
    assert members(group_flights(photos)) == [["b"], ["c"], ["a"]]


def test_no_photos_make_no_flights() -> None:
    assert group_flights([]) == []


PHOTOS = [
    make_photo(
        f"{i:02d}",
        minute=None if i % 5 == 4 else 7 * i,
        serial_number=f"S{i % 2}",
        folder=f"folder{i % 3}",
    )
    for i in range(16)
]


@given(st.permutations(PHOTOS))
def test_the_order_of_photos_changes_nothing(shuffled: list[FlightPhoto]) -> None:
    assert group_flights(shuffled) == group_flights(PHOTOS)
    assert sorted(p.sha256 for f in group_flights(shuffled) for p in f.photos) == [
        photo.sha256 for photo in PHOTOS
    ]
