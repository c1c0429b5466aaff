"""Photos that do not fit the others of their camera."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from inference.lint.flight import lint_photos, longest_growing
from inference.merging.flights import FlightPhoto
from inference.reading.metadata import Band, CaptureTimeSource, PhotoKind, PhotoMetadata
from inference.receipt import ReasonCode

START = datetime(2026, 5, 1, 2, 0, tzinfo=UTC)
METRE_DEG = 1.0 / 111_320.0  # of latitude


def make_photo(number: int, **changes: object) -> FlightPhoto:
    """Return the photo that a drone flying north at 5 m/s takes every 4 seconds."""
    values: dict[str, object] = {
        "captured_at": START + timedelta(seconds=4 * number),
        "latitude_deg": 31.2345671 + 20.0 * number * METRE_DEG,
        "longitude_deg": 121.4567891,
        "relative_altitude_m": 60.0,
        **changes,
    }
    metadata = PhotoMetadata(
        width_px=4000,
        height_px=3000,
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        capture_time_source=CaptureTimeSource.GPS,
        **values,  # type: ignore[arg-type]
    )
    return FlightPhoto(
        sha256=f"{number:064x}",
        metadata=metadata,
        folder="card",
        name=f"card/DJI_{number:04d}.JPG",
    )


def codes(photos: list[FlightPhoto]) -> dict[int, list[ReasonCode]]:
    """Return the codes by the photo's number."""
    return {
        int(sha256, 16): [reason.code for reason in reasons]
        for sha256, reasons in lint_photos(photos).items()
    }


def test_a_plain_flight_has_nothing_to_say() -> None:
    assert codes([make_photo(number) for number in range(8)]) == {}


def test_one_photo_without_neighbours_has_nothing_to_say() -> None:
    assert codes([make_photo(1)]) == {}
    assert codes([]) == {}


def test_a_position_that_stands_still_to_the_last_digit_is_frozen() -> None:
    photos = [make_photo(number) for number in range(3)]
    photos += [make_photo(number, latitude_deg=31.2346789) for number in range(3, 8)]
    assert codes(photos) == {number: [ReasonCode.GPS_FROZEN] for number in range(3, 8)}


def test_a_burst_from_one_place_is_not_frozen() -> None:
    burst = [
        make_photo(number, latitude_deg=31.2346789, captured_at=START + timedelta(seconds=number))
        for number in range(5)
    ]
    assert codes(burst) == {}


def test_positions_rounded_on_purpose_are_not_frozen() -> None:
    rounded = [
        make_photo(number, latitude_deg=31.235, longitude_deg=121.457) for number in range(8)
    ]
    assert codes(rounded) == {}


def test_pictures_of_one_release_are_not_frozen() -> None:
    release = [make_photo(number, latitude_deg=31.2346789, capture_uuid="a") for number in range(5)]
    assert codes(release) == {}


def test_a_photo_on_the_other_side_of_the_equator_is_mirrored() -> None:
    photos = [make_photo(number) for number in range(6)]
    south = make_photo(6, latitude_deg=-31.2355)
    west = make_photo(7, longitude_deg=-121.4567891)
    found = codes([*photos, south, west])
    assert {number for number, reasons in found.items() if ReasonCode.HEMISPHERE_SUSPECT in reasons}
    assert ReasonCode.HEMISPHERE_SUSPECT in found[6]
    assert ReasonCode.HEMISPHERE_SUSPECT in found[7]
    assert all(number in (6, 7) for number in found)


def test_flights_across_the_equator_are_no_mirror_images() -> None:
    photos = [make_photo(number, latitude_deg=(number - 4) * 1e-4) for number in range(9)]
    assert codes(photos) == {}


def test_one_photo_off_the_track_does_not_agree_with_its_neighbours() -> None:
    photos = [make_photo(number) for number in range(8)]
    photos[4] = make_photo(4, latitude_deg=31.25)
    assert codes(photos) == {4: [ReasonCode.DISAGREES_WITH_NEIGHBOURS]}


def test_one_height_off_the_others_does_not_agree_with_its_neighbours() -> None:
    photos = [make_photo(number) for number in range(8)]
    photos[4] = make_photo(4, relative_altitude_m=600.0)
    assert codes(photos) == {4: [ReasonCode.DISAGREES_WITH_NEIGHBOURS]}


def test_a_clock_that_was_reset_jumps() -> None:
    photos = [make_photo(number) for number in range(10)]
    photos[5] = make_photo(5, captured_at=datetime(2015, 1, 1, tzinfo=UTC))
    photos[6] = make_photo(6, captured_at=datetime(2015, 1, 1, 0, 0, 4, tzinfo=UTC))
    found = codes(photos)
    assert found[5][-1] is ReasonCode.TIME_JUMP
    assert found[6][-1] is ReasonCode.TIME_JUMP
    assert set(found) == {5, 6}


def test_a_pause_between_two_batteries_is_no_jump() -> None:
    first = [make_photo(number) for number in range(5)]
    second = [
        make_photo(number, captured_at=START + timedelta(hours=2, seconds=4 * number))
        for number in range(5, 10)
    ]
    assert codes([*first, *second]) == {}


def test_two_cards_with_the_same_numbers_are_no_jump() -> None:
    first = [make_photo(number) for number in range(5)]
    second = [
        FlightPhoto(
            sha256=f"{100 + number:064x}",
            metadata=make_photo(
                number, captured_at=START + timedelta(hours=5, seconds=4 * number)
            ).metadata,
            folder="card",
            name=f"card/DJI_{number:04d}.JPG",
        )
        for number in range(5)
    ]
    assert codes([*first, *second]) == {}


@given(st.lists(st.integers(0, 50), max_size=30))
def test_the_longest_growing_part_grows_and_cannot_be_longer(minutes: list[int]) -> None:
    times = [START + timedelta(minutes=minute) for minute in minutes]
    kept = sorted(longest_growing(times))
    assert all(times[a] <= times[b] for a, b in pairwise(kept))
    # By the plain recursion: the longest that ends at each row.
    lengths: list[int] = []
    for row, time in enumerate(times):
        lengths.append(1 + max((lengths[k] for k in range(row) if times[k] <= time), default=0))
    assert len(kept) == max(lengths, default=0)


@given(st.permutations(range(8)))
def test_the_order_of_the_photos_changes_nothing(order: list[int]) -> None:
    photos = [make_photo(number) for number in range(8)]
    photos[4] = make_photo(4, latitude_deg=31.25)
    assert lint_photos([photos[number] for number in order]) == lint_photos(photos)


def test_a_flight_across_the_date_line_is_in_no_wrong_hemisphere() -> None:
    photos = [
        make_photo(n, latitude_deg=-17.0, longitude_deg=(359.9998 + n * 1e-5) % 360.0 - 180.0)
        for n in range(50)
    ]
    west = [make_photo(n, longitude_deg=179.9998 if n < 20 else -179.9999) for n in range(50)]
    assert codes(photos) == {}
    assert ReasonCode.HEMISPHERE_SUSPECT not in {
        code for own in codes(west).values() for code in own
    }
