"""The ui's lease API in memory, on a real socket: leases end, numbers repeat, posts change state."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import uvicorn
from litestar import Litestar, Request, Response, get, patch, post, put
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from pydantic import JsonValue

from igfleet.contracts.files import FileOffer, FileStanding
from igfleet.contracts.leases import (
    Lease,
    LeasedAccount,
    LeaseOutcome,
    LeaseRequest,
    OutcomeAccepted,
    Renewal,
    RenewRequest,
    Report,
    Spending,
    Spent,
)
from igfleet.contracts.posts import (
    CommitKind,
    Intent,
    LeasedMedia,
    LeasedPost,
    Permit,
    PostOutcome,
    PostView,
    Reading,
    Verdict,
)
from igfleet.contracts.states import PostState
from igfleet.contracts.tasks import Method, Mode
from igfleet.contracts.worker_api import Heartbeat, HeartbeatReply, Problem, Registered, Registration
from igfleet.errors import Conflict, LeaseLost, NotFound, NotSignedIn, PermitRefused, Unavailable, UserError

TOKEN = "token-of-the-tests-123456"


@dataclass
class MemoryUi:
    """What a test sets up and looks at."""

    lease_length_s: float = 3.0
    window_ms: int = 2000
    refusal: PermitRefused | None = None
    is_away: bool = False
    drain: bool = False
    is_hostile: bool = False
    """It gives out leases that nobody asked for."""
    standstill: int | None = None
    renewing: bool = True
    waiting: list[Lease] = field(default_factory=list)
    held: dict[UUID, tuple[Lease, float]] = field(default_factory=dict)
    registrations: list[Registration] = field(default_factory=list)
    beats: list[Heartbeat] = field(default_factory=list)
    requests: list[LeaseRequest] = field(default_factory=list)
    by_request: dict[UUID, list[Lease]] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)
    seen: Counter[UUID] = field(default_factory=Counter)
    events: list[str] = field(default_factory=list)
    """intent, permit and post outcomes, in order."""
    post_outcomes: list[PostOutcome] = field(default_factory=list)
    late: list[PostOutcome] = field(default_factory=list)
    outcomes: dict[int, LeaseOutcome] = field(default_factory=dict)
    """By account task."""
    media: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    """What runs handed over, by name."""
    parts: dict[str, bytes] = field(default_factory=dict)
    """What has arrived, by sha256."""
    cancelled: set[UUID] = field(default_factory=set)
    downloads: list[str] = field(default_factory=list)
    cut_at: int | None = None
    """Bytes after which the next download is cut."""
    corrupt: int = 0
    """So many downloads arrive damaged."""
    base: str = ""

    def add(self, play: str, task_id: int = 1, **given: Any) -> Lease:
        """One account task that waits for a worker."""
        number = 1 + len(self.waiting) + len(self.held) + len(self.outcomes)
        fields: dict[str, Any] = {
            "id": uuid4(),
            "kind": "play",
            "method": Method.INSTAGRAPI,
            "mode": Mode.SANDBOX,
            "task_id": task_id,
            "account_task_id": number,
            "position": number,
            "attempt": 1,
            "seed": 7,
            "options": {"play": play},
            "account": LeasedAccount(id=number, username=f"nord_{number:02d}"),
            "length_s": self.lease_length_s,
        }
        lease = Lease.model_validate(fields | given)
        self.waiting.append(lease)
        return lease

    def lines(self) -> list[str]:
        return [line.event for report in self.reports for line in report.lines]

    def counters(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for report in self.reports:
            total.update(report.counters)
        return total

    def checkpoints(self) -> dict[str, JsonValue]:
        return {name: value for report in self.reports for name, value in report.checkpoints.items()}

    def check(self, lease_id: UUID) -> Lease:
        lease, until = self.held.get(lease_id, (None, 0.0))
        if lease is None or time.monotonic() > until:
            raise LeaseLost("This lease is over.")
        return lease

    def claim(self, request: LeaseRequest) -> list[Lease]:
        if request.request_id in self.by_request:
            return self.by_request[request.request_id]
        found = [lease for lease in self.waiting if self.is_hostile or lease.kind in request.kinds]
        found.sort(key=lambda lease: lease.task_id != request.task_id)
        for lease in found[: request.limit]:
            self.waiting.remove(lease)
            self.held[lease.id] = (lease, time.monotonic() + self.lease_length_s)
        if found and request.request_id:
            self.by_request[request.request_id] = found[: request.limit]
        return found[: request.limit]


def a_post(number: int = 1, media: bytes = b"") -> LeasedPost:
    file = LeasedMedia(id=number, name="clip.mp4", path=f"/api/media/{number}/download", sha256="a" * 64, size_bytes=1)
    return LeasedPost(
        id=number, position=number, state=PostState.PLANNED, media=file, upload_id=f"170000000000{number}"
    )


def app(ui: MemoryUi) -> Litestar:
    handlers = [
        register,
        heartbeat,
        lease,
        renew,
        report,
        spend,
        intent,
        permit,
        post_outcome,
        reading,
        totp,
        outcome,
        download,
        offer_file,
        append_file,
    ]
    made = Litestar(handlers, exception_handlers={UserError: _problem}, guards=[_guard], openapi_config=None)
    made.state.memory = ui
    return made


async def serve(ui: MemoryUi, port: int = 0) -> tuple[uvicorn.Server, asyncio.Task[None]]:
    """Serve until `server.should_exit` is set."""
    config = uvicorn.Config(app(ui), port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
    ui.base = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    return server, task


def _of(connection: ASGIConnection[Any, Any, Any, Any]) -> MemoryUi:
    ui: MemoryUi = connection.app.state.memory
    return ui


def _guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    if _of(connection).is_away:
        raise Unavailable("The database does not answer.")
    if connection.headers.get("authorization") != f"Bearer {TOKEN}":
        raise NotSignedIn("No such token.")


def _problem(_: Request[Any, Any, Any], error: UserError) -> Response[Any]:
    code = error.reason.value if isinstance(error, PermitRefused) else error.reason_code
    problem = Problem(title="x", status=error.status_code, detail=str(error), reason_code=code)
    return Response(problem.model_dump(), status_code=error.status_code, media_type="application/problem+json")


@post("/api/workers/register", status_code=200)
async def register(data: JSONBody[Registration], request: Request[Any, Any, Any]) -> Registered:
    ui = _of(request)
    ui.registrations.append(data)
    return Registered(worker_id=1, heartbeat_every_s=0.2, lease_length_s=ui.lease_length_s)


@post("/api/workers/{worker_id:int}/heartbeat", status_code=200)
async def heartbeat(
    worker_id: FromPath[int], data: JSONBody[Heartbeat], request: Request[Any, Any, Any]
) -> HeartbeatReply:
    ui = _of(request)
    ui.beats.append(data)
    return HeartbeatReply(drain=ui.drain, cancel=tuple(ui.cancelled), standstill=ui.standstill)


@post("/api/leases", status_code=200)
async def lease(data: JSONBody[LeaseRequest], request: Request[Any, Any, Any]) -> list[Lease]:
    ui = _of(request)
    ui.requests.append(data)
    end = time.monotonic() + min(data.wait_s, 1.0)
    while not (found := ui.claim(data)) and time.monotonic() < end:  # noqa: ASYNC110  # a poll is enough here
        await asyncio.sleep(0.02)
    return found


@post("/api/leases/renew", status_code=200)
async def renew(data: JSONBody[RenewRequest], request: Request[Any, Any, Any]) -> list[Renewal]:
    ui = _of(request)
    answers = []
    for lease_id in data.leases:
        known, until = ui.held.get(lease_id, (None, 0.0))
        is_held = ui.renewing and known is not None and time.monotonic() < until
        if known is not None and is_held:
            ui.held[lease_id] = (known, time.monotonic() + ui.lease_length_s)
        answers.append(Renewal(id=lease_id, is_held=is_held, cancel_requested=lease_id in ui.cancelled))
    return answers


@post("/api/leases/{lease_id:uuid}/reports", status_code=200)
async def report(lease_id: FromPath[UUID], data: JSONBody[Report], request: Request[Any, Any, Any]) -> dict[str, bool]:
    ui = _of(request)
    ui.check(lease_id)
    if data.seq > ui.seen[lease_id]:
        ui.seen[lease_id] = data.seq
        ui.reports.append(data)
    return {"ok": True}


@post("/api/leases/{lease_id:uuid}/spendings", status_code=200)
async def spend(lease_id: FromPath[UUID], data: JSONBody[Spending], request: Request[Any, Any, Any]) -> Spent:
    ui = _of(request)
    ui.check(lease_id)
    if ui.refusal is not None:
        raise ui.refusal
    ui.events.append(f"spend {data.action}, known: {', '.join(ui.checkpoints())}")
    return Spent(left_hour=1, left_day=1, id=len(ui.events))


@put("/api/leases/{lease_id:uuid}/posts/{post_id:int}/intent")
async def intent(
    lease_id: FromPath[UUID], post_id: FromPath[int], data: JSONBody[Intent], request: Request[Any, Any, Any]
) -> PostView:
    _of(request).check(lease_id)
    _of(request).events.append(f"intent {post_id}")
    return PostView(id=post_id, state=PostState.PREPARING)


@post("/api/leases/{lease_id:uuid}/posts/{post_id:int}/permit", status_code=200)
async def permit(lease_id: FromPath[UUID], post_id: FromPath[int], request: Request[Any, Any, Any]) -> Permit:
    ui = _of(request)
    ui.check(lease_id)
    if ui.refusal is not None:
        raise ui.refusal
    ui.events.append(f"permit {post_id}")
    return Permit(post_id=post_id, window_ms=ui.window_ms)


@put("/api/leases/{lease_id:uuid}/posts/{post_id:int}/outcome")
async def post_outcome(
    lease_id: FromPath[UUID], post_id: FromPath[int], data: JSONBody[PostOutcome], request: Request[Any, Any, Any]
) -> PostView:
    ui = _of(request)
    try:
        ui.check(lease_id)
    except LeaseLost:
        ui.late.append(data)
        raise
    ui.events.append(f"{data.kind.value} {post_id}")
    ui.post_outcomes.append(data)
    after = {CommitKind.PUBLISHED: PostState.PUBLISHED, CommitKind.UNKNOWN: PostState.UNKNOWN}
    return PostView(id=post_id, state=after.get(data.kind, PostState.PLANNED))


@post("/api/leases/{lease_id:uuid}/posts/{post_id:int}/readings", status_code=200)
async def reading(
    lease_id: FromPath[UUID], post_id: FromPath[int], data: JSONBody[Reading], request: Request[Any, Any, Any]
) -> Verdict:
    _of(request).check(lease_id)
    return Verdict(state=PostState.PLANNED)


@post("/api/leases/{lease_id:uuid}/totp", status_code=200)
async def totp(lease_id: FromPath[UUID], request: Request[Any, Any, Any]) -> dict[str, Any]:
    _of(request).check(lease_id)
    return {"code": "492039", "valid_for_s": 12.0}


@put("/api/leases/{lease_id:uuid}/outcome")
async def outcome(
    lease_id: FromPath[UUID], data: JSONBody[LeaseOutcome], request: Request[Any, Any, Any]
) -> OutcomeAccepted:
    ui = _of(request)
    known = ui.check(lease_id)
    del ui.held[lease_id]
    if known.account_task_id in ui.outcomes:
        raise Conflict("ended twice")
    ui.outcomes[known.account_task_id] = data
    return OutcomeAccepted(state="completed")


@get("/api/media/{media_id:str}/download")
async def download(media_id: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
    ui = _of(request)
    wanted = request.headers.get("range", "")
    ui.downloads.append(wanted)
    if media_id not in ui.media:
        raise NotFound("No such file.")
    content = ui.media[media_id]
    if ui.corrupt > 0:
        ui.corrupt -= 1
        return Response(b"x" * len(content), media_type="video/mp4")
    start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
    rest = content[start:]
    headers = {"content-length": str(len(rest))}
    if ui.cut_at is not None:
        rest, ui.cut_at = rest[: ui.cut_at], None
    return Stream(_pieces(rest), status_code=206 if start else 200, headers=headers)


@put("/api/leases/{lease_id:uuid}/files/{sha256:str}")
async def offer_file(
    lease_id: FromPath[UUID], sha256: FromPath[str], data: JSONBody[FileOffer], request: Request[Any, Any, Any]
) -> FileStanding:
    ui = _of(request)
    ui.check(lease_id)
    part = ui.parts.setdefault(sha256, b"")
    if len(part) < data.size_bytes:
        return FileStanding(offset=len(part))
    ui.files[data.name] = part
    file = LeasedMedia(id=1, name=data.name, path="/api/media/1/download", sha256=sha256, size_bytes=len(part))
    return FileStanding(offset=len(part), file=file)


@patch("/api/leases/{lease_id:uuid}/files/{sha256:str}")
async def append_file(lease_id: FromPath[UUID], sha256: FromPath[str], request: Request[Any, Any, Any]) -> FileStanding:
    ui = _of(request)
    ui.check(lease_id)
    ui.parts[sha256] += await request.body()
    return FileStanding(offset=len(ui.parts[sha256]))


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content
