"""Routes of the API's description: for programs, and as a page for people.

The page holds all it needs: no script, and nothing from another server.
"""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from service.api.caller import needs
from service.api.problem_answers import as_media

_TEMPLATES = Path(__file__).parent / "templates"
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")

router = APIRouter(prefix="/v1", tags=["description"], dependencies=[needs(None)])


@router.get("/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """Return this description."""
    return JSONResponse(request.app.openapi(), headers={"Cache-Control": "private, max-age=60"})


@router.get("/docs", response_class=HTMLResponse, responses=as_media(200, "text/html"))
def docs(request: Request) -> Response:
    """Return this description as a page. Browsers ask for a key: it is the password."""
    page = render_page(request.app.openapi())
    return HTMLResponse(page, headers={"Content-Security-Policy": _PAGE_POLICY})


def render_page(document: dict[str, Any]) -> str:
    """Return a page that shows an OpenAPI document."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    operations = [
        {"path": path, "method": method.upper(), **operations[method]}
        for path, operations in document["paths"].items()
        for method in _METHODS
        if method in operations
    ]
    tags = list(dict.fromkeys(operation["tags"][0] for operation in operations))
    return environment.get_template("docs.html").render(
        info=document["info"], tags=tags, operations=operations
    )
