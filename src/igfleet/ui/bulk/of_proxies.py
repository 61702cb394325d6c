"""What can be done to many proxies at once."""

from collections.abc import Sequence

from sqlalchemy import Select, delete, func, select

from igfleet.ui import proxies
from igfleet.ui.bulk.act import Act, Asks, Listed, Work
from igfleet.ui.bulk.options import sound_proxy, sound_tag
from igfleet.ui.bulk.tagging import tag, untag
from igfleet.ui.models import Account, DataKey, Proxy, SealedSecret
from igfleet.ui.models.base import among
from igfleet.ui.proxy_list import ProxyFilter, sheet


async def _check(work: Work, ids: Sequence[int]) -> int:
    task = await proxies.order_check(work.session, work.settings, ids, work.job.created_by)
    work.job.link = f"/tasks/{task.id}"
    return len(ids)


async def _tag(work: Work, ids: Sequence[int]) -> int:
    return await tag(work, Proxy, "proxy", ids)


async def _untag(work: Work, ids: Sequence[int]) -> int:
    return await untag(work, Proxy, "proxy", ids)


async def _replace(work: Work, ids: Sequence[int]) -> int:
    moved = 0
    for proxy_id in ids:
        if proxy_id != int(work.option):
            moved += await proxies.replace(work.session, proxy_id, int(work.option), work.job.created_by) > 0
    return moved


async def _remove(work: Work, ids: Sequence[int]) -> int:
    """Only those that no account leaves through, archived ones included."""
    is_used = select(Account.id).where(Account.proxy_id == Proxy.id).correlate(Proxy).exists()
    free = list(await work.session.scalars(select(Proxy.id).where(among(Proxy.id, ids), ~is_used).with_for_update()))
    for table in (SealedSecret, DataKey):
        await work.session.execute(delete(table).where(table.owner == "proxy", among(table.owner_id, free)))
    gone = delete(Proxy).where(among(Proxy.id, free)).returning(Proxy.id)
    return await work.audited(gone, "proxy_removed", "proxy")


async def _export(work: Work, ids: Sequence[int]) -> int:
    work.keep_file((await sheet(work.session, select(Proxy).where(among(Proxy.id, ids)), len(ids))).csv())
    return len(ids)


def _present(ids: Sequence[int]) -> Select[int]:
    return select(Proxy.id).where(among(Proxy.id, ids)).order_by(Proxy.id)


def _names(ids: Sequence[int]) -> Select[str]:
    named = func.concat(Proxy.host, ":", Proxy.port, " (no. ", Proxy.id, ")")
    return select(named).where(among(Proxy.id, ids)).order_by(Proxy.id)


PROXIES = Listed(
    noun="proxy",
    path="/proxies",
    acts={
        "check": Act("Check now", "plug-connected", "being checked", _check, is_whole=True),
        "replace": Act(
            "Give their accounts another proxy …",
            "refresh",
            "replaced",
            _replace,
            Asks.ANOTHER_PROXY,
            sound_proxy,
            others="the others had no account",
        ),
        "tag": Act("Tag …", "plus", "tagged", _tag, Asks.TAG, sound_tag),
        "untag": Act("Remove a tag …", "x", "without the tag now", _untag, Asks.TAG, sound_tag),
        "export": Act("Export as CSV", "download", "written", _export, is_whole=True),
        "remove": Act("Remove", "trash", "removed", _remove, others="accounts leave through the others", is_grave=True),
    },
    query=lambda given, _settings: ProxyFilter.read(given).select().with_only_columns(Proxy.id).order_by(Proxy.id),
    words=lambda given: ProxyFilter.read(given).told(),
    filtered=lambda given: ProxyFilter.read(given).given(),
    wrong=ProxyFilter.wrong,
    names=_names,
    present=_present,
)
