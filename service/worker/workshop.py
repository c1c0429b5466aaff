"""What a worker does its jobs with: read once when it starts, shared by its threads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from inference.detection.detect import plan_detect_settings
from inference.video.frame_metadata import Assumed
from models.detector import Detector
from service.deployment import Deployment
from service.inspecting.basis import Basis, plan_run
from service.inspecting.cameras import read_cameras
from service.inspecting.ground_file import read_ground_file
from service.inspecting.job import InspectModel
from service.privacy.privacy_filter import PrivacyFilter, read_privacy_filter

STANDARD_THREADS = 2


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workshop:
    """What jobs are done with.

    Attributes:
        basis: Of all inspections; its grids are empty, as they are read for each conclusion.
        threads: That read photos while the detector works on another.
        now: Tells the time.
    """

    deployment: Deployment
    basis: Basis
    detector: Detector
    privacy: PrivacyFilter
    threads: int = STANDARD_THREADS
    now: Callable[[], datetime] = utc_now


def open_workshop(
    deployment: Deployment, model: InspectModel, *, threads: int = STANDARD_THREADS
) -> Workshop:
    """Return what the settings of a deployment name, loaded and ready.

    Raises:
        CannotStartError: A file is wrong, or a network that finds faces and plates is absent.
    """
    settings = deployment.settings
    detect_settings = plan_detect_settings(model.manifest)
    basis = Basis(
        manifest=model.manifest,
        settings=detect_settings,
        run=plan_run(model.manifest, detect_settings),
        ground=read_ground_file(settings.ground),
        ground_file=settings.ground,
        cameras=tuple(read_cameras(settings.cameras) if settings.cameras else []),
        assumed=Assumed(zone=settings.timezone),
    )
    return Workshop(
        deployment=deployment,
        basis=basis,
        privacy=read_privacy_filter(on=settings.privacy),
        detector=model.load(detect_settings.precision),
        threads=threads,
    )
