"""Whether street pictures are better looked at several times, the looks' boxes being averaged.

A street photo is small beside a drone's, so that a few looks more cost tenths of a second. Where a
picture is searched by its ground sample distance, nothing changes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import PictureSet
from models.detector import Detector
from models.manifest import ModelManifest
from training.evaluation.result import PictureResult, Way
from training.evaluation.search import plan_search, search_pictures
from training.evaluation.street_size import (
    MIN_GAIN,
    mean_ap50,
    select_judging_classes,
    select_street_photos,
)

# Of those tried on val, the best for its cost: a coarser look sees large heaps whole.
SEVERAL = (0.75, 1.0, 2.0)
STANDARD_CANDIDATES: tuple[tuple[float, ...], ...] = ((), SEVERAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetLooksTrial:
    """What looking once and several times gave.

    Attributes:
        ratios: Those to take; empty where one look is as good.
        map50_by_ratios: Mean AP50 of the classes that have a say; empty where none has.
        found: On the street photos, with the ratios taken; empty where nothing was tried.
    """

    ratios: tuple[float, ...]
    map50_by_ratios: Mapping[tuple[float, ...], float]
    found: tuple[PictureResult, ...]


def choose_street_ratios(
    detector: Detector,
    manifest: ModelManifest,
    picture_set: PictureSet,
    *,
    split: str,
    candidates: Sequence[tuple[float, ...]] = STANDARD_CANDIDATES,
    on_picture: Callable[[], None] = lambda: None,
) -> StreetLooksTrial:
    """Return the ratios that find most on street photos; a later one only if it gains enough.

    Args:
        detector: Of the model, with its scores calibrated.
        manifest: With these maps and the size of street pictures.
        picture_set: See there.
        split: That the model has not learned from, and that is not the test split.
        candidates: The cheapest first.
        on_picture: Is called for each picture and candidate.
    """
    pictures = select_street_photos(picture_set, split)
    judging = select_judging_classes(pictures, manifest.classes)
    if not judging:
        return StreetLooksTrial(ratios=candidates[0], map50_by_ratios={}, found=())
    found = {
        ratios: search_with_ratios(
            detector, manifest, picture_set, pictures, ratios, on_picture=on_picture
        )
        for ratios in candidates
    }
    reached = {ratios: mean_ap50(results, judging) for ratios, results in found.items()}
    chosen = candidates[0]
    for ratios in candidates[1:]:
        if reached[ratios] >= reached[chosen] + MIN_GAIN:
            chosen = ratios
    return StreetLooksTrial(ratios=chosen, map50_by_ratios=reached, found=tuple(found[chosen]))


def search_with_ratios(
    detector: Detector,
    manifest: ModelManifest,
    picture_set: PictureSet,
    pictures: Sequence[LabelledPicture],
    ratios: tuple[float, ...],
    *,
    on_picture: Callable[[], None] = lambda: None,
) -> list[PictureResult]:
    """Return what is found on pictures with these ratios and without a map of averaged scores."""
    looking = replace(manifest, street_ratios=ratios, street_calibration={})
    results = []
    for found in search_pictures(picture_set, pictures, plan_search(detector, looking, Way.TILED)):
        on_picture()
        if isinstance(found, PictureResult):
            results.append(found)
    return results
