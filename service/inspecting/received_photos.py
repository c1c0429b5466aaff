"""Received files as photos, and photos as members of a flight."""

from pathlib import PurePosixPath

from inference.merging.flights import FlightPhoto
from service.inspecting.intake import ReceivedFile
from service.inspecting.result import Photo


def as_photo(received: ReceivedFile) -> Photo | None:
    """Return a received file as a photo, or None where it is no readable one."""
    stored = received.stored
    if received.metadata is None or stored.sha256 is None:
        return None
    return Photo(
        sha256=stored.sha256,
        name=stored.name,
        path=received.found.path,
        outcome=stored.outcome,
        metadata=received.metadata,
        frame=received.frame,
    )


def as_flight_photo(photo: Photo) -> FlightPhoto:
    """Return what flights are told apart by."""
    folder = str(PurePosixPath(photo.name).parent)
    return FlightPhoto(sha256=photo.sha256, metadata=photo.metadata, folder=folder, name=photo.name)
