"""Files that come in pieces: tus 1.0, by the routes of `tuspyserver` behind checks of ours.

What the library leaves open, and how it is closed here: docs/decisions/0018-uploads-in-pieces.md.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from tuspyserver.router import TusRouterOptions
from tuspyserver.routes.core import core_routes
from tuspyserver.routes.creation import creation_extension_routes
from tuspyserver.routes.termination import termination_extension_routes

from service.access.roles import Permission
from service.api.caller import Needs, needs
from service.api.parts import ApiParts
from service.api.piecewise import PiecewiseUploads, parse_metadata
from service.api.problem_answers import TUS_CHECKSUM_MISMATCH, problems
from service.api.problems import BAD_REQUEST, ProblemError, ProblemKind
from service.api.request_bodies import find_body
from service.api.tus_storage import TusUploads
from service.errors import UnknownRecordError
from service.receiving.unfinished import LIFETIME

PREFIX = "/v1/uploads"
TUS_VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
WRONG_VERSION = ProblemKind(status=412, code="tus_version", title="Another version of tus")
_ADD_ROUTES: tuple[Callable[[APIRouter, TusRouterOptions], object], ...] = (
    core_routes,
    creation_extension_routes,
    termination_extension_routes,
)
_WRITER = Needs(Permission.WRITE_FLIGHTS)
Hook: TypeAlias = Callable[..., Any]  # as the library calls them, and awaits what they return


def make_upload_router(parts: ApiParts) -> APIRouter:
    """Return the routes of uploads in pieces."""
    uploads = PiecewiseUploads(parts)
    router = APIRouter(
        prefix=PREFIX,
        tags=["files"],
        route_class=_make_route_class(uploads),
        dependencies=[needs(Permission.WRITE_FLIGHTS)],
        responses=problems(400, 404, 409, 410, 411, 412, 413, 415, 423, TUS_CHECKSUM_MISMATCH, 507),
    )
    options = _make_options(uploads, max_bytes=parts.deployment.settings.limits.max_file_bytes)
    for add_routes in _ADD_ROUTES:
        add_routes(router, options)
    router.options("", status_code=204)(partial(_tell_offer, options.max_size))
    return router


def _tell_offer(max_bytes: int) -> Response:
    """Tell what of tus is offered; the library tells it below another path only."""
    headers = {
        "Tus-Version": TUS_VERSION,
        "Tus-Resumable": TUS_VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(max_bytes),
    }
    return Response(status_code=204, headers=headers)


def _make_options(uploads: PiecewiseUploads, *, max_bytes: int) -> TusRouterOptions:
    storage = TusUploads(uploads.folder, on_removed=uploads.give_back)

    def begin(request: Request) -> Hook:
        async def begin_upload(_: Mapping[str, str], info: Mapping[str, Any]) -> None:
            # The library passes over values that it does not understand: they are read again.
            metadata = parse_metadata(request.headers.get("upload-metadata", ""))
            request.state.upload = await anyio.to_thread.run_sync(
                uploads.begin, _WRITER(request), metadata, info["size"]
            )

        return begin_upload

    def choose_id(request: Request) -> Hook:
        def choose(_: Mapping[str, str]) -> dict[str, str]:
            upload = getattr(request.state, "upload", None)
            return {} if upload is None else {"uid": upload.id}

        return choose

    async def finish(path: str, _: Mapping[str, str]) -> None:
        upload = await anyio.to_thread.run_sync(uploads.folder.read, Path(path).stem)
        if upload is None:
            raise UnknownRecordError("there is no such upload")
        await anyio.to_thread.run_sync(uploads.finish_if_whole, upload)

    # By names: the library's types know nothing of hooks that are awaited.
    return TusRouterOptions.model_validate(
        {
            "prefix": PREFIX.lstrip("/"),
            "files_dir": str(uploads.folder.folder),
            "max_size": max_bytes,
            "auth": _nothing,
            "days_to_keep": LIFETIME.days,
            "on_upload_complete": None,
            "upload_complete_dep": lambda: finish,
            "pre_create_hook": None,
            "pre_create_dep": begin,
            "file_dep": choose_id,
            "tags": None,
            "tus_version": TUS_VERSION,
            "tus_extension": EXTENSIONS,
            "strict_offset_validation": True,
            "storage": storage,
        }
    )


def _make_route_class(uploads: PiecewiseUploads) -> type[APIRoute]:
    """Return a kind of route around which our checks stand, before anything of the library."""

    class CheckedRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handle_checked(request: Request) -> Response:
                async with _checked(uploads, request):
                    response = await handle(request)
                if "location" in response.headers:
                    # The library makes it of headers that any client or proxy may set.
                    response.headers["Location"] = urlsplit(response.headers["location"]).path
                return response

            return handle_checked

    return CheckedRoute


@asynccontextmanager
async def _checked(uploads: PiecewiseUploads, request: Request) -> AsyncIterator[None]:
    """Let a request through that is in order; within the block it has its upload for itself."""
    caller = _WRITER(request)
    if request.method == "OPTIONS":
        yield
        return
    if request.headers.get("tus-resumable") != TUS_VERSION:
        headers = {"Tus-Version": TUS_VERSION}
        raise ProblemError(
            WRONG_VERSION, f"Tus-Resumable: {TUS_VERSION} is needed", headers=headers
        )
    upload_id = request.path_params.get("uuid")
    if upload_id is None:
        _check_creation(request)
        yield
        return
    async with uploads.hold(caller, upload_id, find_body(request.scope)) as upload:
        if request.method == "PATCH":
            await anyio.to_thread.run_sync(uploads.check_piece, upload, request.headers)
        if request.method == "HEAD":  # a process was killed behind the last byte
            await anyio.to_thread.run_sync(uploads.finish_if_whole, upload)
        yield


def _check_creation(request: Request) -> None:
    """Refuse what the library would do and we don't offer: it would read such a body at once."""
    headers = request.headers
    if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
        raise ProblemError(BAD_REQUEST, "an upload begins without bytes: send them by PATCH")
    for name in ("upload-concat", "upload-defer-length"):
        if name in headers:
            raise ProblemError(BAD_REQUEST, f"{name} is not offered")


async def _nothing() -> None:
    """Do nothing: who calls was found out before any route."""
