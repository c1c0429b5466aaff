"""The photos that truth is told about, each with its geometry as stated and as put right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from inference.detection.read_ahead import read_ahead
from inference.geometry.ground import Ground
from inference.geometry.view import View
from inference.patrol.fixed_cameras import FixedCamera
from inference.pipeline import FlightPlan, plan_comparisons, plan_flights, refine_flight
from inference.reading.metadata import PhotoMetadata
from inference.receipt import NotPlaced, Outcome, Reason
from inference.refinement.features import Features, parse_features
from service.inspecting.cameras import as_registered_file
from service.inspecting.found_files import find_files
from service.inspecting.intake import receive_files
from service.inspecting.photo_tasks import read_photo
from service.inspecting.progress import Reporter
from service.inspecting.received_photos import as_flight_photo, as_photo
from service.inspecting.result import Photo


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoSource:
    """Where photos are, and what else their geometry hangs on.

    Attributes:
        output: A folder that is left out, or None.
        ground: The height model, or None for flat ground.
        cameras: Registered poses of fixed cameras.
        refine: Put poses right from what overlapping photos both show.
        workers: Threads that read photos; they change the speed alone.
    """

    paths: tuple[Path, ...]
    output: Path | None = None
    ground: Ground | None = None
    cameras: tuple[FixedCamera, ...] = ()
    refine: bool = True
    workers: int = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoView:
    """A photo with its geometry.

    Attributes:
        name: Of its file.
        stated: As the photo itself has it.
        refined: As overlapping photos have put it right; None where that was not tried.
        reasons: What makes its geometry doubtful.
    """

    name: str
    metadata: PhotoMetadata
    stated: View | NotPlaced
    refined: View | NotPlaced | None
    reasons: tuple[Reason, ...]

    @property
    def final(self) -> View | NotPlaced:
        """Return what an inspection would use."""
        return self.stated if self.refined is None else self.refined


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoViews:
    """All photos under some paths.

    Attributes:
        photos: By name.
        refused: Why other files are no readable photos, by name.
    """

    photos: Mapping[str, PhotoView]
    refused: Mapping[str, Reason]


def read_photo_views(source: PhotoSource, *, reporter: Reporter) -> PhotoViews:
    """Return the photos' geometry on the very way that an inspection takes.

    Raises:
        CannotStartError: A path does not exist or is the output itself, or several registered
            cameras claim a photo.
    """
    files = find_files(source.paths, output=source.output)
    reporter.begin("Reading files", total=len(files))
    photos, refused = dict[str, Photo](), dict[str, Reason]()
    for read in receive_files(files, known={}, workers=source.workers):
        received = as_registered_file(read, source.cameras)
        photo, stored = as_photo(received), received.stored
        if photo is not None:
            photos.setdefault(photo.sha256, photo)
        elif stored.outcome is Outcome.REJECTED and stored.reasons:
            refused[stored.name] = stored.reasons[0]
        if received.frame is None:
            reporter.step()
    plans = plan_flights(map(as_flight_photo, photos.values()), ground=source.ground)
    refined = plans
    if source.refine:
        refined = _refine(plans, photos, workers=source.workers, reporter=reporter)
    views = [
        _photo_view(photos[sha256], plan, after)
        for plan, after in zip(plans, refined, strict=True)
        for sha256 in plan.views
    ]
    return PhotoViews(photos={view.name: view for view in views}, refused=refused)


def _photo_view(photo: Photo, plan: FlightPlan, after: FlightPlan) -> PhotoView:
    return PhotoView(
        name=photo.name,
        metadata=photo.metadata,
        stated=plan.views[photo.sha256],
        refined=None if after.refinement is None else after.views[photo.sha256],
        reasons=(*photo.metadata.reasons, *after.reasons.get(photo.sha256, ())),
    )


def _refine(
    plans: Sequence[FlightPlan],
    photos: Mapping[str, Photo],
    *,
    workers: int,
    reporter: Reporter,
) -> list[FlightPlan]:
    """Return the flights with their poses put right where photos overlap."""
    comparisons = [plan_comparisons(plan) for plan in plans]
    wanted = sorted({sha256 for pairs in comparisons for pair in pairs for sha256 in pair})
    reporter.begin("Comparing overlapping photos", total=len(wanted))
    packed = dict[str, bytes]()  # a flight of thousands takes half the memory so
    tasks = [photos[sha256] for sha256 in wanted]
    for photo, reading in read_ahead(tasks, _read_features, threads=workers, ahead=workers):
        found = reading.result()
        if found is not None:
            packed[photo.sha256] = found
        reporter.step()

    def unpack(sha256: str) -> Features | None:
        return parse_features(packed[sha256]) if sha256 in packed else None

    return [
        refine_flight(plan, pairs, unpack) for plan, pairs in zip(plans, comparisons, strict=True)
    ]


def _read_features(photo: Photo) -> bytes | None:
    return read_photo(photo, is_to_describe=True).features
