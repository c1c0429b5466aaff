"""The command `skypatrol geocheck`."""

from pathlib import Path
from typing import Annotated

import typer

from service.commands.shared_options import (
    CamerasOption,
    GroundOption,
    PhotoPaths,
    RefineOption,
    parse_language,
    parse_path,
)
from service.errors import CannotStartError
from service.geocheck.job import PAGE, GeocheckOptions, run_geocheck
from service.geocheck.records import render_summary
from service.geocheck.result import GeocheckResult
from service.geocheck.summary import describe_result, label_line
from service.inspecting.progress import show_progress
from service.settings import read_settings
from service.translations import read_texts


def geocheck(
    paths: PhotoPaths,
    *,
    truth: Annotated[
        Path,
        typer.Option(
            metavar="FILE", parser=parse_path, help="Surveyed points: gcp_list.txt or a table."
        ),
    ],
    ground: GroundOption = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=parse_path, help="Folder for page, figures and points."),
    ] = None,
    cameras: CamerasOption = None,
    refine: RefineOption = True,
    scale: Annotated[
        float | None,
        typer.Option(
            metavar="0.2", help="Size of these photos where the pixels are of larger ones, of 1."
        ),
    ] = None,
    lang: Annotated[str | None, typer.Option(metavar="en|zh", help="Of page and terminal.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures for scripts and nothing else.")
    ] = False,
) -> None:
    """Tell how far surveyed points are placed from the truth, and whether the ellipses hold.

    Each point goes the way of a detection, so this is what an inspection of the same photos is
    worth. Exit code 0: points were compared; 1: none could be.
    """
    if scale is not None and not 0.0 < scale <= 1.0:
        raise CannotStartError(f"--scale: {scale:g} is not above 0 and up to 1")
    settings = read_settings()
    options = GeocheckOptions(
        paths=tuple(paths),
        truth=truth,
        ground=ground,
        cameras=cameras,
        output=out,
        refine=refine,
        scale=scale,
        workers=settings.workers,
        language=parse_language(lang or settings.language),
    )
    with show_progress(quiet=as_json) as reporter:
        result = run_geocheck(options, reporter=reporter)
    if as_json:
        typer.echo(render_summary(result))
    else:
        _tell(result, options)
    if result.overall is None:
        raise CannotStartError(read_texts(options.language).geocheck["console_nothing"])


def _tell(result: GeocheckResult, options: GeocheckOptions) -> None:
    """Print the figures, and where the page is."""
    typer.echo(describe_result(result, language=options.language))
    if options.output is not None:
        label = read_texts(options.language).geocheck["console_report"]
        typer.echo(label_line(label, str(options.output / PAGE)))
