"""The command `skypatrol`: options in, one line of trouble or the results out."""

from collections.abc import Sequence
from datetime import tzinfo
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer

from datasets.errors import DatasetError
from inference.geometry.output_frames import OutputFrame
from models.errors import ModelError
from models.openvino_detector import Precision, read_openvino_detector
from models.registry import read_model
from service.commands.dataset import dataset
from service.commands.doctor import doctor
from service.commands.evaluate import evaluate
from service.commands.grids import grids
from service.commands.keys import keys
from service.commands.models import models
from service.commands.operating import backup, purge_command, restore_command
from service.commands.serve import serve
from service.commands.shared_options import (
    CamerasOption,
    GroundOption,
    PhotoPaths,
    RefineOption,
    parse_language,
    parse_path,
)
from service.commands.store import store
from service.commands.train import train
from service.commands.upload import upload
from service.commands.worker import worker
from service.demo.flight import compare_with_truth, show_score, write_demo_flight
from service.errors import CannotStartError
from service.geocheck.command import geocheck
from service.inspecting.found_files import stable_name
from service.inspecting.inspect import inspect_photos
from service.inspecting.job import InspectModel, InspectOptions
from service.inspecting.outputs import RECEIPT, REPORT
from service.inspecting.progress import show_progress
from service.inspecting.quiet_decoder import quieten_video_decoder
from service.inspecting.summary import describe_summary, exit_code, render_summary, summarise
from service.run_command import complain, run_app
from service.settings import Settings, read_settings
from service.shadow.outputs import SHADOW_PAGE
from service.translations import read_texts
from training.errors import TrainingError

EXIT_STOPPED = 130  # as shells have it for Ctrl-C

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(geocheck)
app.command()(evaluate)
app.command()(train)
app.command()(serve)
app.command()(worker)
app.command()(upload)
app.command()(backup)
app.command(name="restore")(restore_command)
app.command(name="purge")(purge_command)
app.command()(doctor)
app.add_typer(store, name="store")
app.add_typer(keys, name="keys")
app.add_typer(grids, name="grids")
app.add_typer(dataset, name="dataset")
app.add_typer(models, name="models")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit; a wrong option exits with 1, for 2 says that photos are left."""
    quieten_video_decoder()
    run_app(app, arguments, errors=(ModelError, TrainingError, DatasetError))


@app.callback(invoke_without_command=True)
def skypatrol(
    context: typer.Context,
    *,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Turn drone photos and street-patrol pictures into georeferenced candidate issues."""
    if show_version:
        typer.echo(version("skypatrol"))
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def inspect(
    paths: PhotoPaths,
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", parser=parse_path, help="Folder for the results.")
    ],
    ground: GroundOption = None,
    permits: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Approved places: GeoJSON, GeoPackage.")
    ] = None,
    grids: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Management grid: GeoJSON, GeoPackage.")
    ] = None,
    cameras: CamerasOption = None,
    min_confidence: Annotated[
        list[str] | None,
        typer.Option(metavar="[CLASS=]0.5", help="Lowest score, for all or one class; repeatable."),
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option(metavar="CLASS,...", help="Look for these classes only; repeatable."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="Model of the registry, or its folder.")
    ] = None,
    shadow: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|DIR", help="Tell where this model differs; results stay as are."
        ),
    ] = None,
    precision: Annotated[
        Precision,
        typer.Option(help="f32: the same on every machine; bf16: far faster on new processors."),
    ] = Precision.F32,
    coordinates: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FRAME,...",
            help=f"Give positions in these, too: {', '.join(OutputFrame)}; repeatable.",
        ),
    ] = None,
    lang: Annotated[str | None, typer.Option(metavar="en|zh", help="Of report and advice.")] = None,
    timezone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Of cameras that state none, such as Asia/Shanghai."),
    ] = None,
    video_lens: Annotated[
        float | None,
        typer.Option(
            metavar="MM",
            min=8.0,
            max=2000.0,
            help="In terms of 35 mm, of videos whose flight data do not tell it.",
        ),
    ] = None,
    refine: RefineOption = True,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", help="Threads that read photos; each holds one in memory."),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh/--resume", help="Start anew, or go on where it stopped.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary for scripts and nothing else.")
    ] = False,
) -> None:
    """Inspect photos and write the candidate issues, a report and a receipt into DIR.

    Killed at any moment, the same command goes on where it stopped. Exit code 0: all photos
    were inspected; 2: some were held or rejected; 1: nothing could be done.
    """
    try:
        settings = read_settings()
        options = InspectOptions(
            paths=tuple(paths),
            output=out,
            ground=ground,
            permits=permits,
            grids=grids,
            cameras=cameras,
            min_confidence=_parse_general_confidence(min_confidence or ()),
            min_confidence_by_class=_parse_class_confidences(min_confidence or ()),
            classes=_parse_classes(classes),
            precision=precision.value,
            language=parse_language(lang or settings.language),
            assumed_zone=_parse_zone(timezone),
            workers=_parse_workers(workers, settings),
            fresh=fresh,
            refine=refine,
            frames=_parse_frames(coordinates or ()),
            video_focal_length_35mm=video_lens,
        )
        found = _read_model(model or settings.model)
        second = None if shadow is None else _read_model(shadow)
        raise typer.Exit(_run(options, found, second, as_json=as_json))
    except KeyboardInterrupt as error:
        typer.echo("stopped; the same command goes on from here", err=True)
        raise typer.Exit(EXIT_STOPPED) from error


@app.command()
def demo(
    *,
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", parser=parse_path, help="Folder for flight and results."),
    ],
    lang: Annotated[str | None, typer.Option(metavar="en|zh", help="Of the report.")] = None,
) -> None:
    """Render a flight whose truth is known, inspect it, and show findings beside the truth."""
    language = parse_language(lang or read_settings().language)
    with show_progress(lines=True) as reporter:
        flight = write_demo_flight(out, reporter=reporter)
        options = InspectOptions(
            paths=(flight.card,), output=out / "results", language=language, fresh=True
        )
        result = inspect_photos(options, model=_read_model(None), reporter=reporter)
    show_score(compare_with_truth(result, flight.truth), result, language=language)
    typer.echo(f"report   {(options.output / REPORT).resolve()}")
    raise typer.Exit(exit_code(summarise(result)))


def _run(
    options: InspectOptions, model: InspectModel, shadow: InspectModel | None, *, as_json: bool
) -> int:
    """Inspect, tell what came of it, and return the exit code."""
    with show_progress(quiet=as_json) as reporter:
        result = inspect_photos(options, model=model, reporter=reporter, shadow=shadow)
    summary = summarise(result)
    if as_json:
        typer.echo(render_summary(summary))
    else:
        typer.echo(describe_summary(summary, language=options.language))
    if summary.files == 0:
        complain(f"no files in {', '.join(stable_name(str(path)) for path in options.paths)}")
    elif not result.has_photos:
        complain(
            f"no usable photo among {summary.files} files; only {options.output / RECEIPT} "
            "was written, it says why"
        )
    elif not as_json:
        words = read_texts(options.language).terminal
        typer.echo(words["report"].format(path=options.output / REPORT))
        if shadow is not None:
            typer.echo(words["shadow"].format(path=options.output / SHADOW_PAGE))
    return exit_code(summary)


def _read_model(name: str | None) -> InspectModel:
    found = read_model(name, registry=read_settings().registry)
    return InspectModel(
        manifest=found.manifest,
        load=lambda precision: read_openvino_detector(found, precision=Precision(precision)),
    )


def _parse_general_confidence(texts: Sequence[str]) -> float | None:
    general = [_parse_score(text) for text in texts if "=" not in text]
    return general[-1] if general else None


def _parse_class_confidences(texts: Sequence[str]) -> dict[str, float]:
    pairs = [text.rpartition("=") for text in texts if "=" in text]
    return {name.strip(): _parse_score(score) for name, _, score in pairs}


def _parse_score(text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = -1.0
    if not 0 <= score <= 1:
        raise CannotStartError(f"--min-confidence: {text!r} is no number from 0 to 1")
    return score


def _parse_classes(texts: Sequence[str] | None) -> tuple[str, ...] | None:
    if not texts:
        return None
    names = [name.strip() for text in texts for name in text.split(",")]
    classes = tuple(dict.fromkeys(name for name in names if name))
    if not classes:
        raise CannotStartError("--classes: no class is named")
    return classes


def _parse_frames(texts: Sequence[str]) -> tuple[OutputFrame, ...]:
    names = [name.strip().lower() for text in texts for name in text.split(",") if name.strip()]
    for name in names:
        if name not in set(OutputFrame):
            known = ", ".join(OutputFrame)
            raise CannotStartError(f"--coordinates: {name!r} is no frame; known are {known}")
    return tuple(OutputFrame(name) for name in dict.fromkeys(names))


def _parse_zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise CannotStartError(
            f"--timezone: {name!r} is no time zone such as Asia/Shanghai"
        ) from error


def _parse_workers(count: int | None, settings: Settings) -> int:
    workers = settings.workers if count is None else count
    if workers < 1:
        raise CannotStartError(f"--workers: {workers} is less than 1")
    return workers
