"""The worker's calls to the ui. All may be repeated: they carry a lease, a number, or a whole state."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any, Self, cast
from uuid import UUID

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from igfleet import backoff, log
from igfleet.contracts.challenges import ChallengeVerdict, ChallengeView, NewChallenge
from igfleet.contracts.files import FileOffer, FileStanding
from igfleet.contracts.leases import (
    Lease,
    LeaseOutcome,
    LeaseRequest,
    OutcomeAccepted,
    Renewal,
    RenewRequest,
    Report,
    Spending,
    Spent,
    TotpCode,
)
from igfleet.contracts.lookups import LookedUp, LookUp, LookUpWish
from igfleet.contracts.posts import Intent, Permit, PostOutcome, PostView, Reading, Verdict
from igfleet.contracts.worker_api import Heartbeat, HeartbeatReply, Registered, Registration
from igfleet.errors import (
    Conflict,
    Damaged,
    Forbidden,
    Invalid,
    LeaseLost,
    NotFound,
    NotSignedIn,
    PermitRefused,
    SecretUnreadable,
    SetupError,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UserError,
    WrongState,
)
from igfleet.reasons import ReasonCode
from igfleet.settings import WorkerSettings

_log = log.get(__name__)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(milliseconds=200), timedelta(seconds=10)
_LONGEST_ASKED_WAIT = timedelta(days=2)
_TRIES = 6
_BY_STATUS: dict[int, type[UserError]] = {
    401: NotSignedIn,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: Invalid,
    503: Unavailable,
}
_BY_CODE: dict[str, type[UserError]] = {
    "lease_lost": LeaseLost,
    "secret_unreadable": SecretUnreadable,
    "wrong_state": WrongState,
    "damaged": Damaged,
}
_CONTENT_TYPES = {str: "application/json", bytes: "application/octet-stream"}


class Away(Unavailable):
    """The ui answers that it cannot answer now, and for how long."""

    def __init__(self, message: str, retry_after: timedelta = timedelta()) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UiClient:
    """One connection pool to the ui."""

    def __init__(self, settings: WorkerSettings) -> None:
        base = str(settings.ui_api_base).rstrip("/")
        check_transport(base, verify=settings.verify_ssl)
        self._seconds = settings.request_timeout.total_seconds()
        self.http = httpx.AsyncClient(
            base_url=base,
            headers={"Authorization": f"Bearer {settings.ui_api_token.get_secret_value()}"},
            timeout=httpx.Timeout(self._seconds, connect=min(10.0, self._seconds)),
            verify=settings.verify_ssl,
            trust_env=False,
        )
        self.base = base

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def register(self, registration: Registration) -> Registered:
        """One try: the caller goes on trying for ever."""
        return await self._call("POST", "/api/workers/register", Registered, registration, tries=1)

    async def heartbeat(self, worker_id: int, beat: Heartbeat, *, seconds: float | None = None) -> HeartbeatReply:
        path = f"/api/workers/{worker_id}/heartbeat"
        return await self._call("POST", path, HeartbeatReply, beat, tries=1, seconds=seconds)

    async def lease(self, request: LeaseRequest) -> list[Lease]:
        """Waits up to `request.wait_s` for work. One try; the same request may be sent again."""
        seconds = self._seconds + request.wait_s
        return await self._call("POST", "/api/leases", list[Lease], request, tries=1, seconds=seconds)

    async def renew(self, leases: Sequence[UUID], *, seconds: float | None = None) -> list[Renewal]:
        """One try, in limited time: the next renewal is near."""
        request = RenewRequest(leases=tuple(leases))
        return await self._call("POST", "/api/leases/renew", list[Renewal], request, tries=1, seconds=seconds)

    async def report(self, lease: UUID, report: Report) -> None:
        await self._call("POST", f"/api/leases/{lease}/reports", dict[str, bool], report)

    async def intent(self, lease: UUID, post_id: int, intent: Intent) -> PostView:
        return await self._call("PUT", f"/api/leases/{lease}/posts/{post_id}/intent", PostView, intent)

    async def permit(self, lease: UUID, post_id: int) -> Permit:
        """Raises `PermitRefused`."""
        return await self._call("POST", f"/api/leases/{lease}/posts/{post_id}/permit", Permit)

    async def post_outcome(self, lease: UUID, post_id: int, outcome: PostOutcome) -> PostView:
        return await self._call("PUT", f"/api/leases/{lease}/posts/{post_id}/outcome", PostView, outcome, tries=30)

    async def reading(self, lease: UUID, post_id: int, reading: Reading) -> Verdict:
        return await self._call("POST", f"/api/leases/{lease}/posts/{post_id}/readings", Verdict, reading)

    async def totp(self, lease: UUID) -> TotpCode:
        return await self._call("POST", f"/api/leases/{lease}/totp", TotpCode)

    async def spend(self, lease: UUID, spending: Spending) -> Spent:
        """Raises `PermitRefused` (budget_spent)."""
        return await self._call("POST", f"/api/leases/{lease}/spendings", Spent, spending)

    async def wish_lookup(self, lease: UUID, wish: LookUpWish) -> LookUp:
        return await self._call("POST", f"/api/leases/{lease}/lookups", LookUp, wish)

    async def tell_lookup(self, lease: UUID, found: LookedUp) -> None:
        await self._call("PUT", f"/api/leases/{lease}/lookups", dict[str, bool], found)

    async def offer_file(self, lease: UUID, sha256: str, offer: FileOffer) -> FileStanding:
        """Raises `TooLarge`, `Invalid` (damaged: send it anew)."""
        return await self._call("PUT", f"/api/leases/{lease}/files/{sha256}", FileStanding, offer)

    async def append_file(self, lease: UUID, sha256: str, offset: int, part: bytes) -> FileStanding:
        """One try: what has arrived is asked for by the next offer. Raises `Conflict` for a wrong offset."""
        path, headers = f"/api/leases/{lease}/files/{sha256}", {"Upload-Offset": str(offset)}
        return await self._call("PATCH", path, FileStanding, part, tries=1, headers=headers)

    async def open_challenge(self, lease: UUID, challenge: NewChallenge) -> ChallengeView:
        return await self._call("POST", f"/api/leases/{lease}/challenges", ChallengeView, challenge)

    async def challenge(self, lease: UUID, challenge_id: int, wait_s: float) -> ChallengeView:
        """Where it stands; waits up to `wait_s` for an answer."""
        path = f"/api/leases/{lease}/challenges/{challenge_id}?wait_s={wait_s:.3f}"
        return await self._call("GET", path, ChallengeView, seconds=self._seconds + wait_s)

    async def judge_challenge(self, lease: UUID, challenge_id: int, verdict: ChallengeVerdict) -> ChallengeView:
        path = f"/api/leases/{lease}/challenges/{challenge_id}/verdict"
        return await self._call("PUT", path, ChallengeView, verdict)

    async def outcome(self, lease: UUID, outcome: LeaseOutcome) -> OutcomeAccepted:
        return await self._call("PUT", f"/api/leases/{lease}/outcome", OutcomeAccepted, outcome, tries=30)

    async def _call[T](
        self,
        method: str,
        path: str,
        answer: type[T],
        body: BaseModel | bytes | None = None,
        *,
        tries: int = _TRIES,
        seconds: float | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> T:
        """Call until an answer comes, at most `tries` times. Raises the error of the answer, or `Unavailable`."""
        for number in range(1, tries + 1):
            try:
                response = await self._send(method, path, body, seconds, headers)
                return _understood(response, answer)
            except (Unavailable, TooManyRequests) as error:
                if number == tries:
                    raise
                _log.info("ui_call_repeated", path=path, error=str(error), number=number)
                wait = backoff.delay(number, first=_FIRST_WAIT, most=_LONGEST_WAIT)
                await asyncio.sleep(max(wait, _asked_wait(error)).total_seconds())
        raise AssertionError("unreachable")

    async def _send(
        self, method: str, path: str, body: BaseModel | bytes | None, seconds: float | None, more: Mapping[str, str]
    ) -> httpx.Response:
        content = body.model_dump_json() if isinstance(body, BaseModel) else body
        headers = {"Content-Type": _CONTENT_TYPES[type(content)], **more} if content is not None else {}
        timeout: Any = httpx.USE_CLIENT_DEFAULT if seconds is None else seconds
        try:
            response = await self.http.request(method, path, content=content, headers=headers, timeout=timeout)
        except httpx.HTTPError as error:
            raise Unavailable(f"The ui at {self.base} does not answer ({type(error).__name__}).") from error
        if response.is_error:
            raise error_of(response)
        return response


def error_of(response: httpx.Response) -> UserError:
    """The ui's problem as our own error."""
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    detail = str(problem.get("detail") or f"The ui answered {response.status_code}.")
    code = str(problem.get("reason_code", ""))
    if response.status_code == 423:
        return PermitRefused(detail, _reason(code), _wait_of(response) or None)
    if response.status_code == 429:
        return TooManyRequests(detail, _wait_of(response))
    if response.status_code >= 500:
        return Away(detail, _wait_of(response))
    return _BY_CODE.get(code, _BY_STATUS.get(response.status_code, UserError))(detail)


def _understood[T](response: httpx.Response, answer: type[T]) -> T:
    """The answer's value. One that makes no sense comes from something between us and the ui."""
    try:
        understood: T = _adapter(cast(Any, answer)).validate_json(response.content)
    except ValidationError as error:
        raise Unavailable(
            f"The answer to {response.url.path} is not the ui's ({error.error_count()} errors)."
        ) from None
    return understood


@cache
def _adapter(answer: Any) -> TypeAdapter[Any]:
    """Made once for each sort of answer: making one costs more than reading an answer by it."""
    return TypeAdapter(answer)


def _wait_of(response: httpx.Response) -> timedelta:
    """`Retry-After` in seconds, within reason; a date counts as none."""
    given = response.headers.get("retry-after", "")
    if not given.isdecimal() or not given.isascii():
        return timedelta()
    return min(timedelta(seconds=int(given[:9])), _LONGEST_ASKED_WAIT)


def _asked_wait(error: Unavailable | TooManyRequests) -> timedelta:
    return min(error.retry_after, _LONGEST_WAIT) if isinstance(error, Away | TooManyRequests) else timedelta()


def check_transport(base: str, *, verify: bool) -> None:
    """Refuse to send the token in the clear to another machine. Raises `SetupError`."""
    url = httpx.URL(base)
    if url.scheme == "https" and verify:
        return
    if url.scheme == "http" and _is_loopback(url.host):
        return
    if verify:
        raise SetupError(f"UI_API_BASE: {base} would send the token in the clear. Use https://, or VERIFY_SSL=0.")
    _log.warning("unverified_ui", address=base, advice="VERIFY_SSL=0 lets anybody on the way read the secrets")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(code: str) -> ReasonCode:
    try:
        return ReasonCode(code)
    except ValueError:
        return ReasonCode.ACCOUNT_STOPPED
