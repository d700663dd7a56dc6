"""The page that people open, from the folder `page` of this package, and the page of operations for programmers.

Nothing comes from elsewhere and nothing inline is run: the browser is told so.
"""

import mimetypes
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from thymos.agent.serve.errors import ApiError

router = APIRouter(include_in_schema=False)

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PERMISSIONS = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()"
_TYPES = {  # what systems' tables of types differ on
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
_METHODS = ("get", "post", "put", "patch", "delete")
_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; text-transform: capitalize }
details { border-top: 1px solid #8886; padding: .5rem 0 }
summary { cursor: pointer }
code, pre { font: .9em/1.5 ui-monospace, monospace }
pre { overflow: auto; background: #8882; padding: .75rem; border-radius: .5rem }
.method { display: inline-block; min-width: 4rem; font-weight: 600 }
"""


def page_folder() -> Traversable:
    """Return the folder with the page's files."""
    return files("thymos.agent.serve") / "page"


@router.get("/")
def get_page(request: Request) -> Response:
    """Return the page."""
    return _file(request, "index.html", cache="no-cache")


@router.get("/static/{path:path}")
def get_static(request: Request, path: str) -> Response:
    """Return a file of the page."""
    return _file(request, path, cache="no-cache")


@router.get("/favicon.ico")
def get_icon(request: Request) -> Response:
    """Return the page's picture, or nothing where it has none."""
    try:
        return _file(request, "favicon.svg", cache="max-age=86400")
    except ApiError:
        return Response(status_code=204)


@router.get("/docs")
def get_docs(request: Request) -> Response:
    """Return the page of operations."""
    return _html("".join(_docs(request.app.openapi())))


@router.get("/docs.css")
def get_docs_style() -> Response:
    """Return how the page of operations looks."""
    return Response(_STYLE, media_type="text/css; charset=utf-8", headers={"Cache-Control": "max-age=3600"})


def _file(request: Request, path: str, *, cache: str) -> Response:
    """Return one of the files that were found when the server started; no path is ever looked up on disk."""
    known: dict[str, tuple[bytes, str]] = request.app.state.page
    if path not in known:
        raise ApiError(404, "file must be one of the page, got an unknown name")
    content, tag = known[path]
    headers = {
        "Content-Security-Policy": PAGE_POLICY,
        "Permissions-Policy": _PERMISSIONS,
        "Cache-Control": cache,
        "ETag": tag,
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    suffix = path[path.rfind(".") :].lower()
    kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    return Response(content, media_type=kind, headers=headers)


def read_page(folder: Traversable) -> dict[str, tuple[bytes, str]]:
    """Return path -> content and entity tag of all files of a page; empty where there is no page."""
    from hashlib import sha256

    found = {}
    for path, entry in _walk(folder, "") if folder.is_dir() else ():
        content = entry.read_bytes()
        found[path] = content, f'"{sha256(content).hexdigest()[:16]}"'
    return found


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif not entry.name.endswith((".py", ".pyc")):
            yield f"{prefix}{entry.name}", entry


def _html(body: str) -> Response:
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>Thymos: HTTP API</title><link rel="stylesheet" href="/docs.css"><body>{body}</body></html>'
    )
    return Response(page, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": PAGE_POLICY})


def _docs(schema: dict[str, Any]) -> Iterator[str]:
    """Yield the operations as HTML, by tag."""
    yield f"<h1>{escape(schema['info']['title'])}</h1><p>{escape(schema['info']['description'])}</p>"
    yield '<p>For programs: <a href="/openapi.json">openapi.json</a></p>'
    by_tag: dict[str, list[str]] = {}
    for path, methods in schema["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                by_tag.setdefault(operation.get("tags", ["server"])[0], []).append(_operation(method, path, operation))
    for tag, operations in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>{''.join(operations)}"


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    about = escape(operation.get("description", operation.get("summary", "")))
    parameters = "".join(
        f"<li><code>{escape(each['name'])}</code> ({escape(each['in'])}) {escape(each.get('description', ''))}</li>"
        for each in operation.get("parameters", ())
    )
    kinds = ", ".join(operation.get("requestBody", {}).get("content", {}))
    answers = "".join(
        f"<li><code>{escape(status)}</code> {escape(each.get('description', ''))}</li>"
        for status, each in operation.get("responses", {}).items()
    )
    body = f"<p>Body: <code>{escape(kinds)}</code></p>" if kinds else ""
    return (
        f'<details><summary><code><span class="method">{method.upper()}</span> {escape(path)}</code></summary>'
        f"<p>{about}</p>{body}<ul>{parameters}</ul><p>Responses</p><ul>{answers}</ul></details>"
    )
