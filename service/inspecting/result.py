"""What an inspection came to, before it is written in any form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path

from inference.detection.detect import DetectSettings
from inference.geometry.coverage import Footprint
from inference.geometry.output_frames import OutputFrame
from inference.geometry.view import View
from inference.merging.areas import GridCell, Permit
from inference.merging.reconcile import CandidateIssue
from inference.pipeline import Conclusion, FlightPlan
from inference.reading.metadata import PhotoMetadata
from inference.receipt import NotPlaced, Outcome, Reason, ReasonCode
from inference.video.read_frames import FrameSource
from models.manifest import ModelManifest
from service.store.found_files import StoredFile
from service.store.inspections import Inspection, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A readable photo, once for all files with its bytes, or a frame of a video.

    Attributes:
        name: Of its file in the receipt.
        path: Of the photo, or of the video that it is a frame of.
        outcome: Accepted or held at intake.
        frame: Which frame of the video; None for a photo.
    """

    sha256: str
    name: str
    path: Path
    outcome: Outcome
    metadata: PhotoMetadata
    frame: FrameSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InspectionResult:
    """All that the files of results are written from; it holds no run time.

    Attributes:
        files: Every file found, by name, with its final outcome.
        photos: By SHA-256.
        ground: File name of the ground model, or None.
        frames: That positions are given in besides WGS 84.
        zone: That people read times in, as the operator says; None where photos tell their own.
    """

    files: tuple[StoredFile, ...]
    photos: Mapping[str, Photo]
    plans: tuple[FlightPlan, ...]
    conclusion: Conclusion
    run: Run
    manifest: ModelManifest
    settings: DetectSettings
    ground: str | None
    permits: tuple[Permit, ...]
    grids: tuple[GridCell, ...]
    frames: tuple[OutputFrame, ...] = ()
    zone: tzinfo | None = None

    def view(self, sha256: str) -> View | NotPlaced | None:
        """Return what the photo's geometry is, or None for a file that is no photo."""
        plan = self._plan(sha256)
        return None if plan is None else plan.views[sha256]

    def footprint(self, sha256: str) -> Footprint | NotPlaced | None:
        """Return what the photo shows of the ground, or None for a file that is no photo."""
        return self.conclusion.footprints.get(sha256)

    def flight_id(self, sha256: str) -> str | None:
        """Return the flight that the photo belongs to."""
        plan = self._plan(sha256)
        return None if plan is None else plan.flight.id

    def is_refined(self, issue: CandidateIssue) -> bool:
        """Return whether overlapping photos have put the pose of an issue's best view right."""
        view = self.view(issue.sightings[0].detection.photo_sha256)
        return isinstance(view, View) and view.is_refined

    def doubts(self, issue: CandidateIssue) -> tuple[ReasonCode, ...]:
        """Return what makes the geometry of an issue's photos doubtful, its best view's first."""
        found = dict[ReasonCode, None]()  # keeps the order
        for sighting in issue.sightings:
            sha256 = sighting.detection.photo_sha256
            plan = self._plan(sha256)
            reasons = () if plan is None else plan.reasons.get(sha256, ())
            found |= dict.fromkeys(reason.code for reason in reasons)
        return tuple(found)

    def time_zone_known(self, issue: CandidateIssue) -> bool | None:
        """Return whether all times of an issue are sure to the zone; None where it has none."""
        metadata = [self.photos[one.detection.photo_sha256].metadata for one in issue.sightings]
        known = [one.time_zone_known for one in metadata if one.time_zone_known is not None]
        return all(known) if known else None

    @property
    def has_photos(self) -> bool:
        """Whether any photo was inspected or held."""
        return any(
            file.outcome is not Outcome.REJECTED and file.sha256 in self.photos
            for file in self.files
        )

    @property
    def issues(self) -> tuple[CandidateIssue, ...]:
        """The candidate issues, the surest first."""
        return self.conclusion.issues

    def _plan(self, sha256: str) -> FlightPlan | None:
        """Return the flight with the photo, or None for a file that is no photo."""
        return next((plan for plan in self.plans if sha256 in plan.views), None)


def conclude_files(
    files: Iterable[StoredFile],
    *,
    inspections: Mapping[str, Inspection],
    views: Mapping[str, View | NotPlaced],
    doubts: Mapping[str, tuple[Reason, ...]],
) -> tuple[StoredFile, ...]:
    """Return each file with its final outcome and all reasons.

    Args:
        files: As found at intake.
        inspections: By SHA-256; a photo that could not be decoded turns its file down.
        views: By SHA-256; why findings on a photo have no place is told on its receipt.
        doubts: By SHA-256; what makes a photo's geometry doubtful.
    """
    return tuple(_conclude_file(file, inspections, views, doubts) for file in files)


def _conclude_file(
    file: StoredFile,
    inspections: Mapping[str, Inspection],
    views: Mapping[str, View | NotPlaced],
    doubts: Mapping[str, tuple[Reason, ...]],
) -> StoredFile:
    if file.sha256 is None or file.outcome is Outcome.REJECTED:
        return file
    inspection = inspections.get(file.sha256)
    rejected = inspection is not None and inspection.outcome is Outcome.REJECTED
    outcome = Outcome.REJECTED if rejected else file.outcome
    if file.duplicate_of is not None:
        return replace(file, outcome=outcome)
    reasons = list(inspection.reasons if inspection and rejected else ())
    reasons += file.reasons
    view = views.get(file.sha256)
    if isinstance(view, NotPlaced) and all(view.code is not reason.code for reason in reasons):
        reasons.append(Reason(code=view.code, detail=view.detail))
    reasons += doubts.get(file.sha256, ())
    return replace(file, outcome=outcome, reasons=tuple(reasons))
