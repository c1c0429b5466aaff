"""Which photos are left to do, and reading one: its pixels and what it is recognised by."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from inference.geometry.coverage import ground_sample_distance_m, round_gsd_m
from inference.geometry.view import View
from inference.pipeline import FlightPlan
from inference.receipt import NotPlaced, Outcome, Reason, ReasonCode
from inference.refinement.features import (
    Features,
    describe_features,
    features_to_bytes,
    parse_features,
)
from models.detector import Image
from service.inspecting.intake import read_or_reason
from service.inspecting.photo_pixels import read_photo_pixels
from service.inspecting.result import Photo
from service.store.inspections import Inspection
from service.store.local_store import Store

DESCRIBED_AS = "1"  # another one where a photo's features come out otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoTask:
    """A photo that is left to do.

    Attributes:
        gsd_m: What its tiles are planned for.
        is_to_inspect: Whether objects are to be looked for.
        is_to_describe: Whether it is to be compared with others.
    """

    photo: Photo
    gsd_m: float | None
    is_to_inspect: bool
    is_to_describe: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPhoto:
    """A photo's pixels, or why there are none, and its features in bytes where asked for."""

    pixels: Image | Reason
    features: bytes | None


def plan_tasks(
    photos: Iterable[Photo],
    plans: Sequence[FlightPlan],
    *,
    inspections: Mapping[str, Inspection],
    to_describe: AbstractSet[str],
) -> list[PhotoTask]:
    """Return what is left, in the order of the photos.

    Args:
        photos: All of them; held and rejected ones are left out.
        plans: Their flights.
        inspections: What is done, by SHA-256; done for another GSD than is known now counts not.
        to_describe: Photos whose features are wanted and not known.
    """
    views = {sha256: view for plan in plans for sha256, view in plan.views.items()}
    tasks = []
    for photo in photos:
        if photo.outcome is not Outcome.ACCEPTED:
            continue
        gsd_m = plan_gsd_m(views[photo.sha256])
        inspection = inspections.get(photo.sha256)
        task = PhotoTask(
            photo=photo,
            gsd_m=gsd_m,
            is_to_inspect=not is_inspected(inspection, gsd_m),
            is_to_describe=photo.sha256 in to_describe and not _is_broken(inspection),
        )
        if task.is_to_inspect or task.is_to_describe:
            tasks.append(task)
    return tasks


def read_task(task: PhotoTask) -> ReadPhoto:
    """Read a photo; runs in a thread beside the detector, so the features cost no time of its."""
    return read_photo(task.photo, is_to_describe=task.is_to_describe)


def read_photo(photo: Photo, *, is_to_describe: bool) -> ReadPhoto:
    """Read a photo's pixels, and its features where asked for."""
    pixels = read_or_reason(lambda _: read_photo_pixels(photo), photo.path)
    if isinstance(pixels, Reason) or not is_to_describe:
        return ReadPhoto(pixels=pixels, features=None)
    return ReadPhoto(pixels=pixels, features=features_to_bytes(describe_features(pixels)))


def read_features(store: Store, sha256: str) -> Features | None:
    """Return a photo's features from the store; damaged ones are as good as none."""
    return parse_stored_features(store.read_features(sha256, described_as=DESCRIBED_AS))


def parse_stored_features(stored: bytes | None) -> Features | None:
    """Return features as the store has them; damaged ones are as good as none."""
    if stored is None:
        return None
    try:
        return parse_features(stored)
    except ValueError:
        return None


def is_inspected(inspection: Inspection | None, gsd_m: float | None) -> bool:
    """Tell whether a photo is done, with its tiles planned for this GSD."""
    if inspection is None or inspection.gsd_m != gsd_m:
        return False
    # A card that was pulled out is tried again; a broken photo stays broken.
    return all(reason.code is not ReasonCode.UNREADABLE_FILE for reason in inspection.reasons)


def _is_broken(inspection: Inspection | None) -> bool:
    return inspection is not None and inspection.outcome is Outcome.REJECTED


def plan_gsd_m(view: View | NotPlaced) -> float | None:
    """Return what the tiles of a photo with this view are planned for; None where unknown."""
    return None if isinstance(view, NotPlaced) else round_gsd_m(ground_sample_distance_m(view))
