"""What a person does with proxies besides importing them."""

from collections.abc import Sequence

from pydantic import JsonValue
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import PostState, ProxyState
from igfleet.errors import Conflict, NotFound
from igfleet.log import redactor
from igfleet.runners.proxy_diag import MOST_PROXIES, ProxyDiag
from igfleet.settings import UiSettings
from igfleet.ui.context import UiContext
from igfleet.ui.models import Account, AuditEntry, Post, Proxy, Task
from igfleet.ui.outbound import Answer, Outbound
from igfleet.ui.planning.draft import Draft, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start


async def find_proxy(session: AsyncSession, proxy_id: int) -> Proxy:
    """The row. Raises `NotFound`."""
    proxy = await session.get(Proxy, proxy_id)
    if proxy is None:
        raise NotFound(f"There is no proxy {proxy_id}.")
    return proxy


async def order_check(
    session: AsyncSession, settings: UiSettings, proxy_ids: Sequence[int], actor: str, **options: JsonValue
) -> Task:
    """Make and start a check of these proxies. Raises `Conflict` when there are none or too many, `Invalid`."""
    if not proxy_ids:
        raise Conflict("There is no proxy to check.")
    if len(proxy_ids) > MOST_PROXIES:
        raise Conflict(f"More than {MOST_PROXIES:,} proxies: choose fewer by a filter.")
    what = (await find_proxy(session, proxy_ids[0])).name if len(proxy_ids) == 1 else f"{len(proxy_ids)} proxies"
    chosen: dict[str, JsonValue] = {"proxy_ids": list(proxy_ids), **options}
    task = await create(session, settings, Draft(kind=ProxyDiag.kind, name=f"Check of {what}", options=chosen), actor)
    await plan(session, settings, task.id)
    return await start(session, settings, task.id, plan_hash=None, actor=actor)


async def replace(session: AsyncSession, old_id: int, new_id: int, actor: str) -> int:
    """Give the accounts of one proxy another; they use it from their next run. Returns how many. Audited.

    Raises `NotFound`, and `Conflict` when it is the same one or switched off.
    """
    old, new = await find_proxy(session, old_id), await find_proxy(session, new_id)
    if old.id == new.id:
        raise Conflict("That is the proxy that they have already.")
    if new.state == ProxyState.DISABLED:
        raise Conflict(f"{new.name} is switched off. Switch it on first.")
    moved = update(Account).where(Account.proxy_id == old.id).values(proxy_id=new.id).returning(Account.id)
    ids = list(await session.scalars(moved.execution_options(synchronize_session=False)))
    facts = {"by": new.id, "accounts": ids}
    session.add(AuditEntry(actor=actor, action="proxy_replaced", subject=f"proxy:{old.id}", facts=facts))
    return len(ids)


async def switch(session: AsyncSession, proxy_id: int, actor: str, *, on: bool) -> None:
    """Switch a proxy on, or off: its accounts are then left out of plans. Audited. Raises `NotFound`."""
    proxy = await find_proxy(session, proxy_id)
    if on == (proxy.state != ProxyState.DISABLED):
        return
    proxy.state = ProxyState.UNCHECKED if on else ProxyState.DISABLED
    proxy.trouble = ""
    action = "proxy_switched_on" if on else "proxy_switched_off"
    session.add(AuditEntry(actor=actor, action=action, subject=f"proxy:{proxy.id}"))


async def rotate(ui: UiContext, proxy_id: int, actor: str) -> Answer:
    """Ask the proxy's provider for another exit IP, at the address stored with the proxy; it is never shown.

    Raises `Conflict` when none is stored or a post is just being sent through the proxy, `NoAnswer`.
    """
    async with ui.database.sessions.begin() as session:
        address = await _address_that_rotates(session, ui, proxy_id, actor)
    redactor.learn(address)
    answer = await Outbound(ui.settings).post(address)
    async with ui.database.sessions.begin() as session:
        facts = {"status": answer.status}
        session.add(AuditEntry(actor=actor, action="proxy_rotated", subject=f"proxy:{proxy_id}", facts=facts))
        if answer.is_good:
            fresh = update(Proxy).where(Proxy.id == proxy_id, Proxy.state != ProxyState.DISABLED)
            await session.execute(fresh.values(state=ProxyState.UNCHECKED, trouble=""))
    return answer


async def _address_that_rotates(session: AsyncSession, ui: UiContext, proxy_id: int, actor: str) -> str:
    proxy = await find_proxy(session, proxy_id)
    field = "change_ip_url"
    if not proxy.has_change_ip_url:
        raise Conflict(f"No address that changes the IP is stored for {proxy.name}. Import it as: proxy [address]")
    sending = select(func.count()).select_from(Post).join(Account, Account.id == Post.account_id)
    if await session.scalar(sending.where(Account.proxy_id == proxy.id, Post.state == PostState.PUBLISHING)):
        raise Conflict("A post is just being sent through it. Try again in a minute.")
    opened = await ui.vault.open(session, "proxy", proxy.id, [field], actor=actor, reason="rotation")
    return opened[field].get_secret_value()
