"""What can be done to many accounts at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import AccountStatus
from igfleet.contracts.tasks import Subject
from igfleet.errors import Invalid
from igfleet.runners import KINDS
from igfleet.settings import UiSettings
from igfleet.ui import accounts
from igfleet.ui.bulk.act import Act, Asks, Listed, Work
from igfleet.ui.bulk.options import NO_PROXY, sound_proxy_or_none, sound_tag
from igfleet.ui.bulk.tagging import tag, untag
from igfleet.ui.exports import accounts_sheet
from igfleet.ui.fleet.filter import AccountFilter
from igfleet.ui.models import Account, BulkJob
from igfleet.ui.models.base import among

KINDS_OF_ACCOUNTS = [kind for kind, runner in KINDS.items() if runner.subject is Subject.ACCOUNT]


async def _tag(work: Work, ids: Sequence[int]) -> int:
    return await tag(work, Account, "account", ids)


async def _untag(work: Work, ids: Sequence[int]) -> int:
    return await untag(work, Account, "account", ids)


async def _assign(work: Work, ids: Sequence[int]) -> int:
    proxy_id = None if work.option == NO_PROXY else int(work.option)
    other = among(Account.id, ids), Account.proxy_id.is_distinct_from(proxy_id)
    wanted = list(await work.session.scalars(select(Account.id).where(*other)))
    await accounts.assign_proxy(work.session, wanted, proxy_id, work.job.created_by)
    return len(wanted)


async def _pause(work: Work, ids: Sequence[int]) -> int:
    running = [status.value for status in AccountStatus if status.may_run]
    wanted = select(Account.id).where(among(Account.id, ids), Account.status.in_(running))
    found = list(await work.session.scalars(wanted))
    await accounts.stop_accounts(work.session, found, work.job.created_by)
    return len(found)


async def _resume(work: Work, ids: Sequence[int]) -> int:
    return await accounts.resume_accounts(work.session, ids, work.job.created_by)


async def _archive(work: Work, ids: Sequence[int]) -> int:
    found = list(
        await work.session.scalars(select(Account.id).where(among(Account.id, ids), Account.archived_at.is_(None)))
    )
    await accounts.archive_accounts(work.session, found, work.job.created_by)
    return len(found)


async def _unarchive(work: Work, ids: Sequence[int]) -> int:
    aside = among(Account.id, ids), Account.archived_at.is_not(None)
    found = list(await work.session.scalars(select(Account.id).where(*aside)))
    await accounts.archive_accounts(work.session, found, work.job.created_by, back=True)
    return len(found)


async def _export(work: Work, ids: Sequence[int]) -> int:
    work.keep_file((await accounts_sheet(work.session, ids)).csv())
    return len(ids)


async def _nothing(_work: Work, ids: Sequence[int]) -> int:
    return len(ids)


def _new_task(job: BulkJob) -> str:
    return f"/tasks/new/{job.options['option']}?selection={job.id}"


async def _sound_kind(_session: AsyncSession, text: str) -> str:
    if text not in KINDS_OF_ACCOUNTS:
        raise Invalid("Choose what is to be done.", {"option": "Choose one."})
    return text


ACTS = {
    "order": Act(
        "New task with them …", "plus", "put into a draft", _nothing, Asks.KIND, _sound_kind, leads_to=_new_task
    ),
    "tag": Act("Tag …", "plus", "tagged", _tag, Asks.TAG, sound_tag),
    "untag": Act("Remove a tag …", "x", "without the tag now", _untag, Asks.TAG, sound_tag),
    "proxy": Act("Assign a proxy …", "plug-connected", "given the proxy", _assign, Asks.PROXY, sound_proxy_or_none),
    "pause": Act("Pause", "player-pause", "paused", _pause),
    "resume": Act("Resume", "player-play", "resumed", _resume),
    "export": Act("Export as CSV", "download", "written", _export, is_whole=True),
    "archive": Act("Archive", "inbox", "archived", _archive, is_grave=True),
    "unarchive": Act("Take out of the archive", "arrow-back-up", "taken out of the archive", _unarchive),
}


def offered_acts(wanted: AccountFilter) -> Mapping[str, Act]:
    """Those that make sense for what a list shows: what is archived is not paused."""
    if wanted.shown == "archived":
        return {name: ACTS[name] for name in ("unarchive", "tag", "untag", "export")}
    return {name: act for name, act in ACTS.items() if name != "unarchive"}


def _query(given: Mapping[str, Any], settings: UiSettings) -> Select[int]:
    found = AccountFilter.read(given).select(settings.publish_budget_per_day)
    return found.with_only_columns(Account.id).order_by(Account.id)


def _present(ids: Sequence[int]) -> Select[int]:
    return select(Account.id).where(among(Account.id, ids)).order_by(Account.id)


def _names(ids: Sequence[int]) -> Select[str]:
    return select("@" + Account.username).where(among(Account.id, ids)).order_by(Account.id)


ACCOUNTS = Listed(
    noun="account",
    path="/accounts",
    acts=ACTS,
    query=_query,
    words=lambda given: AccountFilter.read(given).told(),
    filtered=lambda given: AccountFilter.read(given).given(),
    wrong=AccountFilter.wrong,
    names=_names,
    present=_present,
)
