"""What photos are inspected with: the same for one person's folder and for all of a service."""

from dataclasses import dataclass
from pathlib import Path

from inference.detection.detect import DetectSettings
from inference.geometry.ground import Ground
from inference.geometry.output_frames import OutputFrame
from inference.identity import settings_hash
from inference.merging.areas import GridCell, Permit
from inference.patrol.fixed_cameras import FixedCamera
from inference.pipeline import PIPELINE_VERSION, detection_settings_hash
from inference.video.frame_metadata import NOTHING_ASSUMED, Assumed
from models.manifest import ModelManifest
from service.store.inspections import Run


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """All that decides what comes of photos.

    Attributes:
        assumed: What the operator says in place of what files do not tell.
        refine: Put poses right from what overlapping photos both show.
        frames: That positions are given in besides WGS 84.
    """

    manifest: ModelManifest
    settings: DetectSettings
    run: Run
    ground: Ground | None = None
    ground_file: Path | None = None
    permits: tuple[Permit, ...] = ()
    grids: tuple[GridCell, ...] = ()
    cameras: tuple[FixedCamera, ...] = ()
    assumed: Assumed = NOTHING_ASSUMED
    refine: bool = True
    frames: tuple[OutputFrame, ...] = ()

    @property
    def read_as(self) -> str:
        """What the metadata of photos depends on beside their bytes; see `save_photo`."""
        assumed = self.assumed
        return " ".join(map(str, (PIPELINE_VERSION, assumed.zone, assumed.focal_length_35mm)))


def plan_run(manifest: ModelManifest, settings: DetectSettings) -> Run:
    """Return the run that detections of a model with its settings belong to."""
    settings_sha256 = detection_settings_hash(settings, manifest)
    return Run(
        id=settings_hash({"model": manifest.weights_sha256, "settings": settings_sha256})[:32],
        model_name=manifest.name,
        model_version=manifest.version,
        model_sha256=manifest.weights_sha256,
        settings_hash=settings_sha256,
        pipeline_version=PIPELINE_VERSION,
    )
