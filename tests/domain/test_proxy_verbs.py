"""Replace, switch off, rotate."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace as with_changes
from pathlib import Path

import h11
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make
from tests.serving import Served
from tests.worker.ways import Streams, listening

from igfleet.contracts.states import PostState, ProxyState
from igfleet.errors import Conflict, NotFound
from igfleet.settings import UiSettings, load
from igfleet.ui.configuration.book import Book
from igfleet.ui.context import UiContext
from igfleet.ui.imports.proxies import apply_proxies
from igfleet.ui.models import Account, AuditEntry, Post, Proxy
from igfleet.ui.outbound import NoAnswer
from igfleet.ui.planning.plan import plan
from igfleet.ui.proxies import replace, rotate, switch

pytestmark = pytest.mark.anyio
ANNA = "user:anna"


async def test_all_accounts_of_a_proxy_get_another(session: AsyncSession) -> None:
    old, new, other = await make.proxies(session, 3)
    accounts = await make.accounts(session, 3)
    for account, proxy in zip(accounts, (old, old, other), strict=True):
        account.proxy_id = proxy.id
    await session.flush()

    moved = await replace(session, old.id, new.id, ANNA)

    stored = select(Account.proxy_id).order_by(Account.id)
    assert moved == 2
    assert list(await session.scalars(stored)) == [new.id, new.id, other.id]
    (entry,) = await session.scalars(select(AuditEntry).where(AuditEntry.action == "proxy_replaced"))
    assert entry.facts["accounts"] == [accounts[0].id, accounts[1].id]


async def test_a_replacement_must_be_another_one_that_is_on(session: AsyncSession) -> None:
    old, off = await make.proxies(session, 2)
    off.state = ProxyState.DISABLED
    await session.flush()

    with pytest.raises(Conflict):
        await replace(session, old.id, old.id, ANNA)
    with pytest.raises(Conflict, match="switched off"):
        await replace(session, old.id, off.id, ANNA)
    with pytest.raises(NotFound):
        await replace(session, old.id, 999, ANNA)


async def test_a_proxy_is_switched_off_and_on(session: AsyncSession) -> None:
    (proxy,) = await make.proxies(session, 1, state=ProxyState.FAILING, trouble="Silence")

    await switch(session, proxy.id, ANNA, on=False)
    assert proxy.state == ProxyState.DISABLED

    await switch(session, proxy.id, ANNA, on=True)
    assert (proxy.state, proxy.trouble) == (ProxyState.UNCHECKED, "")


class Provider:
    """The side that changes the exit IP."""

    def __init__(
        self, status: int = 200, body: bytes = b"new IP: 203.0.113.80", headers: tuple[str, str] | None = None
    ):
        self.asked: list[tuple[str, str, str]] = []
        self._status, self._body, self._headers = status, body, [headers] if headers else []

    async def serve(self, *streams: object) -> None:
        reader, writer = streams
        await self._answer((reader, writer))  # type: ignore[arg-type]  # two streams

    async def _answer(self, streams: Streams) -> None:
        reader, writer = streams
        connection = h11.Connection(h11.SERVER)
        while not isinstance(event := connection.next_event(), h11.Request):
            connection.receive_data(await reader.read(4096))
        hosts = [value.decode() for name, value in event.headers if name == b"host"]
        self.asked.append((event.method.decode(), event.target.decode(), hosts[0]))
        status = (
            405 if event.method == b"POST" and self._status == 405 else 200 if self._status == 405 else self._status
        )
        length = ("content-length", str(len(self._body)))
        for part in (h11.Response(status_code=status, headers=[length, *self._headers]), h11.Data(data=self._body)):
            writer.write(connection.send(part) or b"")
        await writer.drain()


@asynccontextmanager
async def _with_provider(ui: Served, provider: Provider, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """The id of a proxy whose provider it is."""
    async with listening(provider.serve) as port:
        line = f"exit.example:8080:nord:pw-of-proxy [http://{host}:{port}/change?key=canary-key-1]"
        async with ui.context.database.sessions.begin() as session:
            done = await apply_proxies(session, ui.context.vault, line, ANNA)
        yield done.ids[0]


async def test_a_rotation_is_asked_for_by_post_and_the_answer_is_told(ui: Served) -> None:
    provider = Provider()
    async with _with_provider(ui, provider) as proxy_id:
        answer = await rotate(ui.context, proxy_id, ANNA)

    assert (answer.status, answer.text, answer.is_good) == (200, "new IP: 203.0.113.80", True)
    assert [(method, target) for method, target, _ in provider.asked] == [("POST", "/change?key=canary-key-1")]
    assert provider.asked[0][2].startswith("127.0.0.1:")
    async with ui.context.database.sessions() as session:
        audited = set(await session.scalars(select(AuditEntry.action)))
    assert {"proxy_rotated", "secret_opened"} <= audited


async def test_a_provider_that_takes_no_post_is_asked_by_get(ui: Served) -> None:
    provider = Provider(405)
    async with _with_provider(ui, provider) as proxy_id:
        answer = await rotate(ui.context, proxy_id, ANNA)

    assert answer.is_good
    assert [method for method, _, _ in provider.asked] == ["POST", "GET"]


async def test_no_redirect_is_followed(ui: Served) -> None:
    provider = Provider(302, b"", ("location", "http://127.0.0.1:1/elsewhere"))
    async with _with_provider(ui, provider) as proxy_id:
        answer = await rotate(ui.context, proxy_id, ANNA)

    assert (answer.status, answer.is_good) == (302, False)
    assert len(provider.asked) == 1


async def test_the_address_is_never_shown_even_when_the_answer_repeats_it(ui: Served) -> None:
    provider = Provider(400, b"unknown key canary-key-1 in /change?key=canary-key-1")
    async with _with_provider(ui, provider) as proxy_id:
        answer = await rotate(ui.context, proxy_id, ANNA)

    assert "canary-key-1" not in answer.text
    assert answer.text.startswith("unknown key ***")


async def test_an_endless_answer_is_cut(ui: Served) -> None:
    provider = Provider(200, b"x" * 5_000_000)
    async with _with_provider(ui, provider) as proxy_id:
        answer = await rotate(ui.context, proxy_id, ANNA)

    assert len(answer.text) == 300


def _live(ui: Served, folder: Path, **settings: object) -> UiContext:
    given = load(UiSettings, IGFLEET_DATA_DIR=folder, IGFLEET_MODE="live", **settings)
    return with_changes(ui.context, book=Book(given))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_live_no_address_of_our_own_network_is_asked(ui: Served, tmp_path: Path, host: str) -> None:
    provider = Provider()
    async with _with_provider(ui, provider, host) as proxy_id:
        with pytest.raises(NoAnswer) as refused:
            await rotate(_live(ui, tmp_path), proxy_id, ANNA)

    assert str(refused.value) == "It was not asked: its host is not a public address."
    assert provider.asked == []


async def test_live_an_allowed_network_is_asked(ui: Served, tmp_path: Path) -> None:
    provider = Provider()
    async with _with_provider(ui, provider) as proxy_id:
        answer = await rotate(_live(ui, tmp_path, PRIVATE_NETWORKS="127.0.0.0/8"), proxy_id, ANNA)

    assert answer.is_good


async def test_in_the_sandbox_nothing_outside_this_machine_is_asked(ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        line = "exit.example:8080 [http://198.51.100.9/change]"
        done = await apply_proxies(session, ui.context.vault, line, ANNA)

    with pytest.raises(NoAnswer, match="this is the sandbox"):
        await rotate(ui.context, done.ids[0], ANNA)


async def test_a_proxy_without_such_an_address_cannot_be_rotated(ui: Served) -> None:
    async with ui.context.database.sessions.begin() as session:
        (proxy,) = await make.proxies(session, 1)

    with pytest.raises(Conflict, match="No address that changes the IP is stored"):
        await rotate(ui.context, proxy.id, ANNA)


async def test_nothing_is_rotated_while_a_post_is_being_sent_through_it(ui: Served) -> None:
    provider = Provider()
    async with _with_provider(ui, provider) as proxy_id:
        async with ui.context.database.sessions.begin() as session:
            accounts = await make.accounts(session, 1, proxy_id=proxy_id)
            task = await make.draft(session, ui.context.settings, accounts, await make.videos(session, 1))
            await plan(session, ui.context.settings, task.id)
            (post,) = await session.scalars(select(Post))
            post.state = PostState.PUBLISHING

        with pytest.raises(Conflict, match="just being sent"):
            await rotate(ui.context, proxy_id, ANNA)

    assert provider.asked == []
    async with ui.context.database.sessions() as session:
        assert await session.scalar(select(Proxy.state)) == ProxyState.UNCHECKED
