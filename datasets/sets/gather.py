"""From a recipe and the folders that it names to labelled pictures, and to what was left out."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from datasets.errors import DatasetError
from datasets.labelled_picture import LabelledPicture
from datasets.sets.labels import Boxes, NoBoxes, PictureSize, read_boxes
from datasets.sets.picture_facts import BrokenPicture, PictureFacts, read_all_facts
from datasets.sets.recipe import Recipe, SourceRecipe
from datasets.sets.splits_table import SplitAndGroup, SplitsTable, read_splits_table
from datasets.sets.splitting import deal_group, name_group

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp"})
# Pictures all the same: they are told, not read.
OTHER_SUFFIXES = frozenset(
    [
        ".arw",
        ".avif",
        ".cr2",
        ".cr3",
        ".dng",
        ".gif",
        ".heic",
        ".heif",
        ".jp2",
        ".jxl",
        ".nef",
        ".raw",
    ]
)
PICTURES_FOLDER = "images"
MAX_PICTURES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    r"""A picture that is in a source, or should be, but not in the set.

    Attributes:
        picture: Its path; what is no character in it stands as \udcff and the like.
        code: Of `BrokenPicture` or `NoBoxes`, not_in_splits_table, absent, other_kind or bad_name.
        reason: One line for a person.
    """

    source: str
    picture: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredPicture:
    """A picture of the set, and the file that it is made from."""

    picture: LabelledPicture
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the folders of a recipe gave, both in a fixed order."""

    pictures: tuple[GatheredPicture, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A file of a source with all that was read of it."""

    inner_path: str
    facts: PictureFacts | BrokenPicture
    boxes: Boxes | NoBoxes
    place: SplitAndGroup | None


def read_sources(recipe: Recipe, root: Path, *, workers: int) -> Gathered:
    """Return the labelled pictures that a recipe's folders hold.

    Args:
        recipe: What to read.
        root: Folder that the recipe's paths are relative to.
        workers: Threads that decode pictures.

    Raises:
        DatasetError: A folder or the splits table is absent, or a source holds no picture.
    """
    table = read_splits_table(root / recipe.splits_table) if recipe.splits_table else None
    pictures: list[GatheredPicture] = []
    left_out: list[LeftOut] = []
    for source in recipe.source:
        all_found, labels_alone = _read_source(source, root, table, workers=workers)
        for found in all_found:
            reason = _reason_to_leave_out(source, found)
            if reason is None:
                pictures.append(_gather(source, root, found))
            else:
                left_out.append(reason)
        left_out += labels_alone
        left_out += _list_absent(source, table, {found.inner_path for found in all_found})
        left_out += _list_other_kinds(source, root)
    pictures.sort(key=lambda gathered: gathered.picture.path)
    left_out.sort(key=lambda entry: (entry.source, entry.picture))
    return Gathered(pictures=tuple(pictures), left_out=tuple(left_out))


def list_pictures(source: SourceRecipe, root: Path) -> list[str]:
    """Return the paths of a source's pictures within it, sorted.

    Raises:
        DatasetError: The folder is absent, or holds no picture or too many.
    """
    folder = root / source.pictures
    if not folder.is_dir():
        raise DatasetError(f"source {source.name}: {folder} is no folder")
    pattern = re.compile(source.include_pattern)
    inner_paths = sorted(
        inner_path
        for path in folder.rglob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES
        and pattern.match(inner_path := path.relative_to(folder).as_posix())
    )
    if not 0 < len(inner_paths) <= MAX_PICTURES:
        raise DatasetError(
            f"source {source.name}: {len(inner_paths)} pictures {source.include} in {folder}; "
            f"from 1 to {MAX_PICTURES} make a source"
        )
    return inner_paths


def _read_source(
    source: SourceRecipe, root: Path, table: SplitsTable | None, *, workers: int
) -> tuple[list[_Found], list[LeftOut]]:
    """Return the pictures of a source, and those that only its labels name."""
    inner_paths = list_pictures(source, root)
    all_facts = read_all_facts(
        [root / source.pictures / inner_path for inner_path in inner_paths], workers=workers
    )
    whole = [
        PictureSize(inner_path=path, width_px=facts.width_px, height_px=facts.height_px)
        for path, facts in zip(inner_paths, all_facts, strict=True)
        if isinstance(facts, PictureFacts)
    ]
    boxes = read_boxes(source, root, whole)
    found = [
        _Found(path, facts, boxes.get(path, ()), _place(source, table, path, facts))
        for path, facts in zip(inner_paths, all_facts, strict=True)
    ]
    return found, _list_labels_alone(source, boxes, set(inner_paths))


def _list_labels_alone(
    source: SourceRecipe, boxes: Mapping[str, Boxes | NoBoxes], there: Collection[str]
) -> list[LeftOut]:
    """Return what a file of labels tells of pictures that the folder does not hold."""
    pattern = re.compile(source.include_pattern)
    return [
        LeftOut(source=source.name, picture=name, code=entry.code, reason=entry.reason)
        for name, entry in sorted(boxes.items())
        if name not in there and pattern.match(name) and isinstance(entry, NoBoxes)
    ]


def _place(
    source: SourceRecipe,
    table: SplitsTable | None,
    inner_path: str,
    facts: PictureFacts | BrokenPicture,
) -> SplitAndGroup | None:
    """Return the split and group of a picture, or None where the table does not tell."""
    if table is not None:
        row = table.get((_table_folder(source), inner_path)) or table.get(("", inner_path))
        return row and SplitAndGroup(split=row.split, group=f"{source.site_name}/{row.group}")
    if source.split is None or isinstance(facts, BrokenPicture):
        return None
    flight = inner_path.rpartition("/")[0]
    group = f"{source.site_name}/{name_group(source.split, facts, flight=flight)}"
    split = deal_group(group, shares=source.split.shares, seed=source.split.seed)
    return SplitAndGroup(split=split, group=group)


def _reason_to_leave_out(source: SourceRecipe, found: _Found) -> LeftOut | None:
    told = found.inner_path.encode(errors="backslashreplace").decode()
    if told != found.inner_path:
        code, reason = "bad_name", "its name is no text in UTF-8; rename the file"
    elif isinstance(found.facts, BrokenPicture):
        code, reason = found.facts.code, found.facts.reason
    elif isinstance(found.boxes, NoBoxes):
        code, reason = found.boxes.code, found.boxes.reason
    elif found.place is None:
        code, reason = "not_in_splits_table", "the splits table has no row for it"
    else:
        return None
    return LeftOut(source=source.name, picture=told, code=code, reason=reason)


def _gather(source: SourceRecipe, root: Path, found: _Found) -> GatheredPicture:
    facts, boxes, place = found.facts, found.boxes, found.place
    if not isinstance(facts, PictureFacts) or isinstance(boxes, NoBoxes) or place is None:
        raise TypeError(f"{found.inner_path} was to be left out")
    picture = LabelledPicture(
        path=f"{PICTURES_FOLDER}/{source.name}/{found.inner_path}",
        sha256=facts.sha256,
        width_px=facts.width_px,
        height_px=facts.height_px,
        boxes=_put_in_order(boxes),
        labelled_classes=source.labelled_classes,
        source=source.name,
        group=place.group,
        split=place.split,
        view=source.view,
        origin=source.origin,
        gsd_m=source.gsd_m,
        captured_at=facts.captured_at,
        latitude=facts.latitude,
        longitude=facts.longitude,
    )
    return GatheredPicture(picture=picture, file=root / source.pictures / found.inner_path)


def _put_in_order(boxes: Boxes) -> Boxes:
    """Return the boxes sorted and rounded to a thousandth of a pixel, as label files hold them."""
    rounded = [
        replace(
            box,
            x_min=round(box.x_min, 3),
            y_min=round(box.y_min, 3),
            x_max=round(box.x_max, 3),
            y_max=round(box.y_max, 3),
        )
        for box in boxes
    ]
    return tuple(sorted(rounded, key=lambda box: (box.class_name, box.x_min, box.y_min, box.x_max)))


def _list_absent(
    source: SourceRecipe, table: SplitsTable | None, there: Collection[str]
) -> list[LeftOut]:
    """Return what the table promises of a source and is no picture of its folder."""
    pattern = re.compile(source.include_pattern)
    promised = sorted(
        image
        for folder, image in table or ()
        if folder == _table_folder(source) and pattern.match(image)
    )
    return [
        LeftOut(source=source.name, picture=image, code="absent", reason="only in the splits table")
        for image in promised
        if image not in there
    ]


def _list_other_kinds(source: SourceRecipe, root: Path) -> list[LeftOut]:
    """Return the pictures of a source whose kind is not read."""
    folder, pattern = root / source.pictures, re.compile(source.include_pattern)
    names = (
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in OTHER_SUFFIXES
    )
    return [
        LeftOut(
            source=source.name,
            picture=name.encode(errors="backslashreplace").decode(),
            code="other_kind",
            reason="this kind of picture is not read: save it as JPEG or PNG",
        )
        for name in sorted(names)
        if pattern.match(name)
    ]


def _table_folder(source: SourceRecipe) -> str:
    return source.table_folder if source.table_folder is not None else source.pictures
