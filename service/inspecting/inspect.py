"""The main job: a folder of photos becomes georeferenced candidate issues.

Three stages. Intake gives every file an answer. Each photo is then inspected and its
detections are stored together with its outcome, so that a killed job goes on with the photos
that are left. The conclusion is calculated from the store alone and written out. After that, a
second model may look at the same photos in its shadow, without touching the results.
"""

from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from sqlalchemy.exc import DatabaseError

from inference.detection.read_ahead import read_ahead
from inference.errors import InferenceError
from inference.pipeline import Comparisons, FlightPlan, plan_flights
from inference.receipt import Outcome
from inference.sighting import Detection
from service.errors import StoppedError
from service.inspecting.cameras import as_registered_file
from service.inspecting.folder import lock_output
from service.inspecting.intake import receive_files
from service.inspecting.job import InspectModel, InspectOptions, Job, prepare_job, with_model
from service.inspecting.outputs import write_outputs
from service.inspecting.photo_tasks import DESCRIBED_AS, plan_tasks, read_features, read_task
from service.inspecting.progress import Reporter
from service.inspecting.received_photos import as_flight_photo, as_photo
from service.inspecting.result import InspectionResult, Photo
from service.inspecting.steps import (
    compared_photos,
    conclude_photos,
    inspect_photo,
    plan_all_comparisons,
    refine_flights,
)
from service.shadow.compare import compare_all, total_classes
from service.shadow.outputs import ShadowResult, write_shadow
from service.store.local_store import Store, open_store
from service.translations import read_texts


def inspect_photos(
    options: InspectOptions,
    *,
    model: InspectModel,
    reporter: Reporter,
    shadow: InspectModel | None = None,
) -> InspectionResult:
    """Inspect all photos under the paths, write the results and return them.

    Args:
        options: What a person asked for.
        model: That the results are of.
        reporter: Is told how far it is.
        shadow: Looks at the same photos afterwards; where it differs is written beside them.

    Raises:
        CannotStartError: An option, an input file or the output folder is wrong.
        StoppedError: The output folder cannot be written any more.
    """
    job = prepare_job(options, model=model, reporter=reporter)
    shadow_job = None if shadow is None else with_model(job, shadow)
    with (
        lock_output(options.output, fresh=options.fresh) as store_path,
        open_store(store_path) as store,
    ):
        try:
            return _run(job, shadow_job, store)
        except (OSError, InferenceError) as error:
            raise _stopped(error) from error
        except DatabaseError as error:
            raise _stopped(error.orig or error) from error
        except ValidationError as error:
            raise StoppedError(
                f"{store_path} holds a damaged record; use --fresh to start anew"
            ) from error


def _stopped(cause: BaseException) -> StoppedError:
    return StoppedError(
        f"cannot go on: {cause}; the same command goes on there, with --fresh it starts anew"
    )


def _run(job: Job, shadow_job: Job | None, store: Store) -> InspectionResult:
    """Do the three stages, and the shadow's after them."""
    photos = _take_in(job, store)
    plans = plan_flights(map(as_flight_photo, photos.values()), ground=job.basis.ground)
    comparisons = plan_all_comparisons(plans, basis=job.basis)
    if shadow_job is not None:
        store.save_run(shadow_job.basis.run)  # first, so that the last run is that of the results
    store.save_run(job.basis.run)
    _inspect_rest(job, store, photos, plans, comparisons)
    refined = _refine(job, store, plans, comparisons)
    result = _conclude(job, store, photos, refined)
    options = job.options
    write_outputs(result, options.output, language=options.language, workers=options.workers)
    if shadow_job is not None and result.has_photos:
        # Tiles as for production: planned before poses were put right.
        _inspect_rest(shadow_job, store, photos, plans, (), stage="inspecting_shadow")
        shadow = _compare(job, shadow_job, store, photos)
        write_shadow(shadow, options.output, language=options.language)
    return result


def _compare(job: Job, shadow_job: Job, store: Store, photos: Mapping[str, Photo]) -> ShadowResult:
    """Return where the second model differs, on the photos that both could inspect."""
    inspected = [
        {
            sha256
            for sha256, inspection in store.read_inspections(one.basis.run.id).items()
            if inspection.outcome is Outcome.ACCEPTED
        }
        for one in (job, shadow_job)
    ]
    names = {
        sha256: photo.name
        for sha256, photo in photos.items()
        if all(sha256 in done for done in inspected)
    }
    differences = compare_all(
        names,
        store.read_detections(job.basis.run.id),
        store.read_detections(shadow_job.basis.run.id),
    )
    searched = [name for one in (job, shadow_job) for name, _ in one.basis.settings.min_confidence]
    return ShadowResult(
        production=job.basis.run,
        candidate=shadow_job.basis.run,
        photos=len(names),
        totals=total_classes(differences, tuple(dict.fromkeys(searched))),
        differences=differences,
    )


def _take_in(job: Job, store: Store) -> dict[str, Photo]:
    """Give every file its answer; return the photos among them by SHA-256, by name."""
    options = job.options
    basis, read_as = job.basis, job.basis.read_as
    job.reporter.begin(_stage(job, "reading_files"), total=len(job.files))
    known = store.read_photos(read_as=read_as)
    stored, photos = [], dict[str, Photo]()
    for received in receive_files(
        job.files, known=known, workers=options.workers, assumed=basis.assumed
    ):
        registered = as_registered_file(received, basis.cameras)
        stored.append(registered.stored)
        photo = as_photo(registered)
        if photo is not None:
            photos[photo.sha256] = photo
            if photo.sha256 not in known and received.metadata is not None:
                # As the photo says itself: the cameras registered may be others the next time.
                store.save_photo(photo.sha256, received.metadata, read_as=read_as)
        if received.frame is None:  # the frames of a video count as its file
            job.reporter.step()
    store.save_files(stored)
    return photos


def _inspect_rest(
    job: Job,
    store: Store,
    photos: Mapping[str, Photo],
    plans: Sequence[FlightPlan],
    comparisons: Sequence[Comparisons],
    *,
    stage: str = "inspecting_photos",
) -> None:
    """Inspect the photos that the store has no inspection of, or no features where wanted."""
    compared = compared_photos(comparisons)
    tasks = plan_tasks(
        photos.values(),
        plans,
        inspections=store.read_inspections(job.basis.run.id),
        to_describe=compared - store.read_described(described_as=DESCRIBED_AS),
    )
    if not tasks:
        return
    # Before the first photo is read: loading takes seconds, in which a card may be changed.
    wants_detector = any(task.is_to_inspect for task in tasks)
    detector = job.model.load(job.basis.settings.precision) if wants_detector else None
    job.reporter.begin(_stage(job, stage), total=len(tasks))
    workers = job.options.workers
    for task, reading in read_ahead(tasks, read_task, threads=workers, ahead=workers):
        found = reading.result()
        if found.features is not None:
            store.save_features(task.photo.sha256, found.features, described_as=DESCRIBED_AS)
        detections: Sequence[Detection] = ()
        if task.is_to_inspect and detector is not None:
            inspection, detections = inspect_photo(
                task, found.pixels, detector=detector, basis=job.basis
            )
            store.save_inspection(job.basis.run.id, inspection, detections)
        job.reporter.step(found=len(detections))


def _refine(
    job: Job, store: Store, plans: Sequence[FlightPlan], comparisons: Sequence[Comparisons]
) -> list[FlightPlan]:
    """Return the flights with their poses put right where photos overlap."""
    if job.basis.refine:
        job.reporter.begin(_stage(job, "comparing_photos"), total=len(plans))
    return refine_flights(
        plans,
        comparisons,
        basis=job.basis,
        read_features=lambda sha256: read_features(store, sha256),
        on_flight=job.reporter.step,
    )


def _conclude(
    job: Job, store: Store, photos: Mapping[str, Photo], plans: Sequence[FlightPlan]
) -> InspectionResult:
    """Return what the store amounts to."""
    return conclude_photos(
        job.basis,
        files=store.read_files(),
        photos=photos,
        plans=plans,
        inspections=store.read_inspections(job.basis.run.id),
        detections=store.read_detections(job.basis.run.id),
    )


def _stage(job: Job, name: str) -> str:
    """Return what a stage is called in the language asked for."""
    return read_texts(job.options.language).terminal[name]
