"""What an admin does about webhooks: make, remove, test, send again."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from igfleet.errors import Invalid, NotFound, WrongState
from igfleet.settings import UiSettings
from igfleet.ui.models import (
    AuditEntry,
    DataKey,
    Delivery,
    DeliveryState,
    SealedSecret,
    Webhook,
    WebhookEvent,
    WebhookFormat,
)
from igfleet.ui.vault import Vault

OWNER = "webhook"
_LONGEST = 100
_LONGEST_ADDRESS = 2000
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class NewWebhook:
    name: str
    address: str
    format: WebhookFormat
    events: Sequence[WebhookEvent]
    chat: str = ""


async def make(session: AsyncSession, vault: Vault, settings: UiSettings, new: NewWebhook, actor: str) -> str:
    """Store it; its signing secret, which can be shown only now. Audited. Raises `Invalid`."""
    host = _checked(new, settings)
    webhook = Webhook(
        name=new.name.strip(),
        host=host,
        format=new.format,
        chat=new.chat.strip(),
        events=[event.value for event in dict.fromkeys(new.events)],
        created_by=actor,
    )
    session.add(webhook)
    await session.flush()  # the id is needed to seal
    secret = f"igfh_{secrets.token_urlsafe(32)}"
    await vault.seal(session, OWNER, webhook.id, {"address": new.address.strip(), "secret": secret})
    facts = {"name": webhook.name, "host": host, "events": webhook.events}
    session.add(AuditEntry(actor=actor, action="webhook_made", subject=f"webhook:{webhook.id}", facts=facts))
    return secret


async def remove(session: AsyncSession, webhook_id: int, actor: str) -> None:
    """Nothing more is told there, and what was told is forgotten. Audited. Raises `NotFound`."""
    webhook = await _find(session, webhook_id)
    await session.delete(webhook)
    for table in (SealedSecret, DataKey):
        await session.execute(delete(table).where(table.owner == OWNER, table.owner_id == webhook_id))
    facts = {"name": webhook.name}
    session.add(AuditEntry(actor=actor, action="webhook_removed", subject=f"webhook:{webhook_id}", facts=facts))


async def test(session: AsyncSession, webhook_id: int) -> Delivery:
    """Send it something harmless. Raises `NotFound`."""
    webhook = await _find(session, webhook_id)
    delivery = Delivery(webhook_id=webhook.id, event=WebhookEvent.TEST, subject_id=webhook.id)
    session.add(delivery)
    await session.flush()
    return delivery


async def replay(session: AsyncSession, delivery_id: int, actor: str) -> Delivery:
    """Send the same once more, now, and try as often as the first time. Audited. Raises `NotFound`, `WrongState`."""
    delivery = await session.get(Delivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise NotFound(f"There is no delivery {delivery_id}.")
    if delivery.state == DeliveryState.WAITING and delivery.attempts == 0:
        raise WrongState("It is about to be sent.")
    delivery.state, delivery.attempts, delivery.next_at = DeliveryState.WAITING, 0, await _now(session)
    facts = {"delivery": delivery_id}
    subject = f"webhook:{delivery.webhook_id}"
    session.add(AuditEntry(actor=actor, action="delivery_replayed", subject=subject, facts=facts))
    return delivery


async def webhooks(session: AsyncSession) -> list[Webhook]:
    """All of them, by name."""
    return list(await session.scalars(select(Webhook).order_by(Webhook.name, Webhook.id)))


async def deliveries(session: AsyncSession) -> list[Delivery]:
    """The newest, with their webhooks."""
    query = select(Delivery).order_by(Delivery.id.desc()).limit(_SHOWN).options(joinedload(Delivery.webhook))
    return list(await session.scalars(query))


async def _find(session: AsyncSession, webhook_id: int) -> Webhook:
    found = await session.get(Webhook, webhook_id)
    if found is None:
        raise NotFound(f"There is no webhook {webhook_id}.")
    return found


async def _now(session: AsyncSession) -> datetime:
    return (await session.execute(select(func.now()))).scalar_one()


def _checked(new: NewWebhook, settings: UiSettings) -> str:
    """The host of the address."""
    wrong: dict[str, str] = {}
    if not new.name.strip() or len(new.name) > _LONGEST or not new.name.strip().isprintable():
        wrong["name"] = f"Give it a name of at most {_LONGEST} characters."
    host = _host(new.address.strip())
    if host is None:
        wrong["address"] = "Write an address, as in https://hooks.example/igfleet"
    elif settings.is_live and not new.address.strip().startswith("https://"):
        wrong["address"] = "In live mode the address must begin with https://"
    if not new.events:
        wrong["events"] = "Choose at least one event."
    if new.format is WebhookFormat.TELEGRAM and not 0 < len(new.chat.strip()) <= _LONGEST:
        wrong["chat"] = "Telegram needs the id of the chat."
    if wrong:
        raise Invalid(" ".join(wrong.values()), wrong)
    assert host is not None
    return host


def _host(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(address) > _LONGEST_ADDRESS:
        return None
    if parts.username is not None or not address.isprintable():
        return None
    return f"{parts.hostname}:{port}" if port else parts.hostname
