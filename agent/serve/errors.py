"""Errors as a program gets them: a status, and JSON in OpenAI's form, so that its clients raise their own types.

Takes exceptions; gives responses. Knows no route.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import HTTPException as RouteException
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from thymos.prompts.errors import ModelError, OutputError, RowError, RunError, ThymosError

log = logging.getLogger("thymos")

GONE = 499  # the client left; by nginx's convention

_NAMES = {
    400: ("invalid_request_error", "invalid_request"),
    401: ("authentication_error", "invalid_api_key"),
    403: ("permission_error", "forbidden"),
    404: ("not_found_error", "not_found"),
    405: ("invalid_request_error", "method_not_allowed"),
    408: ("invalid_request_error", "request_timeout"),
    409: ("conflict_error", "conflict"),
    413: ("invalid_request_error", "too_large"),
    415: ("invalid_request_error", "unsupported_media_type"),
    416: ("invalid_request_error", "range_not_satisfiable"),
    421: ("invalid_request_error", "misdirected_request"),
    422: ("invalid_request_error", "unprocessable"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    431: ("invalid_request_error", "headers_too_large"),
    503: ("server_error", "unavailable"),
    507: ("server_error", "no_room"),
}
_OWN = ("server_error", "internal_error")


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str
    type: str
    code: str | None = None
    param: str | None = None


class ErrorBody(BaseModel):
    """An error, in OpenAI's form."""

    error: ErrorDetail


class ApiError(RouteException):  # FastAPI lets no other exception through while it reads a body
    """A request that can't be answered as asked."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, message, dict(headers or {}))
        self.status = status
        self.message = message
        self.code = code
        self.param = param

    def body(self) -> dict[str, Any]:
        """Return it as JSON values."""
        kind, code = _NAMES.get(self.status, _OWN)
        return {"error": {"message": self.message, "type": kind, "code": self.code or code, "param": self.param}}

    def response(self) -> Response:
        """Return it as a response."""
        content = json.dumps(self.body()).encode("ascii")  # half a surrogate pair of a path is spelled out
        return Response(content, self.status, self.headers, media_type="application/json")


class ClientGoneError(ApiError):
    """The client left before there was an answer."""

    def __init__(self) -> None:
        super().__init__(GONE, "client must wait for its answer, got a closed connection", code="client_gone")


def api_error(error: Exception) -> ApiError:
    """Return any exception as what a program may know of it."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return ApiError(error.status_code, _sentence(error), headers=error.headers)
    if isinstance(error, RowError):
        return ApiError(422, str(error))
    if isinstance(error, OutputError):
        log.error("%s", error)  # with a path, which is nobody's business
        return ApiError(507, "disk of the server must take what is written, got a refusal; its log says more")
    if isinstance(error, RunError):
        return ApiError(409, str(error))
    if isinstance(error, ModelError):
        return ApiError(503, str(error), code="model_unavailable")
    if isinstance(error, ThymosError):
        return ApiError(400, str(error))
    return ApiError(500, "the server met an error of its own; its log says more")


def add_handlers(app: FastAPI) -> None:
    """Let every exception that a route raises become a response."""

    async def handle(request: Request, error: Exception) -> Response:
        return api_error(error).response()

    for kind in (ApiError, RequestValidationError, HTTPException, ThymosError):
        app.add_exception_handler(kind, handle)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the error responses of a route, for the OpenAPI page."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in (400, 401, 403, 408, 413, 421, *statuses):
        message = _MEANINGS[status]
        example = ApiError(status, message).body()
        found[status] = {
            "model": ErrorBody,
            "description": message,
            "content": {"application/json": {"example": example}},
        }
    return found


_MEANINGS = {
    400: "request must be as documented; the message says what is not",
    401: "key must be one of this server's; send it as `Authorization: Bearer KEY`",
    403: "request must come from a page of this server",
    404: "there is nothing of that name",
    408: "body must come without long pauses",
    409: "it is in use, or not in a state for that",
    413: "body must not be larger than the limit",
    416: "range must lie within the file",
    421: "host must be a name of this server",
    422: "it is well formed, but can't be read or labelled",
    429: "queue is full; try again after the seconds of `Retry-After`",
    503: "model can't be used right now",
}


def _invalid(error: RequestValidationError) -> ApiError:
    """Say the first thing that is wrong; what was sent is not repeated."""
    first = next(iter(error.errors()), {"loc": (), "msg": "it is not valid"})
    parts = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
    where = ".".join(parts) if parts else "body"
    said = str(first["msg"]).removeprefix("Value error, ")
    if first.get("type") == "json_invalid":
        return ApiError(400, f"body must be JSON, got an error at character {where}", code="invalid_json")
    kind = str(first.get("type", ""))
    message = said if kind == "value_error" else f"{where} must be as documented, got: {said}"
    return ApiError(400, message, param=where)


def _sentence(error: HTTPException) -> str:
    if error.status_code == 404:
        return "path must be one that this server has; /docs lists them"
    if error.status_code == 405:
        return "method must be one that this path takes; /docs lists them"
    return str(error.detail)
