"""The job: photos and truth in, the result out, and its files."""

from dataclasses import dataclass
from pathlib import Path

from service.errors import CannotStartError
from service.geocheck.compare import check_points
from service.geocheck.photo_views import PhotoSource, read_photo_views
from service.geocheck.records import render_points, render_summary
from service.geocheck.report import render_page
from service.geocheck.result import GeocheckResult, conclude_check
from service.geocheck.truth import read_truth
from service.inspecting.cameras import read_cameras
from service.inspecting.folder import write_atomically
from service.inspecting.found_files import stable_name
from service.inspecting.ground_file import read_ground_file
from service.inspecting.progress import Reporter

PAGE, SUMMARY, POINTS = "geocheck.html", "geocheck.json", "points.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class GeocheckOptions:
    """What a person asked for.

    Attributes:
        truth: File of surveyed points.
        ground: Height model, or None for flat ground.
        output: Folder for the report; None where it is only printed.
        cameras: File of registered poses of fixed cameras.
        refine: Put poses right from what overlapping photos both show.
        scale: Size of the photos as a part of those that the truth's pixels were measured on.
        workers: Threads that read photos; they change the speed alone.
        language: Of the page, `en` or `zh`.
    """

    paths: tuple[Path, ...]
    truth: Path
    ground: Path | None = None
    output: Path | None = None
    cameras: Path | None = None
    refine: bool = True
    scale: float | None = None
    workers: int = 2
    language: str = "en"


def run_geocheck(options: GeocheckOptions, *, reporter: Reporter) -> GeocheckResult:
    """Return how far the photos' places are from the truth, and write that where asked to.

    Raises:
        CannotStartError: An option or a file is wrong, or the output cannot be written.
    """
    truth = read_truth(options.truth)
    ground = read_ground_file(options.ground)
    cameras = tuple(read_cameras(options.cameras)) if options.cameras else ()
    source = PhotoSource(
        paths=options.paths,
        output=options.output,
        ground=ground,
        cameras=cameras,
        refine=options.refine,
        workers=options.workers,
    )
    views = read_photo_views(source, reporter=reporter)
    checks = check_points(truth.points, views, scale=options.scale, reporter=reporter)
    result = conclude_check(
        checks,
        views,
        truth=truth,
        truth_name=stable_name(options.truth.name),
        ground=options.ground.name if options.ground else None,
    )
    if options.output is not None:
        write_result(result, options.output, language=options.language)
    return result


def write_result(result: GeocheckResult, folder: Path, *, language: str) -> None:
    """Write page, figures and points; equal results give equal bytes.

    The page is in the language, `en` or `zh`; figures and points are for programs.

    Raises:
        CannotStartError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / POINTS, render_points(result))
        write_atomically(folder / SUMMARY, f"{render_summary(result, indent=1)}\n".encode())
        page = render_page(result, language=language)
        write_atomically(folder / PAGE, page.encode("utf-8", errors="replace"))
    except OSError as error:
        raise CannotStartError(f"--out {folder} cannot be written: {error.strerror}") from error
