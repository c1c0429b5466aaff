"""Pictures that show each issue: crops of its best views, and the whole photo with a box."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from pathlib import Path

import cv2
import numpy as np

from inference.boxes import Box
from inference.errors import PhotoRejectedError
from inference.merging.reconcile import CandidateIssue
from inference.reading.decode import box_photo_to_upright, turn_upright
from inference.sighting import Detection
from models.detector import Image
from service.inspecting.folder import write_atomically
from service.inspecting.photo_pixels import read_photo_pixels
from service.inspecting.result import Photo
from service.report.model import EvidenceFile, EvidenceRole
from service.report.thumbnails import encode_jpeg, scale_down

EVIDENCE_FOLDER = "evidence"
MAX_FURTHER_CROPS = 4
JPEG_QUALITY = 88
PHOTO_SIDE_PX = 1600
CROP_SIDE_PX = 800
SURROUNDINGS = 1.8  # a crop's size in boxes
SMALLEST_CROP_PX = 240  # less shows nothing of where the object is
CROP_ASPECT = 4 / 3
BOX_COLOUR = (0, 200, 255)  # amber, as BGR: stands out from plants, roofs and roads
HALO_COLOUR = (20, 20, 20)

Hide = Callable[[Image], Image]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WantedPicture:
    """One picture to be made from a photo."""

    issue_id: str
    role: EvidenceRole
    name: str
    detection: Detection


def write_evidence(
    issues: Sequence[CandidateIssue],
    photos: Mapping[str, Photo],
    folder: Path,
    *,
    workers: int = 2,
) -> dict[str, tuple[EvidenceFile, ...]]:
    """Write each issue's pictures and return what was written, by issue id.

    Each photo is decoded once for all of its issues. The pictures are upright, hold none of the
    photo's metadata, and come out the same each time. Those of issues that are no more are
    removed.

    Args:
        issues: Whose sightings are to be shown.
        photos: By SHA-256. One that has gone or cannot be read any more leaves its issues
            without pictures of it.
        folder: Of the results; the pictures go into `evidence/<issue id>/` in it.
        workers: Photos in hand at the same time.
    """
    by_photo = _group_by_photo(issues)
    known = [sha256 for sha256 in by_photo if sha256 in photos]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        written = list(
            pool.map(
                _write_photo,
                [photos[sha256] for sha256 in known],
                [by_photo[sha256] for sha256 in known],
                repeat(folder),
            )
        )
    files: dict[str, list[EvidenceFile]] = {issue.id: [] for issue in issues}
    for issue_id, file in chain.from_iterable(written):
        files[issue_id].append(file)
    _remove_others(folder, keep={file.path for found in files.values() for file in found})
    return {
        issue_id: tuple(sorted(found, key=_evidence_order)) for issue_id, found in files.items()
    }


def _group_by_photo(issues: Sequence[CandidateIssue]) -> dict[str, list[WantedPicture]]:
    """Return the pictures that all issues need, by the photo that they are made from."""
    by_photo: dict[str, list[WantedPicture]] = defaultdict(list)
    for issue in issues:
        for wanted in plan_pictures(issue.id, [one.detection for one in issue.sightings]):
            by_photo[wanted.detection.photo_sha256].append(wanted)
    return by_photo


def plan_pictures(issue_id: str, views: Sequence[Detection]) -> list[WantedPicture]:
    """Return the pictures that an issue needs: two of its best view, a crop of some others.

    Args:
        issue_id: Whose pictures.
        views: What was seen of it, the best first.
    """
    best, *others = views
    wanted = [
        WantedPicture(issue_id=issue_id, role=EvidenceRole.CROP, name="crop.jpg", detection=best),
        WantedPicture(issue_id=issue_id, role=EvidenceRole.PHOTO, name="photo.jpg", detection=best),
    ]
    return wanted + [
        WantedPicture(
            issue_id=issue_id,
            role=EvidenceRole.FURTHER_CROP,
            name=f"crop_{number}.jpg",
            detection=detection,
        )
        for number, detection in enumerate(others[:MAX_FURTHER_CROPS], 2)
    ]


def plan_crop(box: Box, *, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """Return the part of a picture that shows a box with some surroundings.

    The part moves inside the picture rather than being cut, so that crops look alike.

    Args:
        box: x_min, y_min, x_max, y_max in upright pixels.
        width_px: Of the upright picture.
        height_px: Of the upright picture.

    Returns:
        x_min, y_min, x_max, y_max in whole upright pixels.
    """
    x_min, y_min, x_max, y_max = box
    height = max(
        SURROUNDINGS * (y_max - y_min),
        SURROUNDINGS * (x_max - x_min) / CROP_ASPECT,
        SMALLEST_CROP_PX,
    )
    columns = min(round(height * CROP_ASPECT), width_px)
    rows = min(round(height), height_px)
    left = min(max(round((x_min + x_max - columns) / 2), 0), width_px - columns)
    top = min(max(round((y_min + y_max - rows) / 2), 0), height_px - rows)
    return left, top, left + columns, top + rows


def _write_photo(
    photo: Photo, wanted: Sequence[WantedPicture], folder: Path
) -> list[tuple[str, EvidenceFile]]:
    """Write all pictures of one photo and return them with their issue's id."""
    try:
        stored = read_photo_pixels(photo)
    except (PhotoRejectedError, OSError):
        return []  # the receipt says why
    maker, written = PictureMaker(stored, orientation=photo.metadata.orientation), []
    for picture in wanted:
        image, box_px = maker.draw(picture)
        path = f"{EVIDENCE_FOLDER}/{picture.issue_id}/{picture.name}"
        data = encode_jpeg(image, JPEG_QUALITY)
        _write_if_new(folder / path, data)
        written.append((picture.issue_id, describe_picture(picture, data, image, box_px, path)))
    return written


class PictureMaker:
    """Makes all pictures that are wanted of one photo."""

    def __init__(self, stored: Image, *, orientation: int, hide: Hide | None = None) -> None:
        """Prepare.

        Args:
            stored: The photo's pixels as they are in the file.
            orientation: EXIF's of the photo, 1 to 8.
            hide: Makes faces and plates unreadable in what leaves; None: nobody else sees it.
        """
        self._height_px, self._width_px = stored.shape[:2]
        self._upright = turn_upright(stored, orientation)
        self._orientation = orientation
        self._hide = hide

    def draw(self, wanted: WantedPicture) -> tuple[Image, Box]:
        """Return a picture, and where the object is in it."""
        box = box_photo_to_upright(
            np.array([wanted.detection.box_photo]),
            self._orientation,
            width_px=self._width_px,
            height_px=self._height_px,
        )[0].tolist()
        if wanted.role is EvidenceRole.PHOTO:
            return draw_box(self._overview, box, scale=self._overview_scale)
        return cut_crop(self._upright, box, hide=self._hide)

    @cached_property
    def _overview(self) -> Image:
        """The whole photo scaled down; once for all objects in it, since hiding takes long.

        Faces and plates are looked for after scaling: what is too small then is too small to read.
        """
        image = scale_down(self._upright, PHOTO_SIDE_PX)
        return image if self._hide is None else self._hide(image)

    @property
    def _overview_scale(self) -> float:
        return self._overview.shape[1] / self._upright.shape[1]


def describe_picture(
    wanted: WantedPicture, data: bytes, image: Image, box_px: Box, path: str
) -> EvidenceFile:
    """Return what is told of a picture that was made."""
    return EvidenceFile(
        role=wanted.role,
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        photo_sha256=wanted.detection.photo_sha256,
        detection_id=wanted.detection.id,
        width_px=image.shape[1],
        height_px=image.shape[0],
        box_px=box_px,
    )


def cut_crop(upright: Image, box: Box, *, hide: Hide | None = None) -> tuple[Image, Box]:
    """Return the crop around a box, scaled down where it is large, and the box in it.

    Faces and plates are looked for in more than the crop: those at its edge are whole there.
    """
    left, top, right, bottom = plan_crop(box, width_px=upright.shape[1], height_px=upright.shape[0])
    part = np.ascontiguousarray(upright[top:bottom, left:right])
    if hide is not None:
        x_room, y_room = (right - left) // 2, (bottom - top) // 2
        x_start, y_start = max(left - x_room, 0), max(top - y_room, 0)
        around = np.ascontiguousarray(upright[y_start : bottom + y_room, x_start : right + x_room])
        hidden = hide(around)
        part = np.ascontiguousarray(
            hidden[top - y_start : bottom - y_start, left - x_start : right - x_start]
        )
    part = scale_down(part, CROP_SIDE_PX)
    scale = part.shape[1] / (right - left)
    moved = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
    return part, _scale_box(moved, scale)


def draw_box(photo: Image, box: Box, *, scale: float) -> tuple[Image, Box]:
    """Return a copy of a photo with a box drawn in, and the box there.

    Args:
        photo: Upright, scaled down.
        box: In the pixels of the upright photo.
        scale: Pixels of `photo` for one of the upright photo.
    """
    image, box_px = photo.copy(), _scale_box(box, scale)
    corners = [round(edge) for edge in box_px]
    # Room between line and object: the line must not hide what it points at.
    first, last = (corners[0] - 8, corners[1] - 8), (corners[2] + 8, corners[3] + 8)
    cv2.rectangle(image, first, last, HALO_COLOUR, 9, cv2.LINE_AA)
    cv2.rectangle(image, first, last, BOX_COLOUR, 5, cv2.LINE_AA)
    return image, box_px


def _scale_box(box: Box, scale: float) -> Box:
    x_min, y_min, x_max, y_max = (round(edge * scale, 1) for edge in box)
    return x_min, y_min, x_max, y_max


def _write_if_new(path: Path, data: bytes) -> None:
    """Write a picture unless the same one is there already, as after a restart."""
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data)


def _remove_others(folder: Path, *, keep: set[str]) -> None:
    """Remove pictures that an earlier run wrote for issues or views that are no more."""
    for path in sorted((folder / EVIDENCE_FOLDER).glob("*/*.jpg")):
        if path.relative_to(folder).as_posix() not in keep:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()


def _evidence_order(file: EvidenceFile) -> tuple[int, str]:
    return list(EvidenceRole).index(file.role), file.path
