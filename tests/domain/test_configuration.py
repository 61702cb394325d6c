"""The settings in force: what an admin changes, what the start gives, and what is never shown."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain.conftest import House

from igfleet.errors import Conflict, Invalid, NotFound
from igfleet.settings import UiSettings, load
from igfleet.ui.configuration import edits, effective
from igfleet.ui.configuration.book import CHANGEABLE, Book, parsed, variable_of
from igfleet.ui.configuration.effective import MASK
from igfleet.ui.models import AuditEntry
from igfleet.ui.models.setting_values import SettingValue

pytestmark = pytest.mark.anyio


async def test_what_an_admin_changes_is_in_force_and_can_be_taken_back(house: House) -> None:
    book, other = Book(load(UiSettings)), Book(load(UiSettings, PUBLISH_BUDGET_PER_DAY=7))
    async with house.database.sessions.begin() as session:
        await edits.change(session, book, "PUBLISH_BUDGET_PER_DAY", " 40 ", "user:anna")
        await edits.change(session, book, "VERIFY_AFTER", "60,120", "user:anna")
        session.add(SettingValue(name="CAPTION_MAX_CHARS", text="of another version", changed_by="x"))
        await session.flush()
        for one in (book, other):
            await one.read(session)
        rows = {row.name: row for row in await effective.every(session, book)}

        assert book.present.publish_budget_per_day == 40
        assert [age.total_seconds() for age in book.present.verify_after] == [60, 120]
        assert book.present.caption_max_chars == book.base.caption_max_chars
        assert (rows["VERIFY_AFTER"].source, rows["VERIFY_AFTER"].value) == ("database", "60,120")
        assert other.present.publish_budget_per_day == 7, "what is given at the start stands"
        with pytest.raises(Conflict):
            await edits.change(session, other, "PUBLISH_BUDGET_PER_DAY", "8", "user:anna")

        await edits.take_back(session, book, "PUBLISH_BUDGET_PER_DAY", "user:anna")
        await book.read(session)

        assert book.present.publish_budget_per_day == book.base.publish_budget_per_day
        entry = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "setting_taken_back"))).one()
        assert entry.facts == {"before": {"value": "40"}, "after": {"value": "25"}}


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("PUBLISH_BUDGET_PER_DAY", "0", Invalid), ("PUBLISH_BUDGET_PER_DAY", "many", Invalid),
        ("ACTION_BUDGETS", "like=many", Invalid), ("SESSION_IDLE_SECS", "5", Invalid),
        ("REQUIRE_PROXY", "perhaps", Invalid),
        ("MASTER_KEY", "x", NotFound), ("DATABASE_URL", "x", NotFound), ("NOTHING", "x", NotFound),
    ],
)  # fmt: skip
async def test_a_wrong_value_is_refused_in_words(
    session: AsyncSession, name: str, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await edits.change(session, Book(load(UiSettings)), name, text, "user:anna")


def test_every_default_can_be_written_back_as_it_is_shown() -> None:
    base = load(UiSettings)
    for field in CHANGEABLE:
        value = getattr(base, field)
        assert parsed(field, edits.written(value)) == value, variable_of(field)


async def test_settings_tell_where_they_come_from_and_no_secret(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGRESS_PROXY", "http://anna:canary-egress@127.0.0.1:3128")
    monkeypatch.setenv("WORKER_API_TOKEN", "canary-token-123")

    rows = {row.name: row for row in await effective.every(session, Book(load(UiSettings, DISPATCH_CONCURRENCY=3)))}

    assert (rows["EGRESS_PROXY"].value, rows["EGRESS_PROXY"].source) == (
        "http://anna:***@127.0.0.1:3128",
        "environment",
    )
    assert (rows["WORKER_API_TOKEN"].value, rows["SECRET_KEY"].value) == (MASK, "")
    assert (rows["DISPATCH_CONCURRENCY"].source, rows["LOG_FORMAT"].source) == ("start", "default")
    assert "canary" not in repr(rows)
