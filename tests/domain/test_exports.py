import csv
import io

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from tests.domain import factories as make

from igfleet.settings import UiSettings
from igfleet.ui.exports import accounts_sheet, neutral, posts_sheet
from igfleet.ui.planning.plan import plan

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@nord", "\tx", "\rx"])
def test_a_formula_is_neutralised(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"


async def test_the_posts_of_a_task_are_exported(session: AsyncSession, settings: UiSettings) -> None:
    accounts, videos = await make.accounts(session, 2), await make.videos(session, 2)
    task = await make.draft(session, settings, accounts, videos, captions="=cmd()")
    await plan(session, settings, task.id)

    rows = list(csv.DictReader(io.StringIO((await posts_sheet(session, task.id)).csv())))

    assert [(row["account"], row["video"], row["caption"]) for row in rows] == [
        ("nord_01", "clip_1.mp4", "'=cmd()"),
        ("nord_02", "clip_2.mp4", "'=cmd()"),
    ]


async def test_accounts_are_exported_without_secrets(session: AsyncSession) -> None:
    (account,) = await make.accounts(session, 1, phone="+49 30 1234567", tags=["north", "new"])

    (row,) = csv.DictReader(io.StringIO((await accounts_sheet(session, [account.id])).csv()))

    assert (row["username"], row["phone"], row["tags"]) == ("nord_01", "'+49 30 1234567", "north new")
    assert not any("password" in name for name in row)
