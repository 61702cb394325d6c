"""Errors as answers: RFC 9457 problems for the API; the pages have their own rendering of the same facts."""

import secrets
from typing import Any

import asyncpg
import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from litestar.types import ExceptionHandlersMap
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from igfleet import log
from igfleet.contracts.worker_api import Problem
from igfleet.errors import Invalid, PermitRefused, TooManyRequests, Unavailable, UnderWay, UserError

_log = log.get(__name__)
_RETRY_AFTER_S = 2
_AWAY = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.PostgresSystemError,
)

AnyRequest = Request[Any, Any, Any]


def problem_of(error: Exception) -> tuple[Problem, dict[str, str]]:
    """The problem and the headers for any error. Unexpected ones get an id that stands in the log too."""
    if isinstance(error, UserError):
        return _of_user_error(error), _headers(error)
    if isinstance(error, ValidationException):
        return _invalid("The request is not as it should be.", _fields(error)), {}
    if isinstance(error, InternalServerException) and isinstance(error.__cause__, msgspec.ValidationError):
        # A wrong field of the body that is named as something injected: Litestar takes it for a fault of ours.
        return _invalid("The request is not as it should be.", _of_signature(error.__cause__)), {}
    if isinstance(error, ValidationError):
        fields = {".".join(map(str, item["loc"])): item["msg"] for item in error.errors(include_url=False)}
        return _invalid("The request is not as it should be.", fields), {}
    if isinstance(error, HTTPException):
        return _of_http(error), dict(error.headers or {})
    if _is_database_away(error):
        away = Unavailable("The database does not answer. The same request may be repeated in a moment.")
        _log.warning("database_away", error=repr(error)[:300])
        return _of_user_error(away), {"Retry-After": str(_RETRY_AFTER_S)}
    return _unexpected(error), {}


def respond(_request: AnyRequest, error: Exception) -> Response[Any]:
    """The API's answer to an error."""
    problem, headers = problem_of(error)
    content = problem.model_dump(mode="json")
    return Response(content, media_type="application/problem+json", status_code=problem.status, headers=headers)


HANDLERS: ExceptionHandlersMap = {Exception: respond, HTTPException: respond}


def plain(problem: Problem) -> Response[str]:
    """The last resort, when even the error page cannot be rendered."""
    return Response(problem.detail, media_type=MediaType.TEXT, status_code=problem.status)


def _of_user_error(error: UserError) -> Problem:
    fields = error.fields if isinstance(error, Invalid) else {}
    code = error.reason.value if isinstance(error, PermitRefused) else error.reason_code
    return Problem(
        title=type(error).__name__,
        status=error.status_code,
        detail=str(error),
        reason_code=code,
        retryable=error.retryable,
        errors=tuple({"field": name, "message": message} for name, message in fields.items()),
    )


def _headers(error: UserError) -> dict[str, str]:
    if isinstance(error, TooManyRequests | PermitRefused) and error.retry_after is not None:
        return {"Retry-After": str(max(1, round(error.retry_after.total_seconds())))}
    if error.status_code == 401:
        return {"WWW-Authenticate": 'Bearer realm="igfleet"'}
    return {"Retry-After": str(_RETRY_AFTER_S)} if isinstance(error, Unavailable | UnderWay) else {}


def _invalid(detail: str, fields: dict[str, str]) -> Problem:
    listed = tuple({"field": name, "message": message} for name, message in fields.items())
    return Problem(title="Invalid", status=422, detail=detail, reason_code="invalid", errors=listed)


def _fields(error: ValidationException) -> dict[str, str]:
    extra = error.extra if isinstance(error.extra, list) else []
    return {
        str(item.get("key", "")) or "body": str(item.get("message", "")) for item in extra if isinstance(item, dict)
    } or {"request": error.detail}


def _of_signature(error: msgspec.ValidationError) -> dict[str, str]:
    found = getattr(error, "errors", ())
    return {".".join(map(str, one["loc"])): str(one["msg"]) for one in found} or {"body": str(error)}


def _of_http(error: HTTPException) -> Problem:
    words = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 401: "not_signed_in", 403: "forbidden"}
    code = words.get(error.status_code, "bad_request")
    return Problem(title=type(error).__name__, status=error.status_code, detail=error.detail, reason_code=code)


def _is_database_away(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, _AWAY) or (isinstance(error, DBAPIError) and error.connection_invalidated):
            return True
        error = error.__cause__
    return False


def _unexpected(error: Exception) -> Problem:
    number = secrets.token_hex(4)
    _log.error("unexpected_error", id=number, exc_info=error)
    detail = f"Unexpected error {number}. It is in the log of the ui under this id."
    return Problem(title="Unexpected error", status=500, detail=detail, reason_code="unexpected_error")
