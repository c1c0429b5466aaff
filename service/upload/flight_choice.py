"""Which flight the files of a card belong to: that of an earlier upload, or a new one."""

from collections.abc import Mapping, Sequence

from service.upload.card import CardFile
from service.upload.state import KnownFile, KnownFlight


def choose_flight(
    flights: Sequence[KnownFlight], known: Mapping[str, KnownFile], files: Sequence[CardFile]
) -> KnownFlight | None:
    """Return the flight of an earlier upload that this one goes on with; None for a new one.

    All cards appear in the same folder when they are put in, so the folder alone does not tell:
    the card is an earlier one if at least one file on it is known. An upload that was stopped
    before any file was hashed is gone on with, too.

    Args:
        flights: Of earlier uploads of this folder, the oldest first.
        known: Files of these, by name.
        files: On the card now.
    """
    there = {
        known[file.name].flight_id
        for file in files
        if file.name in known and known[file.name].is_same(file)
    }
    for flight in reversed(flights):
        if flight.id in there:
            return flight
    with_files = {file.flight_id for file in known.values()}
    if flights and not flights[-1].completed and flights[-1].id not in with_files:
        return flights[-1]
    return None


def files_of_flight(
    flight: KnownFlight, known: Mapping[str, KnownFile], files: Sequence[CardFile]
) -> tuple[list[CardFile], int]:
    """Return the files that belong to the flight, and how many went to others before."""
    mine = [
        file
        for file in files
        if not (
            file.name in known
            and known[file.name].is_same(file)
            and known[file.name].arrived
            and known[file.name].flight_id != flight.id
        )
    ]
    return mine, len(files) - len(mine)
