"""What an inspection is asked for, and the job that it becomes once all inputs are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path

from datasets.taxonomy import CLASS_NAMES
from inference.detection.detect import DetectSettings, plan_detect_settings
from inference.geometry.output_frames import OutputFrame
from inference.video.frame_metadata import Assumed
from models.detector import Detector
from models.manifest import ModelManifest
from service.errors import CannotStartError
from service.inspecting.areas import read_grids, read_permits
from service.inspecting.basis import Basis, plan_run
from service.inspecting.cameras import read_cameras
from service.inspecting.found_files import FoundFile, find_files
from service.inspecting.ground_file import read_ground_file
from service.inspecting.progress import Reporter


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectOptions:
    """What a person asked for.

    Attributes:
        output: Folder for the results; its store remembers what is done.
        min_confidence: For all classes; None for the model's own.
        min_confidence_by_class: These go before.
        classes: Those to look for; None for all.
        precision: That the detector calculates with.
        cameras: File of registered fixed cameras.
        assumed_zone: For capture times that state no time zone.
        workers: Threads that read photos; they change the speed alone.
        fresh: Forget what is done.
        refine: Put poses right from what overlapping photos both show.
        frames: That positions are given in besides WGS 84.
        video_focal_length_35mm: Of videos whose flight data do not tell it.
    """

    paths: tuple[Path, ...]
    output: Path
    ground: Path | None = None
    permits: Path | None = None
    grids: Path | None = None
    cameras: Path | None = None
    min_confidence: float | None = None
    min_confidence_by_class: Mapping[str, float] = field(default_factory=dict)
    classes: tuple[str, ...] | None = None
    precision: str = "f32"
    language: str = "en"
    assumed_zone: tzinfo | None = None
    workers: int = 2
    fresh: bool = False
    refine: bool = True
    frames: tuple[OutputFrame, ...] = ()
    video_focal_length_35mm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectModel:
    """A model to inspect with.

    Attributes:
        load: Called only where photos are left to do, with the precision to calculate with.
    """

    manifest: ModelManifest
    load: Callable[[str], Detector]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """An inspection with all that it needs, read and checked."""

    options: InspectOptions
    files: tuple[FoundFile, ...]
    model: InspectModel
    basis: Basis
    reporter: Reporter


def with_model(job: Job, model: InspectModel) -> Job:
    """Return the same job for another model, with the same options.

    Raises:
        CannotStartError: The options name a class that it does not know.
    """
    settings = _plan_settings(job.options, model.manifest)
    basis = replace(
        job.basis,
        manifest=model.manifest,
        settings=settings,
        run=plan_run(model.manifest, settings),
    )
    return replace(job, model=model, basis=basis)


def prepare_job(options: InspectOptions, *, model: InspectModel, reporter: Reporter) -> Job:
    """Return the job with its files found and its other inputs read.

    Raises:
        CannotStartError: An option or an input file is wrong.
    """
    manifest = model.manifest
    settings = _plan_settings(options, manifest)
    known_classes = {*CLASS_NAMES, *manifest.classes}
    permits = read_permits(options.permits, known_classes=known_classes) if options.permits else []
    files = tuple(find_files(options.paths, output=options.output))
    basis = Basis(
        manifest=manifest,
        settings=settings,
        run=plan_run(manifest, settings),
        ground=read_ground_file(options.ground),
        ground_file=options.ground,
        permits=tuple(permits),
        grids=tuple(read_grids(options.grids) if options.grids else []),
        cameras=tuple(read_cameras(options.cameras) if options.cameras else []),
        assumed=Assumed(
            zone=options.assumed_zone, focal_length_35mm=options.video_focal_length_35mm
        ),
        refine=options.refine,
        frames=options.frames,
    )
    return Job(options=options, files=files, model=model, basis=basis, reporter=reporter)


def _plan_settings(options: InspectOptions, manifest: ModelManifest) -> DetectSettings:
    named = {*(options.classes or ()), *options.min_confidence_by_class}
    unknown = sorted(named - set(manifest.classes))
    if unknown:
        raise CannotStartError(
            f"{manifest.id} knows no class {', '.join(unknown)}; "
            f"it knows {', '.join(manifest.classes)}"
        )
    return plan_detect_settings(
        manifest,
        classes=options.classes,
        min_confidence=options.min_confidence,
        min_confidence_by_class=options.min_confidence_by_class,
        precision=options.precision,
    )
