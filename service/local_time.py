"""Times as people on site read them; files for machines keep UTC."""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone, tzinfo

from inference.reading.metadata import PhotoMetadata


def find_local_zone(photos: Iterable[PhotoMetadata], *, given: tzinfo | None) -> tzinfo | None:
    """Return the zone that people read the times of these photos in, or None for UTC.

    The machine's own zone has no say: equal photos and options give equal reports anywhere.

    Args:
        photos: The first that tells its clock's offset counts.
        given: What the operator says; it goes before.
    """
    if given is not None:
        return given
    offsets_h = (one.utc_offset_h for one in photos if one.utc_offset_h is not None)
    offset_h = next(offsets_h, None)
    return None if offset_h is None else timezone(timedelta(hours=offset_h))


def as_local_time(
    moment: datetime | None, zone: tzinfo | None, *, zone_known: bool | None
) -> datetime | None:
    """Return a moment in a zone; where the camera told none it stays what its clock showed."""
    if moment is None or zone is None or zone_known is False:
        return moment
    return moment.astimezone(zone)
