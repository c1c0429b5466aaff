"""The way of a photo from its pixels to candidate issues: the list of the steps, in order.

`detect_objects` is done photo by photo; `plan_flights` and `conclude` look at all photos at
once. Nothing here reads or writes a file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from inference.detection.detect import DetectSettings, detect_photo
from inference.geometry.coverage import Footprint, plan_footprint
from inference.geometry.ground import Ground
from inference.geometry.heights import plan_view
from inference.geometry.locate import locate
from inference.geometry.takeoff import plan_takeoff
from inference.geometry.view import View
from inference.identity import detection_id, round_box, settings_hash
from inference.lint.flight import lint_photos
from inference.lint.photo import lint_photo
from inference.merging.appearance import describe_appearance
from inference.merging.areas import GridCell, Permit
from inference.merging.flights import Flight, FlightPhoto, group_flights
from inference.merging.merge import merge_sightings
from inference.merging.other_classes import join_other_classes
from inference.merging.reconcile import CandidateIssue, reconcile
from inference.patrol.fixed_cameras import as_registered
from inference.patrol.street import locate_from_street
from inference.reading.decode import box_upright_to_photo, turn_upright
from inference.reading.metadata import PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, Reason
from inference.refinement.features import Features
from inference.refinement.match_flight import match_pairs
from inference.refinement.pairs import plan_pairs
from inference.refinement.refine import Refinement, refine_views
from inference.sighting import Detection, Finding, Placement, Sighting
from models.detector import Detector, Image
from models.manifest import ModelManifest

PIPELINE_VERSION = "2"  # another one where a step gives other results for the same photo


Comparisons = Sequence[tuple[str, str]]  # pairs of photos that show the same ground, by SHA-256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlightPlan:
    """A flight with what each of its photos sees, by SHA-256.

    Attributes:
        beside_others: What makes a photo doubtful beside its neighbours; in `reasons`, too.
        reasons: What makes a photo's geometry doubtful.
        refinement: How the poses were put right, or None where they are as stated.
    """

    flight: Flight
    views: Mapping[str, View | NotPlaced]
    beside_others: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    reasons: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    refinement: Refinement | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conclusion:
    """What all photos together say.

    Attributes:
        footprints: What each photo shows of the ground, by SHA-256.
        findings: Of all flights.
    """

    flights: tuple[Flight, ...]
    footprints: Mapping[str, Footprint | NotPlaced]
    findings: tuple[Finding, ...]
    issues: tuple[CandidateIssue, ...]


def plan_flights(photos: Iterable[FlightPhoto], *, ground: Ground | None) -> list[FlightPlan]:
    """Return the flights, each with the view of every photo or why it has none."""
    photos = tuple(photos)
    beside_others = lint_photos(photos)
    return [
        _plan_flight(flight, ground=ground, beside_others=beside_others)
        for flight in group_flights(photos)
    ]


def plan_comparisons(plan: FlightPlan) -> Comparisons:
    """Return the pairs of a flight's photos that show the same ground, by SHA-256.

    From one place, nothing can be told of a pose that was measured: registered cameras have none.
    """
    if any(photo.metadata.registered is not None for photo in plan.flight.photos):
        return []
    captures = {photo.sha256: photo.metadata.capture_uuid for photo in plan.flight.photos}
    return plan_pairs(plan.views, captures=captures)


def refine_flight(
    plan: FlightPlan,
    comparisons: Comparisons,
    read_features: Callable[[str], Features | None],
) -> FlightPlan:
    """Return the flight with its poses put right from what overlapping photos both show.

    Args:
        plan: With the views as the photos state them.
        comparisons: Its pairs, see `plan_comparisons`.
        read_features: Returns a photo's features by SHA-256; None where it has none.
    """
    matches = match_pairs(comparisons, plan.views, read_features)
    if not matches:
        return plan
    refinement = refine_views(plan.views, matches)
    beside_others = {
        sha256: (*plan.beside_others.get(sha256, ()), *refinement.reasons.get(sha256, ()))
        for sha256 in plan.views
    }
    return replace(
        plan,
        views=refinement.views,
        beside_others=beside_others,
        # Judged anew: what the photos show of the ground may settle what was in doubt.
        reasons=_lint(plan.flight, refinement.views, beside_others),
        refinement=refinement,
    )


def detect_objects(
    pixels: Image,
    *,
    photo_sha256: str,
    orientation: int,
    gsd_m: float | None,
    detector: Detector,
    manifest: ModelManifest,
    settings: DetectSettings,
) -> tuple[Detection, ...]:
    """Return the objects on one photo, in photo pixels, best first.

    The pixels are as decoded, not turned; `orientation` is EXIF's, 1 to 8, and `gsd_m` the ground
    sample distance at the picture's centre, None where unknown.
    """
    upright = turn_upright(pixels, orientation)
    found = detect_photo(
        upright, gsd_m=gsd_m, detector=detector, manifest=manifest, settings=settings
    )
    height_px, width_px = pixels.shape[:2]
    boxes = box_upright_to_photo(found.boxes, orientation, width_px=width_px, height_px=height_px)
    origin = (photo_sha256, manifest.weights_sha256, detection_settings_hash(settings, manifest))
    detections: dict[str, Detection] = {}
    for row, box in enumerate(boxes):
        class_name = detector.classes[int(found.class_ids[row])]
        identity = detection_id(*origin, box, class_name)
        detections[identity] = Detection(
            id=identity,
            photo_sha256=photo_sha256,
            class_name=class_name,
            confidence=round(float(found.scores[row]), 4),
            box_photo=round_box(box),
            # Upright, so that a turned camera does not change what an object looks like.
            appearance=describe_appearance(upright, found.boxes[row]),
        )
    return tuple(sorted(detections.values(), key=lambda found: (-found.confidence, found.id)))


def detection_settings_hash(settings: DetectSettings, manifest: ModelManifest) -> str:
    """Return the SHA-256 of all that decides what is detected, the model's weights left aside."""
    # Absent where no class has a map: what was found before there were any stays valid.
    calibration = {"calibration": manifest.calibration} if manifest.calibration else {}
    averaged = {
        "street_ratios": manifest.street_ratios,
        "street_calibration": manifest.street_calibration,
    }
    return settings_hash(
        {
            "pipeline": PIPELINE_VERSION,
            "detect": settings,
            # A manifest may be corrected while the weights stay.
            "classes": manifest.classes,
            "input_size_px": manifest.input_size_px,
            "gsd_range_m": manifest.gsd_range_m,
            "street_long_side_px": manifest.street_long_side_px,
            **calibration,
            **(averaged if manifest.street_ratios else {}),
        }
    )


def conclude(
    plans: Sequence[FlightPlan],
    detections: Mapping[str, Sequence[Detection]],
    *,
    permits: Sequence[Permit],
    grids: Sequence[GridCell],
) -> Conclusion:
    """Return the candidate issues that the detections, by photo SHA-256, amount to."""
    footprints = {
        sha256: view if isinstance(view, NotPlaced) else plan_footprint(view)
        for plan in plans
        for sha256, view in plan.views.items()
    }
    findings = [finding for plan in plans for finding in _find_objects(plan, detections)]
    return Conclusion(
        flights=tuple(plan.flight for plan in plans),
        footprints=footprints,
        findings=tuple(findings),
        issues=tuple(reconcile(findings, permits=permits, grids=grids)),
    )


def _plan_flight(
    flight: Flight, *, ground: Ground | None, beside_others: Mapping[str, tuple[Reason, ...]]
) -> FlightPlan:
    metadatas = [photo.metadata for photo in flight.photos]
    takeoff = plan_takeoff(metadatas, ground)
    views = {
        photo.sha256: as_registered(
            plan_view(photo.metadata, ground, takeoff),
            photo.metadata.registered,
        )
        for photo in flight.photos
    }
    return FlightPlan(
        flight=flight,
        views=views,
        beside_others=beside_others,
        reasons=_lint(flight, views, beside_others),
    )


def _lint(
    flight: Flight,
    views: Mapping[str, View | NotPlaced],
    beside_others: Mapping[str, tuple[Reason, ...]],
) -> dict[str, tuple[Reason, ...]]:
    """Return what makes each photo's geometry doubtful, by itself and beside its neighbours."""
    reasons = {}
    for photo in flight.photos:
        view = views[photo.sha256]
        alone = lint_photo(photo.metadata, None if isinstance(view, NotPlaced) else view)
        reasons[photo.sha256] = (*alone, *beside_others.get(photo.sha256, ()))
    return reasons


def _find_objects(plan: FlightPlan, detections: Mapping[str, Sequence[Detection]]) -> list[Finding]:
    sightings = [
        _sight(detection, photo.metadata, plan.views[photo.sha256])
        for photo in plan.flight.photos
        for detection in detections.get(photo.sha256, ())
    ]
    return join_other_classes(merge_sightings(sightings, flight_id=plan.flight.id))


def _sight(detection: Detection, metadata: PhotoMetadata, view: View | NotPlaced) -> Sighting:
    place: Placement | NotPlaced
    if isinstance(view, View):
        place = locate(detection, view)
    elif metadata.kind is PhotoKind.STREET and metadata.registered is None:
        place = locate_from_street(detection, metadata, refusal=view)
    else:
        place = view
    return Sighting(
        detection=detection,
        place=place,
        captured_at=metadata.captured_at,
        capture_uuid=metadata.capture_uuid,
    )
