"""The receipt of a flight, page by page or as one table; held files let through."""

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Engine

from service.access.roles import Caller, Permission
from service.api.caller import needs
from service.api.flight_access import find_flight
from service.api.flight_models import (
    FileCounts,
    FlightId,
    OverrideOrder,
    ReceiptLine,
    ReceiptPage,
)
from service.api.flights import Reader
from service.api.pages import Cursor, Limit, link_next, parse_cursor
from service.api.parts import Clock, DeploymentPart
from service.api.problem_answers import as_media, problems
from service.api.receipt_lines import AnswerLanguage, receipt_line
from service.api.receipt_table import render_rows
from service.store.access_log import Access, log_access
from service.store.engine import reading, writing
from service.store.files import FlightFile, count_files, override_hold, read_receipt
from service.store.jobs import JobKind, NewJob, enqueue

_TABLE_PAGE = 1000
CSV = "text/csv"

router = APIRouter(prefix="/v1/flights/{flight_id}", tags=["receipts"])


@router.get(
    "/receipt",
    response_model=ReceiptPage,
    responses=as_media(200, CSV) | problems(404),
)
def show_receipt(
    request: Request,
    response: Response,
    flight_id: FlightId,
    caller: Reader,
    deployment: DeploymentPart,
    language: AnswerLanguage,
    cursor: Cursor = None,
    limit: Limit = 100,
    format: Annotated[Literal["json", "csv"] | None, Query()] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> ReceiptPage | Response:
    """Tell what became of each file, by name, and what to do about those that are not accepted."""
    after = parse_cursor(cursor) or ""
    with reading(deployment.engine) as session:
        find_flight(session, caller, Permission.READ_FLIGHTS, flight_id)
        if format == "csv" or (format is None and CSV in accept):
            return _table_answer(deployment.engine, flight_id, language)
        files = read_receipt(session, flight_id, after=after, limit=limit + 1)
        counts = count_files(session, flight_id)
    more = len(files) > limit
    response.headers["Content-Language"] = language
    return ReceiptPage(
        flight=flight_id,
        counts=FileCounts(**counts),
        files=[receipt_line(file, language) for file in files[:limit]],
        next=link_next(request, response, last=files[limit - 1].name) if more else None,
    )


@router.post("/overrides", responses=problems(404, 409))
def let_through(
    flight_id: FlightId,
    order: OverrideOrder,
    caller: Annotated[Caller, needs(Permission.OVERRIDE_HOLDS)],
    deployment: DeploymentPart,
    now: Clock,
    language: AnswerLanguage,
) -> ReceiptLine:
    """Let a held file through: it is inspected as if it had been accepted. Logged."""
    name = order.name.replace("\0", "\ufffd")  # no name has one, and PostgreSQL takes none
    with writing(deployment.engine) as session:
        find_flight(session, caller, Permission.OVERRIDE_HOLDS, flight_id)
        file = override_hold(session, flight_id, name, who=caller.id, why=order.why, now=now)
        is_new = file.override is not None and file.override.at == now
        if is_new:
            access = Access(
                at=now,
                who=caller.id,
                action="override_hold",
                object=f"flight/{flight_id}/{name}",
                detail=order.why,
            )
            log_access(session, access)
            enqueue(session, _look_again(file), now=now, again=True)
    return receipt_line(file, language)


def _look_again(file: FlightFile) -> NewJob:
    """Return the job that looked at the file when it arrived: now it finds it let through."""
    return NewJob(
        kind=JobKind.RECEIVE,
        key=f"{file.flight_id}/{file.name}/{file.sha256}",
        flight_id=file.flight_id,
        payload={"name": file.name, "sha256": file.sha256},
    )


def _table_answer(engine: Engine, flight_id: str, language: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="receipt-{flight_id}.csv"',
        "Content-Language": language,
    }
    rows = render_rows(_all_files(engine, flight_id), language)
    return StreamingResponse(rows, media_type=f"{CSV}; charset=utf-8", headers=headers)


def _all_files(engine: Engine, flight_id: str) -> Iterator[FlightFile]:
    """Yield the files of a flight page by page; no transaction waits for a slow client."""
    after = ""
    while True:
        with reading(engine) as session:
            page = read_receipt(session, flight_id, after=after, limit=_TABLE_PAGE)
        yield from page
        if len(page) < _TABLE_PAGE:
            return
        after = page[-1].name
