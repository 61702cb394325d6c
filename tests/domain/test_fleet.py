"""The list of accounts: its filter, health, and what one account's page is made of."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make
from tests.domain.conftest import House

from igfleet.contracts.states import PostState, ProxyState
from igfleet.errors import Invalid, WrongState
from igfleet.ui import accounts
from igfleet.ui.finding import views
from igfleet.ui.finding.search import search
from igfleet.ui.fleet import edits
from igfleet.ui.fleet import page as account_page
from igfleet.ui.fleet.device import device_of
from igfleet.ui.fleet.filter import AccountFilter
from igfleet.ui.fleet.rows import rows_of
from igfleet.ui.models import Account, Post, Role
from igfleet.ui.people import add_user
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

pytestmark = pytest.mark.anyio
NOW = datetime.now(UTC)
ANNA = "user:anna"
SETTINGS = (
    '{"device_settings": {"manufacturer": "samsung", "model": "SM-G991B", "android_release": "12"}, "cookies": {}}'
)


async def _fleet(session: AsyncSession) -> None:
    good, bad, off = await make.proxies(session, 3)
    good.state, bad.state, off.state = ProxyState.OK, ProxyState.FAILING, ProxyState.DISABLED
    rows = [
        {"username": "sound", "proxy_id": good.id, "session_at": NOW, "last_success_at": NOW, "client": "Fjord"},
        {"username": "asked", "proxy_id": good.id, "status": "human_verification_required", "session_at": NOW,
         "status_reason": "challenge_required", "tags": ["north"]},
        {"username": "cut_off", "proxy_id": bad.id, "session_at": NOW - timedelta(days=40),
         "last_success_at": NOW - timedelta(days=9),
         "last_failure_at": NOW, "last_failure_reason": "proxy_unreachable"},
        {"username": "gone", "proxy_id": off.id, "archived_at": NOW, "has_password": True},
        {"username": "bare", "authorised_until": date(2020, 1, 1)},
    ]  # fmt: skip
    session.add_all(Account(authorised_by="the agency's contract", **row) for row in rows)
    await session.flush()


FOUND: list[tuple[dict[str, str], set[str]]] = [
    ({}, {"sound", "asked", "cut_off", "bare"}),
    ({"q": "@OU"}, {"sound"}),
    ({"status": "human_verification_required"}, {"asked"}),
    ({"reason": "proxy_unreachable"}, {"cut_off"}),
    ({"tag": "north"}, {"asked"}),
    ({"client": "Fjord"}, {"sound"}),
    ({"proxy": "failing"}, {"cut_off"}),
    ({"proxy": "none"}, {"bare"}),
    ({"health": "good"}, {"sound"}),
    ({"health": "fair"}, {"asked", "cut_off"}),
    ({"health": "poor"}, {"bare"}),
    ({"today": "none"}, {"sound", "asked", "cut_off", "bare"}),
    ({"today": "full"}, set()),
    ({"success": "day"}, {"sound"}),
    ({"success": "older"}, {"cut_off"}),
    ({"success": "never"}, {"asked", "bare"}),
    ({"session": "older"}, {"cut_off"}),
    ({"session": "none"}, {"bare"}),
    ({"shown": "archived"}, {"gone"}),
    ({"status": "of_no_kind", "health": "splendid"}, {"sound", "asked", "cut_off", "bare"}),
]


async def test_each_filter_finds_what_it_says(session: AsyncSession) -> None:
    await _fleet(session)

    found = [await session.scalars(AccountFilter.read(given).select(publish_budget=25)) for given, _ in FOUND]

    assert [{account.username for account in accounts} for accounts in found] == [names for _, names in FOUND]


async def test_health_is_the_same_on_the_list_and_on_the_page(session: AsyncSession, house: House) -> None:
    await _fleet(session)
    ids = list(await session.scalars(select(Account.id).order_by(Account.id)))

    listed = {row.account.id: row.score for row in await rows_of(session, ids)}
    pages = {key: (await account_page.gather(session, house.settings, key)).score for key in ids}

    assert listed == pages
    assert list(listed.values()) == [100, 50, 55, 65, 20]


async def test_the_time_line_tells_edits_notes_and_pauses_with_what_was_before(
    session: AsyncSession, house: House
) -> None:
    (account,) = await make.accounts(session, 1, client="Old")
    form = {"client": "New", "tags": "b a", "timezone": "Europe/Berlin", "locale": "en_US", "authorised_by": "contract"}

    await edits.edit(session, account.id, form, ANNA)
    await edits.note(session, account.id, " It is on holiday. ", ANNA)
    await accounts.stop_accounts(session, [account.id], ANNA)
    await session.flush()
    events = (await account_page.gather(session, house.settings, account.id)).events

    told = {event.title: event for event in events}
    assert set(told) == {"Edited", "Note", "Paused"}
    assert ("client", "Old", "New") in told["Edited"].changes
    assert told["Note"].detail == "It is on holiday."
    assert list(told["Paused"].changes) == [("status", "active", "stopped")]
    with pytest.raises(Invalid, match="time zone"):
        await edits.edit(session, account.id, {**form, "timezone": "Atlantis"}, ANNA)


async def test_an_upcoming_post_is_skipped_and_the_last_one_ends_the_share(session: AsyncSession, house: House) -> None:
    who, what = await make.accounts(session, 1), await make.videos(session, 2)
    task = await make.draft(session, house.settings, who, what, distribution="every_video_to_every_account")
    await plan(session, house.settings, task.id)
    await start(session, house.settings, task.id, plan_hash=None, actor=ANNA)
    posts = await make.stored_posts(session, task)
    before = await account_page.gather(session, house.settings, who[0].id)

    for post in posts:
        await edits.skip_post(session, who[0].id, post.id, ANNA)

    (share,) = await make.account_tasks_of(session, task)
    assert [one.id for one in before.upcoming] == [post.id for post in posts]
    assert {post.state for post in await make.stored_posts(session, task)} == {PostState.CANCELLED}
    assert share.state == "cancelled"
    assert await session.scalar(select(Post.id).where(Post.state == "planned")) is None
    with pytest.raises(WrongState):
        await edits.skip_post(session, who[0].id, posts[0].id, ANNA)


async def test_a_view_is_kept_in_one_form_and_belongs_to_one_person(session: AsyncSession) -> None:
    anna = await add_user(session, "anna", "correct horse battery", Role.VIEWER, "test")
    ben = await add_user(session, "ben", "correct horse battery", Role.VIEWER, "test")

    await views.save(session, anna.id, "/accounts", "Stuck", "tag=a&status=blocked&after=50")
    again = await views.save(session, anna.id, "/accounts", "stuck", "status=blocked&tag=b&q=")

    assert [(one.name, one.query) for one in await views.of(session, anna.id, "/accounts")] == [
        ("stuck", "status=blocked&tag=b")
    ]
    assert await views.of(session, ben.id, "/accounts") == []
    assert await views.forget(session, anna.id, again.id) == "/accounts"
    for path, query in (("/settings", "a=b"), ("/accounts", "after=3")):
        with pytest.raises(Invalid):
            await views.save(session, anna.id, path, "x", query)


async def test_the_search_finds_accounts_tasks_and_what_the_role_may_open(session: AsyncSession, house: House) -> None:
    who = await make.accounts(session, 2)
    await make.draft(session, house.settings, who, await make.videos(session, 1))

    named = [one.title for one in await search(session, "nord_0", Role.VIEWER)]
    tasks = [one.path for one in await search(session, "may", Role.VIEWER)]
    settings = {
        role: [one.path for one in await search(session, "settings", role)] for role in (Role.VIEWER, Role.ADMIN)
    }

    assert named == ["@nord_01", "@nord_02"]
    assert any(path.startswith("/tasks/") for path in tasks)
    assert settings == {Role.VIEWER: [], Role.ADMIN: ["/settings"]}


def test_a_device_is_told_without_its_identifiers() -> None:
    assert device_of(SETTINGS) == "Samsung SM-G991B, Android 12"
    assert device_of("{}") == device_of("no json") == device_of('{"device_settings": 7}') == ""
