"""Names in a truth file → names of the photos that were given."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from inference.receipt import NotPlaced, ReasonCode

MAX_NAMED = 3


def match_photo(wanted: str, names: Iterable[str]) -> str | NotPlaced:
    """Return the photo that a truth file means, or why none can be said.

    Folders and capitals count only where several photos have one name; where none has it, photos
    with another ending will do, since truth is often measured on converted pictures.

    Args:
        wanted: As the truth file has it.
        names: Of the photos, with folders.
    """
    parts = _parts(wanted)
    known = {name: _parts(name) for name in names}
    alike = [name for name in known if known[name][-1:] == parts[-1:]]
    if not alike:
        stem = _stem(parts)
        alike = [name for name in known if _stem(known[name]) == stem]
    if not alike:
        return NotPlaced(code=ReasonCode.PHOTO_NOT_FOUND, detail=f"no photo is called {wanted}")
    shared = {name: _count_shared(parts, known[name]) for name in alike}
    best = sorted(name for name in alike if shared[name] == max(shared.values()))
    if len(best) > 1:
        listed = ", ".join(best[:MAX_NAMED])
        detail = f"{len(best)} photos may be {wanted}, such as {listed}"
        return NotPlaced(code=ReasonCode.PHOTO_NOT_FOUND, detail=detail)
    return best[0]


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/").casefold()).parts


def _stem(parts: tuple[str, ...]) -> str:
    return PurePosixPath(parts[-1]).stem if parts else ""


def _count_shared(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """Return how many folders two paths have in common, counted from their ends."""
    folders = zip(reversed(first[:-1]), reversed(second[:-1]), strict=False)
    count = 0
    for one, other in folders:
        if one != other:
            break
        count += 1
    return count
