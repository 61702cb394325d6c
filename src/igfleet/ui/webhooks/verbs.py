"""What an admin does about webhooks: make, remove, set their quiet hours, test, send again."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Select, delete, func, select
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
from igfleet.ui.quiet_hours import NEVER, QuietHours, checked, written
from igfleet.ui.vault import Vault
from igfleet.ui.webhooks.events import EVENTS

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
    quiet: QuietHours = NEVER
    urgent: Sequence[WebhookEvent] = ()
    """Of the events: those told in quiet hours too."""


@dataclass(frozen=True, slots=True)
class Made:
    webhook: Webhook
    secret: str
    """It signs what is sent, and can be shown only now."""


async def make(session: AsyncSession, vault: Vault, settings: UiSettings, new: NewWebhook, actor: str) -> Made:
    """Store it. Audited. Raises `Invalid`."""
    host, quiet = _checked(new, settings)
    webhook = Webhook(
        name=new.name.strip(),
        host=host,
        format=new.format,
        chat=new.chat.strip(),
        events=[event.value for event in dict.fromkeys(new.events)],
        urgent=[event.value for event in dict.fromkeys(new.events) if event in set(new.urgent)],
        **quiet,
        created_by=actor,
    )
    session.add(webhook)
    await session.flush()  # the id is needed to seal
    secret = f"igfh_{secrets.token_urlsafe(32)}"
    await vault.seal(session, OWNER, webhook.id, {"address": new.address.strip(), "secret": secret})
    facts = {"name": webhook.name, "host": host, "events": webhook.events}
    session.add(AuditEntry(actor=actor, action="webhook_made", subject=f"webhook:{webhook.id}", facts=facts))
    return Made(webhook, secret)


async def change(
    session: AsyncSession, webhook_id: int, name: str, events: Sequence[WebhookEvent], actor: str
) -> Webhook:
    """Call it so, and tell it these from now on; address and secret stay. Audited. Raises `NotFound`, `Invalid`."""
    webhook = await find(session, webhook_id)
    wrong = _wrong_words(name, events)
    if wrong:
        raise Invalid(" ".join(wrong.values()), wrong)
    before = {"name": webhook.name, "events": webhook.events}
    webhook.name, webhook.events = name.strip(), [event.value for event in dict.fromkeys(events)]
    webhook.urgent = _urgent(webhook.urgent, webhook.events)
    facts = {"before": before, "after": {"name": webhook.name, "events": webhook.events}}
    session.add(AuditEntry(actor=actor, action="webhook_changed", subject=f"webhook:{webhook_id}", facts=facts))
    return webhook


async def remove(session: AsyncSession, webhook_id: int, actor: str) -> str:
    """Nothing more is told there, and what was told is forgotten. Its name. Audited. Raises `NotFound`."""
    webhook = await find(session, webhook_id)
    await session.delete(webhook)
    for table in (SealedSecret, DataKey):
        await session.execute(delete(table).where(table.owner == OWNER, table.owner_id == webhook_id))
    facts = {"name": webhook.name}
    session.add(AuditEntry(actor=actor, action="webhook_removed", subject=f"webhook:{webhook_id}", facts=facts))
    return webhook.name


async def set_quiet_hours(
    session: AsyncSession, webhook_id: int, wanted: QuietHours, urgent: Sequence[str], actor: str
) -> Webhook:
    """From now on so; what waits is told by these. Audited. Raises `NotFound`, `Invalid`."""
    webhook = await find(session, webhook_id)
    wrong: dict[str, str] = {}
    quiet = checked(wanted, wrong)
    if wrong:
        raise Invalid(" ".join(wrong.values()), wrong)
    before = _quiet_facts(webhook)
    for name, value in quiet.items():
        setattr(webhook, name, value)
    webhook.urgent = _urgent(urgent, webhook.events)
    facts = {"name": webhook.name, "before": before, "after": _quiet_facts(webhook)}
    subject = f"webhook:{webhook_id}"
    session.add(AuditEntry(actor=actor, action="webhook_quiet_hours_set", subject=subject, facts=facts))
    return webhook


async def test(session: AsyncSession, webhook_id: int) -> Delivery:
    """Send it something harmless. Raises `NotFound`."""
    webhook = await find(session, webhook_id)
    delivery = Delivery(webhook_id=webhook.id, event=WebhookEvent.TEST, subject_id=webhook.id)
    session.add(delivery)
    await session.flush()
    return delivery


async def replay(session: AsyncSession, delivery_id: int, actor: str) -> Delivery:
    """Send the same once more, and try as often as the first time; quiet hours hold it as well. Audited.

    Raises `NotFound`, `WrongState`.
    """
    one = select(Delivery).where(Delivery.id == delivery_id).options(joinedload(Delivery.webhook))
    delivery = await session.scalar(one.with_for_update(of=Delivery))
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


def told(webhook_id: int | None = None, state: str | None = None) -> Select[Delivery]:
    """What was told, with the webhooks: to one of them, in a state, or all."""
    query = select(Delivery).options(joinedload(Delivery.webhook))
    query = query if webhook_id is None else query.where(Delivery.webhook_id == webhook_id)
    return query if state is None else query.where(Delivery.state == state)


async def deliveries(session: AsyncSession, webhook_id: int | None = None) -> list[Delivery]:
    """The newest."""
    return list(await session.scalars(told(webhook_id).order_by(Delivery.id.desc()).limit(_SHOWN)))


async def find(session: AsyncSession, webhook_id: int) -> Webhook:
    """Raises `NotFound`."""
    found = await session.get(Webhook, webhook_id)
    if found is None:
        raise NotFound(f"There is no webhook {webhook_id}.")
    return found


async def _now(session: AsyncSession) -> datetime:
    return (await session.execute(select(func.now()))).scalar_one()


def _urgent(urgent: Sequence[str], events: Sequence[str]) -> list[str]:
    return [event for event in dict.fromkeys(events) if event in set(urgent)]


def _quiet_facts(webhook: Webhook) -> dict[str, object]:
    return {**asdict(written(webhook)), "urgent": list(webhook.urgent)}


def _checked(new: NewWebhook, settings: UiSettings) -> tuple[str, dict[str, Any]]:
    """The host of the address, and the columns of the quiet hours."""
    wrong = _wrong_words(new.name, new.events)
    host = _host(new.address.strip())
    if host is None:
        wrong["address"] = "Write an address, as in https://hooks.example/igfleet"
    elif settings.is_live and not new.address.strip().startswith("https://"):
        wrong["address"] = "In live mode the address must begin with https://"
    if new.format is WebhookFormat.TELEGRAM and not 0 < len(new.chat.strip()) <= _LONGEST:
        wrong["chat"] = "Telegram needs the id of the chat."
    quiet = checked(new.quiet, wrong)
    if wrong:
        raise Invalid(" ".join(wrong.values()), wrong)
    assert host is not None
    return host, quiet


def _wrong_words(name: str, events: Sequence[WebhookEvent]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not name.strip() or len(name) > _LONGEST or not name.strip().isprintable():
        wrong["name"] = f"Give it a name of at most {_LONGEST} characters."
    if not events or not EVENTS.keys() >= set(events):
        wrong["events"] = "Choose at least one event."
    return wrong


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
