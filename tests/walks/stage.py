"""An install in which every page has something to show, and every table has rows."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.ui import targets, tokens
from igfleet.ui.captions import sets
from igfleet.ui.finding import views
from igfleet.ui.keys import verbs as keys
from igfleet.ui.models import Media, Role, User, WebhookEvent, WebhookFormat
from igfleet.ui.planning.draft import CaptionForm, Captions, Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start
from igfleet.ui.schedule import recurring
from igfleet.ui.schedule.recurrence import Rule
from igfleet.ui.webhooks import verbs as webhooks
from tests.dashboard.stage import half_done
from tests.serving import Served

_FURNITURE = (Path(__file__).parent / "furniture.sql").read_text(encoding="utf-8")


async def furnished(ui: Served) -> None:
    """Task 1 half done, task 2 a draft, task 3 tomorrow; proxies, workers, questions, doubts, and all the rest."""
    await half_done(ui)
    async with ui.context.database.sessions.begin() as session:
        await _ordered(session, ui)
        anna = (await session.scalars(select(User.id).where(User.name == "anna"))).one()
        session.add(User(name="vera", password_hash="x", role=Role.VIEWER))
        await session.flush()
        await keys.make(session, anna, keys.NewKey(name="reports", role=Role.VIEWER), "user:anna")
        await tokens.make(session, "w1", "user:anna")
        await targets.add(session, "Neighbours", ["lake_01", "lake_02"], "user:anna")
        await sets.keep(session, "Spring", Captions(form=CaptionForm.LINES, text="One\nTwo"), "user:anna")
        await views.save(session, anna, "/accounts", "In the north", "tag=fjord")
        new = webhooks.NewWebhook("chat", "https://hooks.example/x", WebhookFormat.JSON, [WebhookEvent.TASK_ENDED])
        await webhooks.make(session, ui.context.vault, ui.context.settings, new, "user:anna")
    async with ui.context.database.sessions.begin() as session:
        for statement in _FURNITURE.split(";\n"):
            await session.execute(text(statement.replace(":", r"\:")))
        for file in await session.scalars(select(Media)):
            file.sha256 = (await ui.context.storage.store(_bytes(file.name))).sha256


async def _bytes(name: str) -> AsyncIterator[bytes]:
    yield f"The bytes of {name}, which no player shows.".encode()


async def _ordered(session: AsyncSession, ui: Served) -> None:
    """A sign-in of two accounts, tomorrow at noon and on each Monday after it."""
    noon = (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    draft = Draft(kind="bulk_login", name="Noon sign-in", account_ids=(2, 3), start_at=noon)
    task = await create(session, ui.context.settings, draft, "user:anna")
    await plan(session, ui.context.settings, task.id)
    await start(session, ui.context.settings, task.id, plan_hash=None, actor="user:anna")
    rule = Rule(weekdays=frozenset({0}), at=noon.time(), zone="Europe/Oslo")
    await recurring.define(session, task.id, recurring.Repeat(name="Each Monday", rule=rule), "user:anna")
