"""Names in a truth file → names of the photos that were given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Self

from inference.receipt import NotPlaced, ReasonCode

MAX_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoNames:
    """Names of photos, to be looked up often.

    Attributes:
        by_name: Photos by their name without folders and capitals.
        by_stem: By the same without its ending.
    """

    by_name: Mapping[str, Sequence[str]]
    by_stem: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Return the names as given, with folders, in their order."""
        by_name, by_stem = dict[str, list[str]](), dict[str, list[str]]()
        for name in names:
            parts = _parts(name)
            by_name.setdefault(_last(parts), []).append(name)
            by_stem.setdefault(_stem(parts), []).append(name)
        return cls(by_name=by_name, by_stem=by_stem)


def match_photo(wanted: str, names: PhotoNames) -> str | NotPlaced:
    """Return the photo that a truth file means, or why none can be said.

    Folders and capitals count only where several photos have one name; where none has it, photos
    with another ending will do, since truth is often measured on converted pictures.

    Args:
        wanted: As the truth file has it.
        names: Of the photos, with folders.
    """
    parts = _parts(wanted)
    alike = names.by_name.get(_last(parts)) or names.by_stem.get(_stem(parts))
    if not alike:
        return NotPlaced(code=ReasonCode.PHOTO_NOT_FOUND, detail=f"no photo is called {wanted}")
    shared = {name: _count_shared(parts, _parts(name)) for name in alike}
    most = max(shared.values())
    best = sorted(name for name in alike if shared[name] == most)
    if len(best) > 1:
        listed = ", ".join(best[:MAX_NAMED])
        detail = f"{len(best)} photos may be {wanted}, such as {listed}"
        return NotPlaced(code=ReasonCode.PHOTO_NOT_FOUND, detail=detail)
    return best[0]


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/").casefold()).parts


def _last(parts: tuple[str, ...]) -> str:
    return parts[-1] if parts else ""


def _stem(parts: tuple[str, ...]) -> str:
    return PurePosixPath(_last(parts)).stem


def _count_shared(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """Return how many folders two paths have in common, counted from their ends."""
    folders = zip(reversed(first[:-1]), reversed(second[:-1]), strict=False)
    count = 0
    for one, other in folders:
        if one != other:
            break
        count += 1
    return count
