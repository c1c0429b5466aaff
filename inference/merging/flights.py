"""Photos grouped into flights: one aircraft, or one patrol, without a long pause."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from inference.identity import flight_id
from inference.reading.metadata import NO_TIME, PhotoMetadata

MAX_GAP = timedelta(minutes=20)  # a change of battery; the take-off place is mostly the same


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightPhoto:
    """A photo as far as grouping needs it.

    Attributes:
        folder: Where it was found; keeps photos without a time together.
        name: Of its file; numbers in it tell the order in which the camera wrote.
    """

    sha256: str
    metadata: PhotoMetadata
    folder: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """Photos of one aircraft or one patrol, by capture time and then SHA-256.

    Attributes:
        id: UUIDv5 of the first photo.
    """

    id: str
    photos: tuple[FlightPhoto, ...]


def group_flights(photos: Iterable[FlightPhoto], *, max_gap: timedelta = MAX_GAP) -> list[Flight]:
    """Return the flights, earliest first; the order of the photos changes nothing.

    Photos of one camera belong together as long as no pause between two is longer than max_gap.
    Photos without a capture time join the only flight of their camera in their folder; where
    there are none or several, those of a folder form a flight of their own.
    """
    by_camera: dict[tuple[str, ...], list[FlightPhoto]] = defaultdict(list)
    for photo in sorted(photos, key=_capture_order):
        by_camera[camera_key(photo.metadata)].append(photo)
    flights = [
        Flight(id=flight_id(members[0].sha256), photos=tuple(members))
        for of_camera in by_camera.values()
        for members in _split_camera(of_camera, max_gap=max_gap)
    ]
    return sorted(flights, key=lambda flight: (_capture_order(flight.photos[0]), flight.id))


def _capture_order(photo: FlightPhoto) -> tuple[datetime, str]:
    """Return the key that sorts photos by time, those without one last."""
    return photo.metadata.captured_at or NO_TIME, photo.sha256


def camera_key(metadata: PhotoMetadata) -> tuple[str, ...]:
    """Return what tells one aircraft or patrol camera from another."""
    return (
        metadata.kind.value,
        metadata.make or "",
        metadata.model or "",
        metadata.serial_number or "",
        metadata.registered.camera_id if metadata.registered else "",
    )


def _split_camera(photos: list[FlightPhoto], *, max_gap: timedelta) -> list[list[FlightPhoto]]:
    """Return one camera's photos, given in capture order, cut into flights."""
    if photos[0].metadata.registered is not None:
        # A fixed camera's errors are the same for ever: its photos must not count as many flights,
        # whose errors would average out.
        return [photos]
    timed = [photo for photo in photos if photo.metadata.captured_at is not None]
    flights = _split_at_gaps(timed, max_gap=max_gap)
    folders_of = [{photo.folder for photo in members} for members in flights]
    without_flight: dict[str, list[FlightPhoto]] = defaultdict(list)
    for photo in photos:
        if photo.metadata.captured_at is not None:
            continue
        homes = [i for i, folders in enumerate(folders_of) if photo.folder in folders]
        if len(homes) == 1:
            flights[homes[0]].append(photo)
        else:
            without_flight[photo.folder].append(photo)
    return flights + list(without_flight.values())


def _split_at_gaps(photos: list[FlightPhoto], *, max_gap: timedelta) -> list[list[FlightPhoto]]:
    """Return runs of timed photos in capture order in which no pause is longer than max_gap."""
    flights: list[list[FlightPhoto]] = []
    last_time: datetime | None = None
    for photo in photos:
        time = photo.metadata.captured_at
        if last_time is None or time is None or time - last_time > max_gap:
            flights.append([])
        flights[-1].append(photo)
        last_time = time
    return flights
