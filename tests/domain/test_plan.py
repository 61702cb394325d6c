from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import distinct, event, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make

from igfleet.contracts.states import AccountStatus, AccountTaskState, MediaState, PostState, TaskState
from igfleet.errors import Invalid, WrongState
from igfleet.settings import UiSettings, load
from igfleet.ui.models import Account, Post, Proxy
from igfleet.ui.planning.draft import CaptionForm
from igfleet.ui.planning.notes import NoteKind
from igfleet.ui.planning.plan import PlanSummary, plan
from igfleet.ui.planning.start import start

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def _statements(session: AsyncSession) -> AsyncIterator[list[str]]:
    """What is sent to the database within the block."""
    sent: list[str] = []
    connection = (await session.connection()).sync_connection
    listen = lambda *seen: sent.append(str(seen[2]))  # noqa: E731  # removed by its name below
    event.listen(connection, "before_cursor_execute", listen)
    yield sent
    event.remove(connection, "before_cursor_execute", listen)


def _codes(summary: PlanSummary, kind: NoteKind) -> dict[str, int]:
    return {note.code: note.count for note in summary.notes if note.kind is kind}


async def test_stores_each_post_as_it_will_run(session: AsyncSession, settings: UiSettings) -> None:
    task = await make.draft(session, settings, await make.accounts(session, 2), await make.videos(session, 3))

    summary = await plan(session, settings, task.id)

    assert await make.posts_of(session, task) == [
        ("nord_01", "clip_1.mp4", "Hello"),
        ("nord_01", "clip_2.mp4", "Hello"),
        ("nord_02", "clip_3.mp4", "Hello"),
    ]
    assert (summary.posts, summary.accounts, summary.notes) == (3, 2, ())
    rows = await make.account_tasks_of(session, task)
    assert {(row.state, row.available_at, row.head) for row in rows} == {(AccountTaskState.SCHEDULED, None, False)}


async def test_the_same_seed_gives_the_same_plan(session: AsyncSession, settings: UiSettings) -> None:
    accounts, videos = await make.accounts(session, 4), await make.videos(session, 8)
    text = "{Hi|Hello|Moin} from {{username}}, {{n}} of {{total}}: {{video}}"
    tasks = [
        await make.draft(session, settings, accounts, videos, captions=text, form=CaptionForm.TEMPLATE, seed=seed)
        for seed in (1, 1, 2)
    ]

    hashes = [(await plan(session, settings, task.id)).plan_hash for task in tasks]

    assert hashes[0] == hashes[1]
    assert hashes[0] != hashes[2]
    assert (await make.posts_of(session, tasks[0]))[1][2].endswith("from nord_01, 2 of 2: clip_2")


async def test_planning_again_replaces_the_plan(session: AsyncSession, settings: UiSettings) -> None:
    task = await make.draft(session, settings, await make.accounts(session, 2), await make.videos(session, 2))
    first = await plan(session, settings, task.id)

    second = await plan(session, settings, task.id)

    assert second == first
    assert len(await make.stored_posts(session, task)) == 2


async def test_upload_ids_are_milliseconds_unique_per_account(session: AsyncSession, settings: UiSettings) -> None:
    accounts, videos = await make.accounts(session, 1), await make.videos(session, 5)
    tasks = [await make.draft(session, settings, accounts, videos) for _ in range(2)]
    for task in tasks:
        await plan(session, settings, task.id)

    ids = [post.upload_id for task in tasks for post in await make.stored_posts(session, task)]

    assert len(set(ids)) == 10
    assert all(len(upload_id) == 13 for upload_id in ids)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": AccountStatus.BLOCKED}, "account_blocked"),
        ({"authorised_by": " "}, "not_authorised"),
        ({"authorised_until": date(2020, 1, 1)}, "authorisation_expired"),
        ({"archived_at": datetime(2024, 1, 1, tzinfo=UTC)}, "archived"),
    ],
)
async def test_leaves_out_accounts_that_may_not_run(
    session: AsyncSession, settings: UiSettings, fields: dict[str, object], code: str
) -> None:
    good = await make.accounts(session, 1)
    bad = await make.accounts(session, 1, username="nord_99", **fields)
    task = await make.draft(session, settings, [*bad, *good], await make.videos(session, 2))

    summary = await plan(session, settings, task.id)

    assert _codes(summary, NoteKind.EXCLUSION) == {code: 1}
    assert {name for name, _, _ in await make.posts_of(session, task)} == {"nord_01"}


async def test_an_account_without_a_proxy_is_left_out_when_one_is_required(
    session: AsyncSession, settings: UiSettings
) -> None:
    strict = load(UiSettings, IGFLEET_DATA_DIR=str(settings.data_dir), REQUIRE_PROXY="true")
    accounts = await make.accounts(session, 2)
    accounts[0].proxy_id = (await _proxy(session)).id
    task = await make.draft(session, strict, accounts, await make.videos(session, 2))

    summary = await plan(session, strict, task.id)

    assert _codes(summary, NoteKind.EXCLUSION) == {"proxy_missing": 1}
    assert {name for name, _, _ in await make.posts_of(session, task)} == {"nord_01"}


async def _proxy(session: AsyncSession) -> Proxy:
    proxy = Proxy(scheme="http", host="127.0.0.1", port=3128)
    session.add(proxy)
    await session.flush()
    return proxy


async def test_refuses_media_that_cannot_be_published(session: AsyncSession, settings: UiSettings) -> None:
    accounts, videos = await make.accounts(session, 3), await make.videos(session, 3)
    videos[0].state = MediaState.UNPUBLISHABLE
    videos[0].problems = [{"code": "too_short", "sentence": "The video lasts 1 s.", "todo": "Upload a longer one."}]
    videos[1].state = MediaState.PROBING
    task = await make.draft(session, settings, accounts, videos)

    summary = await plan(session, settings, task.id)

    assert _codes(summary, NoteKind.REFUSAL) == {"media_not_publishable": 1, "media_probing": 1}
    assert "The video lasts 1 s." in summary.refusals[0].sentence
    assert summary.posts == 1


@pytest.mark.parametrize(
    ("caption", "code"), [("x" * 2201, "caption_too_long"), (" ".join(["#nord"] * 31), "too_many_hashtags")]
)
async def test_refuses_captions_beyond_the_limits(
    session: AsyncSession, settings: UiSettings, caption: str, code: str
) -> None:
    accounts, videos = await make.accounts(session, 2), await make.videos(session, 2)
    task = await make.draft(session, settings, accounts, videos, captions=f"fine\n{caption}", form=CaptionForm.LINES)

    summary = await plan(session, settings, task.id)

    assert _codes(summary, NoteKind.REFUSAL) == {code: 1}
    assert summary.refusals[0].subjects == ("nord_02: clip_2.mp4",)
    assert await make.posts_of(session, task) == [("nord_01", "clip_1.mp4", "fine")]


async def test_refuses_what_is_published_already_or_planned_elsewhere(
    session: AsyncSession, settings: UiSettings
) -> None:
    accounts, videos = await make.accounts(session, 2), await make.videos(session, 2)
    first = await make.draft(session, settings, accounts, videos)
    await plan(session, settings, first.id)
    await start(session, settings, first.id, plan_hash=None, actor="user:anna")
    await session.execute(
        update(Post).where(Post.account_id == accounts[0].id).values(state=PostState.PUBLISHED, media_pk="1")
    )
    second = await make.draft(session, settings, accounts, videos)

    summary = await plan(session, settings, second.id)

    assert _codes(summary, NoteKind.REFUSAL) == {"already_published": 1, "planned_elsewhere": 1}
    assert summary.posts == 0


async def test_another_draft_does_not_stand_in_the_way(session: AsyncSession, settings: UiSettings) -> None:
    accounts, videos = await make.accounts(session, 2), await make.videos(session, 2)
    await plan(session, settings, (await make.draft(session, settings, accounts, videos)).id)

    summary = await plan(session, settings, (await make.draft(session, settings, accounts, videos)).id)

    assert summary.posts == 2


async def test_refuses_more_posts_than_the_budget_allows(session: AsyncSession, settings: UiSettings) -> None:
    accounts, videos = await make.accounts(session, 1), await make.videos(session, 12)

    summary = await plan(session, settings, (await make.draft(session, settings, accounts, videos)).id)

    assert _codes(summary, NoteKind.REFUSAL) == {"budget_hour": 2}
    assert summary.posts == 10


async def test_a_csv_decides_who_gets_what_and_when(session: AsyncSession, settings: UiSettings) -> None:
    accounts, videos = await make.accounts(session, 2), await make.videos(session, 2)
    text = (
        "video,caption,location,mentions,cover,account,publish_at\n"
        "clip_2,Second,,,1.5,nord_01,2030-06-01 18:00\n"
        'clip_1.mp4,"First, at noon","52.5,13.4 | Berlin",@nord_02,,nord_01,2030-06-01 12:00\n'
    )
    task = await make.draft(
        session, settings, accounts, videos, captions=text, form=CaptionForm.CSV, distribution="from_csv"
    )

    summary = await plan(session, settings, task.id)

    posts = await make.stored_posts(session, task)
    assert [post.caption for post in posts] == ["First, at noon", "Second"]
    assert posts[0].location == {"name": "Berlin", "lat": 52.5, "lng": 13.4}
    assert posts[0].mentions == ["nord_02"]
    assert posts[1].cover_at_s == 1.5
    assert summary.first_at == datetime(2030, 6, 1, 10, tzinfo=UTC)
    assert _codes(summary, NoteKind.WARNING) == {"no_video": 1}


@pytest.mark.parametrize(
    ("form", "text", "where"),
    [
        (CaptionForm.TEMPLATE, "Hello {you|me", "line 1, column 7"),
        (CaptionForm.CSV, "video,caption\nclip_9,Hello\n", "line 2"),
        (CaptionForm.LINES, "only one", "line 1"),
    ],
)
async def test_captions_that_cannot_be_read_say_where(
    session: AsyncSession, settings: UiSettings, form: CaptionForm, text: str, where: str
) -> None:
    accounts, videos = await make.accounts(session, 1), await make.videos(session, 2)
    task = await make.draft(session, settings, accounts, videos, captions=text, form=form)

    with pytest.raises(Invalid, match=where):
        await plan(session, settings, task.id)


async def test_a_started_task_is_not_planned_again(session: AsyncSession, settings: UiSettings) -> None:
    task = await make.draft(session, settings, await make.accounts(session, 1), await make.videos(session, 1))
    await plan(session, settings, task.id)
    await start(session, settings, task.id, plan_hash=None, actor="user:anna")

    with pytest.raises(WrongState):
        await plan(session, settings, task.id)

    assert task.state == TaskState.QUEUED


async def test_wrong_options_are_named(session: AsyncSession, settings: UiSettings) -> None:
    accounts, videos = await make.accounts(session, 1), await make.videos(session, 1)

    with pytest.raises(Invalid) as refused:
        await make.draft(session, settings, accounts, videos, per_account=0, shoes=2)

    assert set(refused.value.fields) == {"per_account", "shoes"}


async def test_ten_thousand_posts_take_no_more_statements_than_a_few(
    session: AsyncSession, settings: UiSettings
) -> None:
    accounts = [Account(username=f"nord_{number}", authorised_by="the agency") for number in range(1000)]
    session.add_all(accounts)
    await session.flush()
    videos = await make.videos(session, 10)
    task = await make.draft(
        session,
        settings,
        accounts,
        videos,
        captions="{Hi|Hello} {{username}} {{n}}",
        form=CaptionForm.TEMPLATE,
        distribution="every_video_to_every_account",
    )

    async with _statements(session) as sent:
        summary = await plan(session, settings, task.id)

    assert summary.posts == 10_000
    assert summary.needs_confirmation
    assert len(sent) < 100
    pairs = select(func.count(distinct(tuple_(Post.account_id, Post.media_id)))).where(Post.task_id == task.id)
    assert await session.scalar(pairs) == 10_000
