"""A picture set: a folder with set.json (what it is) and pictures.jsonl (one picture a line)."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledPicture

SET_FILE = "set.json"
PICTURES_FILE = "pictures.jsonl"
# There from the first picture to the last: a build that was killed is taken up again.
UNFINISHED_FILE = ".unfinished"
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where pictures of a set come from, and under which licence."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    origin: str  # address and version, in words
    licence: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSet:
    """Labelled pictures that belong together.

    Attributes:
        version: Changes with every picture or label.
        taxonomy_version: Of the classes that the labels use.
        pictures: In a fixed order; their paths are relative to `folder`.
    """

    name: str
    version: str
    taxonomy_version: str
    sources: tuple[Source, ...]
    pictures: tuple[LabelledPicture, ...]
    folder: Path

    def path_of(self, picture: LabelledPicture) -> Path:
        """Return where the picture's file lies.

        Raises:
            DatasetError: Outside the set's folder; a set that somebody hands on must not have us
                read other files.
        """
        if not stays_inside(picture.path):
            raise DatasetError(f"{picture.path!r}: outside the set's folder")
        return self.folder / picture.path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What set.json holds."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    version: str
    taxonomy_version: str
    sources: tuple[Source, ...]


# Strict: JSON that other programs wrote has "12" for 12 and true for 1 only by mistake.
_HEAD = TypeAdapter(_Head)
_PICTURE = TypeAdapter(LabelledPicture)


def stays_inside(path: str) -> bool:
    """Return whether a path of a set stays in its folder."""
    parts = PurePosixPath(path)
    return (
        bool(parts.parts)
        and not parts.is_absolute()
        and ".." not in parts.parts
        and not set(path) & {"\\", "\0"}
    )


def read_picture_set(folder: Path, *, allow_unfinished: bool = False) -> PictureSet:
    """Return the picture set in a folder.

    Args:
        folder: Of the set.
        allow_unfinished: Also one in which a build was broken off: its pictures may be those of
            two sets.

    Raises:
        DatasetError: A file is absent, a field is absent, unknown or of a wrong value, or a
            build was broken off or is at work; says which line of which file.
    """
    path = folder / SET_FILE
    if not allow_unfinished and (folder / UNFINISHED_FILE).exists():
        raise DatasetError(f"{folder}: a build was broken off there, or is at work: build again")
    try:
        head = _HEAD.validate_json(path.read_text(encoding="utf-8-sig"), strict=True)
        pictures = _read_pictures(folder / PICTURES_FILE)
    except ValidationError as error:
        reason = _describe(error)
        raise DatasetError(f"{path}: no readable picture set: {reason}") from error
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: no readable picture set: {error}") from error
    return PictureSet(
        name=head.name,
        version=head.version,
        taxonomy_version=head.taxonomy_version,
        sources=head.sources,
        pictures=pictures,
        folder=folder,
    )


def write_picture_set(picture_set: PictureSet) -> None:
    """Write set.json and pictures.jsonl into the set's folder; the pictures are not touched."""
    picture_set.folder.mkdir(parents=True, exist_ok=True)
    head = {
        "name": picture_set.name,
        "version": picture_set.version,
        "taxonomy_version": picture_set.taxonomy_version,
        "sources": [asdict(source) for source in picture_set.sources],
    }
    text = json.dumps(head, indent=2, ensure_ascii=False) + "\n"
    write_whole(picture_set.folder / PICTURES_FILE, format_pictures(picture_set.pictures))
    write_whole(picture_set.folder / SET_FILE, text)


def format_pictures(pictures: Iterable[LabelledPicture]) -> str:
    """Return JSON lines, one picture each; what is not known is left out."""
    return "".join(
        json.dumps(_without_unknown(asdict(picture)), ensure_ascii=False) + "\n"
        for picture in pictures
    )


def parse_picture(line: str) -> LabelledPicture:
    """Return the picture of a JSON line.

    Raises:
        ValueError: It is no such line.
    """
    return _PICTURE.validate_json(line, strict=True)


def split_lines(text: str) -> list[str]:
    """Return the lines of JSON lines.

    Not splitlines, which also cuts at characters that stand as they are within JSON's texts.
    """
    return text.removesuffix("\n").split("\n") if text else []


def _read_pictures(path: Path) -> tuple[LabelledPicture, ...]:
    pictures = []
    lines = split_lines(path.read_text(encoding="utf-8-sig"))
    for number, line in enumerate(lines, start=1):
        try:
            pictures.append(parse_picture(line))
        except ValidationError as error:
            raise DatasetError(f"{path}, line {number}: {_describe(error)}") from error
    return tuple(pictures)


def _describe(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def write_whole(path: Path, text: str) -> None:
    """Write a file so that killed, or on a full disk, the former one stays as it was."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _without_unknown(table: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON
    known = {key: value for key, value in table.items() if value is not None}
    known["boxes"] = [
        {key: value for key, value in box.items() if value is not None} for box in table["boxes"]
    ]
    return known
