"""The steps that `inspect` and the workers of a service share: values in, values out."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from inference.pipeline import (
    Comparisons,
    FlightPlan,
    conclude,
    detect_objects,
    plan_comparisons,
    refine_flight,
)
from inference.receipt import Outcome, Reason
from inference.refinement.features import Features
from inference.sighting import Detection
from models.detector import Detector, Image
from service.inspecting.basis import Basis
from service.inspecting.photo_tasks import PhotoTask
from service.inspecting.result import InspectionResult, Photo, conclude_files
from service.store.found_files import StoredFile
from service.store.inspections import Inspection

FlightDetections = Mapping[str, Sequence[Detection]]  # by photo's SHA-256


def inspect_photo(
    task: PhotoTask, pixels: Image | Reason, *, detector: Detector, basis: Basis
) -> tuple[Inspection, Sequence[Detection]]:
    """Return what became of one photo, and what is on it.

    Args:
        task: Which photo, and what its tiles are planned for.
        pixels: In the photo frame, or why there are none.
        detector: The loaded model.
        basis: That model's manifest and settings are of it.
    """
    photo = task.photo
    if isinstance(pixels, Reason):
        rejected = Inspection(
            photo_sha256=photo.sha256,
            outcome=Outcome.REJECTED,
            gsd_m=task.gsd_m,
            reasons=(pixels,),
        )
        return rejected, ()
    detections = detect_objects(
        pixels,
        photo_sha256=photo.sha256,
        orientation=photo.metadata.orientation,
        gsd_m=task.gsd_m,
        detector=detector,
        manifest=basis.manifest,
        settings=basis.settings,
    )
    done = Inspection(photo_sha256=photo.sha256, outcome=Outcome.ACCEPTED, gsd_m=task.gsd_m)
    return done, detections


def plan_all_comparisons(plans: Iterable[FlightPlan], *, basis: Basis) -> list[Comparisons]:
    """Return for each flight the pairs of photos that are to be compared."""
    return [plan_comparisons(plan) if basis.refine else [] for plan in plans]


def compared_photos(comparisons: Iterable[Comparisons]) -> set[str]:
    """Return the SHA-256 of all photos whose features are needed."""
    return {sha256 for pairs in comparisons for pair in pairs for sha256 in pair}


def refine_flights(
    plans: Sequence[FlightPlan],
    comparisons: Sequence[Comparisons],
    *,
    basis: Basis,
    read_features: Callable[[str], Features | None],
    on_flight: Callable[[], None] = lambda: None,
) -> list[FlightPlan]:
    """Return the flights with their poses put right where photos overlap.

    Args:
        plans: As the photos state it.
        comparisons: One for each plan.
        basis: Says whether to.
        read_features: Returns a photo's features by SHA-256.
        on_flight: Is called after each.
    """
    if not basis.refine:
        return list(plans)
    refined = []
    for plan, pairs in zip(plans, comparisons, strict=True):
        refined.append(refine_flight(plan, pairs, read_features))
        on_flight()
    return refined


def conclude_photos(
    basis: Basis,
    *,
    files: Iterable[StoredFile],
    photos: Mapping[str, Photo],
    plans: Sequence[FlightPlan],
    inspections: Mapping[str, Inspection],
    detections: FlightDetections,
) -> InspectionResult:
    """Return what all photos amount to; how the store was filled changes nothing.

    Args:
        basis: That all was done with.
        files: As found at intake.
        photos: By SHA-256.
        plans: Refined where that was wanted.
        inspections: By SHA-256.
        detections: Likewise.
    """
    views = {sha256: view for plan in plans for sha256, view in plan.views.items()}
    return InspectionResult(
        files=conclude_files(
            files,
            inspections=inspections,
            views=views,
            doubts={sha256: found for plan in plans for sha256, found in plan.reasons.items()},
        ),
        photos=photos,
        plans=tuple(plans),
        conclusion=conclude(plans, detections, permits=basis.permits, grids=basis.grids),
        run=basis.run,
        manifest=basis.manifest,
        settings=basis.settings,
        ground=basis.ground_file.name if basis.ground_file else None,
        permits=basis.permits,
        grids=basis.grids,
        frames=basis.frames,
        zone=basis.assumed.zone,
    )
