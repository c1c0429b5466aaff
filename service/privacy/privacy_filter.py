"""What is done to every picture before it leaves: faces and plates found, then hidden."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from inference.boxes import Box
from models.detector import Detections, Image
from service.privacy.blur import blur_boxes
from service.privacy.faces import read_face_finder
from service.privacy.plates import read_plate_finder
from service.privacy.tile_network import TileFinder
from service.privacy.tiled_search import plan_scales, search_picture

# Low, since a missed face costs more than a blurred leaf; docs/privacy.md has what each costs.
# Plates even lower: their network is less sure of plates from other countries than China.
MIN_FACE_SCORE = 0.2
MIN_PLATE_SCORE = 0.1
# Twice as large as taken, small faces and plates are found that are missed else. Above this
# many megapixels the photo is searched as it is: they are large enough there, and it would
# take four times as long.
ENLARGE_BELOW_MEGAPIXELS = 4.0


class PrivateKind(StrEnum):
    """What must not be recognised."""

    FACE = "face"
    PLATE = "plate"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateObject:
    """A face or plate in a picture.

    Attributes:
        box_px: x_min, y_min, x_max, y_max in the picture's pixels, not padded.
        score: 0 to 1, as the network gives it; not calibrated.
    """

    kind: PrivateKind
    box_px: Box
    score: float


class PrivacyFilter(Protocol):
    """Finds and hides what must not be recognised."""

    def find(self, picture: Image) -> tuple[PrivateObject, ...]:
        """Return the faces and plates in a whole photo, (rows, columns, 3) uint8 BGR."""

    def hide(self, picture: Image) -> Image:
        """Return a copy in which they are unreadable.

        Crops are cut from the result, never hidden one by one: a face cut at a crop's edge
        would be missed.
        """


class NothingHidden:
    """The filter of a deployment that has switched it off."""

    def find(self, picture: Image) -> tuple[PrivateObject, ...]:
        """Return nothing, without looking."""
        del picture
        return ()

    def hide(self, picture: Image) -> Image:
        """Return a copy, unchanged."""
        return picture.copy()


class FacesAndPlatesHidden:
    """Looks with two networks; threads may share it and take turns."""

    def __init__(self, faces: TileFinder, plates: TileFinder) -> None:
        self._finders = (
            (PrivateKind.FACE, faces, MIN_FACE_SCORE),
            (PrivateKind.PLATE, plates, MIN_PLATE_SCORE),
        )

    def find(self, picture: Image) -> tuple[PrivateObject, ...]:
        """Return faces, then plates, each the best score first."""
        return tuple(
            found
            for kind, finder, min_score in self._finders
            for found in _objects(kind, find_all(picture, finder, min_score=min_score))
        )

    def hide(self, picture: Image) -> Image:
        """Return a copy in which faces and plates are blurred; the rest is the same."""
        return blur_boxes(picture, [found.box_px for found in self.find(picture)])


def read_privacy_filter(*, on: bool = True, threads: int | None = None) -> PrivacyFilter:
    """Return the filter of a deployment, ready for use.

    Args:
        on: False for a deployment that may show faces and plates.
        threads: Of the networks; all cores for None. Does not change results.

    Raises:
        PrivacyNetworkError: A network is absent or another one; nothing may leave then.
    """
    if not on:
        return NothingHidden()
    return FacesAndPlatesHidden(
        read_face_finder(threads=threads), read_plate_finder(threads=threads)
    )


def find_all(picture: Image, finder: TileFinder, *, min_score: float) -> Detections:
    """Return what a finder finds in a whole photo at all scales, in the photo's pixels."""
    rows, columns = picture.shape[:2]
    small = rows * columns <= ENLARGE_BELOW_MEGAPIXELS * 1e6
    scales = plan_scales(columns, rows, tile_px=finder.tile_px, finest_scale=2.0 if small else 1.0)
    return search_picture(picture, finder, scales=scales, min_score=min_score)


def _objects(kind: PrivateKind, found: Detections) -> list[PrivateObject]:
    return [
        PrivateObject(
            kind=kind,
            box_px=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
            score=float(score),
        )
        for box, score in zip(found.boxes, found.scores, strict=True)
    ]
