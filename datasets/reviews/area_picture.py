"""One reviewed area as a picture of a set: its file and its labels."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from datasets.labelled_picture import LabelledBox, LabelledPicture
from datasets.reviews.labels import AreaLabels
from datasets.reviews.picture_folder import PictureFolder
from datasets.reviews.review import area_of
from datasets.reviews.training_pixels import grey_out, part_unseen
from datasets.sets.gather import PICTURES_FOLDER
from datasets.sets.picture_facts import (
    READ_FORMS,
    BrokenPicture,
    PictureFacts,
    reduce_to_8_bits,
)
from datasets.sets.splits_table import SplitAndGroup

SOURCE_NAME = "reviews"
MAX_PART_UNSEEN = 0.5  # a picture that is mostly grey teaches little but grey
MIN_SIDE_PX = 32  # the coarsest of the network's grids has cells of this size
JPEG_QUALITY = 95


@dataclass(frozen=True, slots=True)
class Original:
    """The file that was reviewed."""

    file: Path
    facts: PictureFacts


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why an area cannot be learned from: a code, and one line for a person."""

    code: str
    reason: str


def find_original(area: AreaLabels, pictures: PictureFolder) -> Original | Unfit:
    """Return the file of a reviewed picture, or why the area gives no training picture."""
    path = pictures.find(area.picture)
    if path is None:
        return Unfit("absent", "no picture, or several, in the folder are called so")
    facts = pictures.read_facts(path)
    if isinstance(facts, BrokenPicture):
        return Unfit(facts.code, facts.reason)
    if area.sha256 is not None and area.sha256 != facts.sha256:
        return Unfit("other_file", "its bytes are not those that were reviewed")
    if (area.width_px, area.height_px) != (facts.width_px, facts.height_px):
        reviewed, there = (f"{one.width_px} x {one.height_px} px" for one in (area, facts))
        return Unfit("other_file", f"was reviewed at {reviewed}, the file has {there}")
    if min(_size(area)) < MIN_SIDE_PX:
        return Unfit("too_small", f"what was looked at is narrower than {MIN_SIDE_PX} px")
    unseen = part_unseen(area.area, area.ignored)
    if unseen > MAX_PART_UNSEEN:
        return Unfit("mostly_unsure", f"unsure or contested boxes cover {unseen:.0%} of it")
    return Original(pictures.file_of(path), facts)


def write_area(
    area: AreaLabels, original: Original, folder: Path, *, place: SplitAndGroup
) -> LabelledPicture:
    """Write the picture of an area into a set's folder, and return it with its labels.

    A picture that was looked at as a whole and leaves no doubt keeps its bytes.
    """
    facts = original.facts
    if area.is_whole and not area.ignored:
        content, suffix = original.file.read_bytes(), original.file.suffix.lower()
    else:
        content, suffix = _draw_area(original.file, area), ".jpg"
    target = f"{PICTURES_FOLDER}/{SOURCE_NAME}/{_stem(area, facts.sha256)}{suffix}"
    _write_whole(folder / target, content)
    width_px, height_px = _size(area)
    return LabelledPicture(
        path=target,
        sha256=hashlib.sha256(content).hexdigest(),
        width_px=width_px,
        height_px=height_px,
        boxes=tuple(_move_box(box, area) for box in area.boxes),
        labelled_classes=area.labelled_classes,
        source=SOURCE_NAME,
        group=place.group,
        split=place.split,
        view=area.view,
        gsd_m=area.gsd_m,
        captured_at=facts.captured_at,
        latitude=facts.latitude,
        longitude=facts.longitude,
    )


def _draw_area(file: Path, area: AreaLabels) -> bytes:
    """Return the area as a JPEG, with what nobody knows in grey."""
    with Image.open(file, formats=READ_FORMS) as opened:
        image = reduce_to_8_bits(ImageOps.exif_transpose(opened)).convert("RGB")
    painted = grey_out(image, area.ignored, [area_of(box) for box in area.boxes])
    crop = painted.crop(_corners(area))
    stream = BytesIO()
    crop.save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return stream.getvalue()


def _write_whole(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)  # it may be a link that somebody left
    part.write_bytes(content)
    part.replace(target)


def _move_box(box: LabelledBox, area: AreaLabels) -> LabelledBox:
    """Return the box in the pixels of the area."""
    left, top = area.area.x_min, area.area.y_min
    return LabelledBox(
        class_name=box.class_name,
        sub_class=box.sub_class,
        x_min=box.x_min - left,
        y_min=box.y_min - top,
        x_max=box.x_max - left,
        y_max=box.y_max - top,
    )


def _corners(area: AreaLabels) -> tuple[int, int, int, int]:
    shown = area.area
    return int(shown.x_min), int(shown.y_min), int(shown.x_max), int(shown.y_max)


def _size(area: AreaLabels) -> tuple[int, int]:
    left, top, right, bottom = _corners(area)
    return right - left, bottom - top


def _stem(area: AreaLabels, sha256: str) -> str:
    if area.is_whole:
        return sha256[:16]
    return "_".join([sha256[:16], *map(str, _corners(area))])
