"""The command `skypatrol upload`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from service.client_settings import read_client_settings
from service.commands.shared_options import PhotoPaths, parse_language
from service.errors import StoppedError
from service.freed_memory import keep_freed_memory
from service.inspecting.found_files import stable_name
from service.translations import Texts, read_texts
from service.upload.errors import HaltedError, Message, UploadStoppedError
from service.upload.job import Upload, UploadOptions, UploadResult
from service.upload.key_file import read_key
from service.upload.meter import Meter
from service.upload.screen import Screen, show_upload
from service.upload.server_address import parse_server_address
from service.upload.server_events import FlightEvent, follow_events
from service.upload.state import KnownFlight
from service.upload.summary import (
    describe_findings,
    describe_sighting,
    describe_upload,
    render_upload,
)
from service.upload.tries import Tries
from service.upload.words import format_bytes, format_message

EXIT_STOPPED = 130  # as shells have it for Ctrl-C


class FlightKind(StrEnum):
    """What took the pictures."""

    DRONE = "drone"
    PATROL = "patrol"


def upload(
    paths: PhotoPaths,
    *,
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Of the service; else SKYPATROL_SERVER."),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Holds your key; else SKYPATROL_KEY is taken."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Of the flight; else folder and day.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(metavar="CODE", help="Whose flight it is, if you have several.")
    ] = None,
    patrol: Annotated[
        bool, typer.Option("--patrol", help="Pictures from the street, not from a drone.")
    ] = False,
    aircraft: Annotated[str | None, typer.Option(metavar="TEXT", help="For the record.")] = None,
    operator: Annotated[str | None, typer.Option(metavar="TEXT", help="For the record.")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="For the record.")] = None,
    parallel: Annotated[
        int, typer.Option(metavar="N", min=1, max=16, help="Files under way at a time.")
    ] = 3,
    new_flight: Annotated[
        bool, typer.Option("--new-flight", help="Do not add to the flight uploaded before.")
    ] = False,
    send_all: Annotated[
        bool, typer.Option("--all", help="Send logs and other files that are no photos, too.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Stay until the findings are there; show them.")
    ] = False,
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE.pem", help="Certificate of the city's own CA.")
    ] = None,
    insecure_http: Annotated[
        bool,
        typer.Option("--insecure-http", help="Send key and photos unencrypted; for closed nets."),
    ] = False,
    lang: Annotated[str | None, typer.Option(metavar="en|zh", help="Of what is shown.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary for scripts and nothing else.")
    ] = False,
) -> None:
    """Upload a card of photos to a skypatrol service and show the receipt.

    Cut lines, restarts and Ctrl-C lose nothing: the same command goes on where it stopped.

    Exit code 0: all photos were accepted; 2: some were held, rejected or not sent; 1: none was.
    """
    settings = read_client_settings()
    texts = read_texts(parse_language(lang or settings.language))
    address = server or settings.server
    if address is None:
        raise StoppedError(texts.upload["no_server"])
    try:
        found_key = read_key(settings.key, key_file or settings.key_file)
    except UploadStoppedError as error:
        raise StoppedError(format_message(error.message, texts.upload)) from error
    options = UploadOptions(
        paths=tuple(paths),
        server=parse_server_address(address, allow_http=insecure_http),
        key=found_key,
        state_folder=settings.state_folder,
        name=name,
        kind=(FlightKind.PATROL if patrol else FlightKind.DRONE).value,
        unit=unit,
        details=_details(aircraft=aircraft, operator=operator, note=note),
        senders=parallel,
        ca_file=ca_file,
        language=texts.language.value,
        send_all=send_all,
        new_flight=new_flight,
        answers_s=settings.answers_s,
    )
    raise typer.Exit(_run(options, texts, wait=wait, as_json=as_json))


def _details(**given: str | None) -> dict[str, str]:
    return {key: text for key, text in given.items() if text}


def _run(options: UploadOptions, texts: Texts, *, wait: bool, as_json: bool) -> int:
    """Upload, tell what came of it, and return the exit code."""
    keep_freed_memory()
    try:
        with show_upload(texts.upload, quiet=as_json) as screen:
            result, findings = _upload(options, texts, screen, wait=wait)
    except KeyboardInterrupt:
        typer.echo(texts.upload["stopped"], err=True)
        return EXIT_STOPPED
    except UploadStoppedError as error:
        raise StoppedError(format_message(error.message, texts.upload)) from error
    if as_json:
        typer.echo(render_upload(result, texts))
    else:
        typer.echo("\n".join([describe_upload(result, texts), *findings]))
    return result.exit_code


def _upload(
    options: UploadOptions, texts: Texts, screen: Screen, *, wait: bool
) -> tuple[UploadResult, list[str]]:
    upload = Upload(options, screen)
    try:
        files = upload.card.files
        if not files:
            places = ", ".join(stable_name(str(path)) for path in options.paths)
            raise UploadStoppedError("no_files", paths=places)
        size = format_bytes(sum(file.byte_count for file in files))
        facts = {"files": len(files), "bytes": size, "server": options.server}
        screen.note(Message("begins", facts))
        flight = upload.declare()
        if not wait:
            return upload.run(flight), []
        with _following(upload, flight, texts, screen):
            result = upload.run(flight)
            screen.note(Message("concluding"))
            upload.wait_until_concluded(flight)
        return result, describe_findings(upload.findings(flight), texts)
    finally:
        upload.close()


@contextmanager
def _following(upload: Upload, flight: KnownFlight, texts: Texts, screen: Screen) -> Iterator[None]:
    """Show what is found while it is found."""
    halt = threading.Event()

    def tell(event: FlightEvent) -> None:
        if event.kind == "photo_inspected":
            for message in describe_sighting(event.data, texts):
                screen.note(message)

    def follow(after: int) -> None:
        try:
            tries = Tries(Meter(), halt)  # a meter of its own: sending is not held up by this
            follow_events(
                upload.connection, flight.id, after=after, tries=tries, halt=halt, tell=tell
            )
        except (HaltedError, UploadStoppedError):
            pass  # what is wrong, sending the files tells, too

    thread = threading.Thread(target=follow, args=(upload.last_event(flight),), daemon=True)
    thread.start()
    try:
        yield
    finally:
        halt.set()
        thread.join(1.0)
