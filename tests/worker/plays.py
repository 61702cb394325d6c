"""A kind of task whose runs do what a test asks for, and an account without Instagram."""

import asyncio
import base64
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from igfleet import errors
from igfleet.contracts.files import Purpose
from igfleet.contracts.leases import SessionKind, SessionMaterial
from igfleet.contracts.posts import CommitKind, Intent, PostOutcome, SeenMedia, Snapshot
from igfleet.contracts.tasks import Action, Effect, Method
from igfleet.instagram.gateway import AskTotp, KeepSession, Listing, Opening, Prepared, Progress, Reel, SignIn
from igfleet.runners.base import Options, RunContext, Runner
from igfleet.worker.kinds import Kind, kinds

ADAPTERS = dict.fromkeys((Method.INSTAGRAPI, Method.DOLPHIN), f"{__name__}:open_account")
INTENT = Intent(
    upload_id="1700000000001",
    media_sha256="a" * 64,
    caption_sha256="b" * 64,
    duration_s=2,
    size_bytes=1,
    snapshot=Snapshot(pks=(), taken_at=datetime(2026, 1, 1, tzinfo=UTC)),
)
PUBLISHED = PostOutcome(
    kind=CommitKind.PUBLISHED, media=SeenMedia(pk="3400", code="C3400", taken_at=datetime(2026, 1, 1, tzinfo=UTC))
)


class PlayOptions(Options):
    play: str
    word: str = ""


class Play(Runner[PlayOptions]):
    kind: ClassVar[str] = "play"
    title: ClassVar[str] = "Play"
    options = PlayOptions
    counters = ("success",)
    timeout: ClassVar[timedelta] = timedelta(seconds=20)
    effect = Effect.CREATE

    async def run(self, run: RunContext, options: PlayOptions) -> None:
        await PLAYS[options.play](run, options.word)


class ShortPlay(Play):
    kind = "short_play"
    timeout = timedelta(seconds=1)


class Account:
    """A publisher that knows its way out and nothing else."""

    def __init__(self, proxy_url: str, ca_file: Path | None, keep: KeepSession, ask: AskTotp) -> None:
        self.proxy_url, self.ca_file = proxy_url, ca_file
        self._keep, self._ask = keep, ask
        self.code = ""

    signed_in_by = SignIn.SIGNED_IN

    async def sign_in(self) -> SignIn:
        self.code = await self._ask()
        await self._keep(SessionMaterial(kind=SessionKind.MOBILE, settings=SecretStr('{"session": "fresh"}')))
        return SignIn.SIGNED_IN

    async def recent_media(self, count: int = 12) -> Listing:
        return Listing((), 0)

    async def prepare(self, reel: Reel, progress: Progress) -> Prepared:
        raise errors.NotSupported("no reels here")

    async def commit(self, prepared: Prepared, window: timedelta) -> PostOutcome:
        return PUBLISHED

    async def close(self) -> None:
        """Nothing is open."""


def open_account(opening: Opening) -> Account:
    return Account(opening.proxy_url, opening.ca_file, opening.keep_session, opening.ask_totp)


async def say(run: RunContext, _word: str) -> None:
    run.step("speaking")
    run.log("said", "Something was said", number=1)
    run.step("falling silent")
    run.count("success", 2)
    run.remember("heard", True)


async def sign_in(run: RunContext, _word: str) -> None:
    publisher = await run.publisher()
    assert isinstance(publisher, Account)
    run.remember("code", publisher.code)


async def fail(_run: RunContext, word: str) -> None:
    raise getattr(errors, word)("it did not work", after=timedelta(seconds=7))


async def nonsense(run: RunContext, _word: str) -> None:
    """What no report can hold, and then something that one can."""
    run.count("Not A Name", 1)
    run.count("success", -1)
    run.remember("zero", "a\x00b")
    run.step("x" * 20_000)
    run.count("success", 1)


async def rest(_run: RunContext, word: str) -> None:
    raise errors.OutsideWindow("it is not due yet", after=timedelta(days=float(word)))


async def bug(run: RunContext, _word: str) -> None:
    assert run.account.password is not None
    raise KeyError(run.account.password.get_secret_value())


async def wait(run: RunContext, _word: str) -> None:
    run.log("waiting", "Waiting to be stopped")
    await run.pause(30, 30)


async def stuck(run: RunContext, _word: str) -> None:
    run.log("stuck", "Hears nothing")
    await asyncio.sleep(0.1)
    time.sleep(30)  # noqa: ASYNC251  # on purpose


async def with_children(run: RunContext, _word: str) -> None:
    """One child of its own session, as browsers make them, and one below it."""
    script = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    child = subprocess.Popen(  # noqa: ASYNC220  # a run may do so
        [sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True
    )
    assert child.stdout is not None
    run.remember("pids", [os.getpid(), child.pid, int(child.stdout.readline())])
    await run.pause(30, 30)


async def die(_run: RunContext, _word: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def publish(run: RunContext, word: str) -> None:
    """The publish protocol; dies at the named point."""
    post = run.posts[0]
    await run.ledger.intent(post, INTENT)
    await run.ledger.permit(post)
    if word == "before_sending":
        os.kill(os.getpid(), signal.SIGKILL)
    await run.ledger.sending(post)
    if word in ("before_answer", "wait"):
        await _send(run, word)
    if word in ("before_answer", "before_first_byte"):
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "before_report":
        run.ledger._journal.answered(post.id, PUBLISHED)  # type: ignore[attr-defined]
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "wait":
        run.log("sent", "Waiting for the answer")
        await asyncio.sleep(30)
    await run.ledger.outcome(post, PUBLISHED)
    run.count("success")


async def fetch(run: RunContext, _word: str) -> None:
    path = await run.fetch(run.posts[0].media)
    run.remember("size", path.stat().st_size)


async def store(run: RunContext, word: str) -> None:
    """Hand over a file of the run's folder, or of anywhere else."""
    path = Path(word) if word else run.folder / "made.txt"
    if not word:
        path.write_text("made by the run")
    stored = await run.store(path, "made.txt", purpose=Purpose.PICTURE)
    run.remember("knows", run.stored("made.txt") == stored)


async def act(run: RunContext, word: str) -> None:
    """Remember, pay, act; then be gone before anything else can be said. The word: what is sent, in the last of two."""
    run.remember("begun", 1)
    await run.spend(Action.LIKE)
    if word:
        await _send(run, word)
        await run.spend(Action.FOLLOW)
        if word == "both":
            await _send(run, word)
    os.kill(os.getpid(), signal.SIGKILL)


async def _send(run: RunContext, word: str) -> None:
    """Through the gate to Instagram, and no answer waited for."""
    publisher = await run.publisher()
    assert isinstance(publisher, Account)
    gate = urlsplit(publisher.proxy_url)
    reader, writer = await asyncio.open_connection(gate.hostname, gate.port)
    credentials = base64.b64encode(f"{gate.username}:{gate.password}".encode()).decode()
    head = f"CONNECT i.instagram.com:443 HTTP/1.1\r\nProxy-Authorization: Basic {credentials}\r\n\r\n"
    writer.write(head.encode())
    assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
    writer.write(word.encode())
    await writer.drain()


async def connect(run: RunContext, word: str) -> None:
    """Ask for a host through the gate."""
    publisher = await run.publisher()
    assert isinstance(publisher, Account)
    handler = urllib.request.ProxyHandler({"http": publisher.proxy_url, "https": publisher.proxy_url})
    opener = urllib.request.build_opener(handler)
    try:
        await asyncio.to_thread(opener.open, word, timeout=10)
    except (urllib.error.URLError, OSError) as error:
        raise errors.NetworkTrouble(f"the connection failed: {error}") from error


async def look_around(run: RunContext, _word: str) -> None:
    """What the process can see of its surroundings."""
    inherited = await asyncio.to_thread(Path("/proc/self/environ").read_bytes)
    run.remember("environment", inherited.decode(errors="replace").replace("\0", "\n") + str(dict(os.environ)))


PLAYS: dict[str, Callable[[RunContext, str], Coroutine[Any, Any, None]]] = {
    play.__name__: play
    for play in (
        say,
        sign_in,
        fail,
        rest,
        nonsense,
        bug,
        wait,
        stuck,
        with_children,
        die,
        publish,
        act,
        fetch,
        store,
        connect,
        look_around,
    )
}
KINDS: dict[str, Kind] = kinds({runner.kind: runner for runner in (Play, ShortPlay)})  # type: ignore[misc]  # any options
PRELOAD = ("igfleet.worker.execution", __name__)
