"""A picture set: a folder with set.json (what it is) and pictures.jsonl (one picture a line)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledBox, LabelledPicture, Origin, View

SET_FILE = "set.json"
PICTURES_FILE = "pictures.jsonl"
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where pictures of a set come from, and under which licence."""

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
        """Return where the picture's file lies."""
        return self.folder / picture.path


def read_picture_set(folder: Path) -> PictureSet:
    """Return the picture set in a folder.

    Raises:
        DatasetError: A file is absent, or a field is absent, unknown or of a wrong value; says
            which line of which file.
    """
    path = folder / SET_FILE
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
        sources = tuple(Source(**source) for source in head.pop("sources"))
        pictures = _read_pictures(folder / PICTURES_FILE)
        return PictureSet(**head, sources=sources, pictures=pictures, folder=folder)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DatasetError(f"{path}: no readable picture set: {error!r}") from error


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
    (picture_set.folder / SET_FILE).write_text(text, encoding="utf-8")
    lines = format_pictures(picture_set.pictures)
    (picture_set.folder / PICTURES_FILE).write_text(lines, encoding="utf-8")


def format_pictures(pictures: Iterable[LabelledPicture]) -> str:
    """Return JSON lines, one picture each; what is not known is left out."""
    return "".join(
        json.dumps(_without_unknown(asdict(picture)), ensure_ascii=False) + "\n"
        for picture in pictures
    )


def parse_picture(line: str) -> LabelledPicture:
    """Return the picture of a JSON line.

    Raises:
        ValueError, TypeError, KeyError: It is no such line.
    """
    table: dict[str, Any] = json.loads(line)  # Any: JSON, checked by the constructor's keys
    unknown = set(table) - {field.name for field in fields(LabelledPicture)}
    if unknown:
        raise ValueError(f"unknown fields {sorted(unknown)}")
    return LabelledPicture(
        **{
            **table,
            "boxes": tuple(LabelledBox(**box) for box in table["boxes"]),
            "labelled_classes": tuple(table["labelled_classes"]),
            "view": View(table["view"]),
            "origin": Origin(table.get("origin", Origin.PHOTO)),
        }
    )


def _read_pictures(path: Path) -> tuple[LabelledPicture, ...]:
    pictures = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            pictures.append(parse_picture(line))
        except (ValueError, TypeError, KeyError) as error:
            raise DatasetError(f"{path}, line {number}: {error!r}") from error
    return tuple(pictures)


def _without_unknown(table: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON
    known = {key: value for key, value in table.items() if value is not None}
    known["boxes"] = [
        {key: value for key, value in box.items() if value is not None} for box in table["boxes"]
    ]
    return known
