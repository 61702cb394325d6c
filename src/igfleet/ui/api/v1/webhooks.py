"""Webhooks: where outcomes are told, and what became of each telling."""

from datetime import datetime, time
from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from pydantic import ConfigDict, Field, PlainSerializer

from igfleet.contracts.base import Word
from igfleet.ui.api.v1.access import ADMINS, Caller
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, RowId, View, rows_of
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Delivery, DeliveryState, WebhookEvent, WebhookFormat
from igfleet.ui.quiet_hours import QuietHours
from igfleet.ui.schedule.zones import UTC_ZONE
from igfleet.ui.webhooks import verbs

Events = Annotated[tuple[WebhookEvent, ...], Field(min_length=1, max_length=len(WebhookEvent))]
Urgent = Annotated[tuple[WebhookEvent, ...], Field(max_length=len(WebhookEvent))]


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


TimeOfDay = Annotated[time, PlainSerializer(_clock, return_type=str, when_used="json")]
"""By the clock of a zone, as 22:00: JSON's own form of a time has an offset."""
Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")]


class WebhookView(View):
    """One address that is told; the address itself is never shown."""

    id: int
    name: str
    host: str
    """Of the address."""
    format: WebhookFormat
    chat: str
    """Telegram's chat_id."""
    events: list[WebhookEvent]
    quiet_from: TimeOfDay | None
    """With `quiet_until`: the hours in which it is told only what is urgent. The rest is told when they end."""
    quiet_until: TimeOfDay | None
    timezone: str
    """By whose clock the quiet hours are."""
    urgent: list[WebhookEvent]
    """Of the events: those told in quiet hours too."""
    created_at: datetime
    created_by: str


class WebhookMade(WebhookView):
    secret: str
    """It signs what is sent. It is shown only now."""


class NewWebhook(Body):
    """An address to tell."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Desk", "address": "https://hooks.example/igfleet", "events": ["post_failed"]}]
        }
    )
    name: Word
    address: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
    format: WebhookFormat = WebhookFormat.JSON
    events: Events
    chat: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    """Telegram's chat_id; needed with that format."""
    quiet_from: Clock = ""
    """With `quiet_until`: the hours, as in 22:00, in which it is told only what is urgent. Empty: none."""
    quiet_until: Clock = ""
    timezone: Word = UTC_ZONE
    urgent: Urgent = ()
    """Of the events: those told in quiet hours too."""


class WebhookChange(Body):
    """Its name and what it is told from now on. For another address, make another webhook."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Desk", "events": ["post_failed"]}]})
    name: Word
    events: Events


class QuietHoursChange(Body):
    """When it is told only what is urgent, from now on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"quiet_from": "22:00", "quiet_until": "07:00", "timezone": "Europe/Oslo", "urgent": []}]
        }
    )
    quiet_from: Clock
    """As in 22:00. Both times empty: never."""
    quiet_until: Clock
    timezone: Word = UTC_ZONE
    urgent: Urgent = ()
    """Of the events of the webhook: those told in quiet hours too."""


class WebhookRemoved(View):
    name: str


class DeliveryView(View):
    """One event for one webhook."""

    id: int
    webhook_id: int
    event: WebhookEvent
    subject_id: int
    """The post, challenge, task, worker … that it is about."""
    state: DeliveryState
    attempts: int
    next_at: datetime
    """Of `waiting`: when it is tried."""
    status: int | None
    """Of the last answer."""
    answer: str
    """The beginning of what came back, or why nothing did."""
    created_at: datetime
    delivered_at: datetime | None


@get("/webhooks", opt=ADMINS, tags=["Webhooks"])
async def list_webhooks(caller: Caller, session: Session) -> Page[WebhookView]:
    """List the webhooks, by name. They are few: there is one page."""
    return Page[WebhookView](items=[WebhookView.model_validate(row) for row in await verbs.webhooks(session)])


@post("/webhooks", opt=ADMINS, status_code=201, tags=["Webhooks"])
async def make_webhook(data: JSONBody[NewWebhook], caller: Caller, session: Session, ui: Ui) -> WebhookMade:
    """Tell an address from now on. The answer has the secret that signs what is sent."""
    quiet = QuietHours(data.quiet_from, data.quiet_until, data.timezone)
    new = verbs.NewWebhook(data.name, data.address, data.format, data.events, data.chat, quiet, data.urgent)
    made = await verbs.make(session, ui.vault, ui.settings, new, caller.actor)
    return WebhookMade(**WebhookView.model_validate(made.webhook).model_dump(), secret=made.secret)


@put("/webhooks/{webhook_id:int}", opt=ADMINS, tags=["Webhooks"])
async def change_webhook(
    webhook_id: FromPath[int], data: JSONBody[WebhookChange], caller: Caller, session: Session
) -> WebhookView:
    """Change the name of a webhook and what it is told."""
    return WebhookView.model_validate(await verbs.change(session, webhook_id, data.name, data.events, caller.actor))


@put("/webhooks/{webhook_id:int}/quiet-hours", opt=ADMINS, tags=["Webhooks"])
async def set_quiet_hours(
    webhook_id: FromPath[int], data: JSONBody[QuietHoursChange], caller: Caller, session: Session
) -> WebhookView:
    """Set the hours in which a webhook is told only what is urgent. What waits already follows them."""
    quiet = QuietHours(data.quiet_from, data.quiet_until, data.timezone)
    changed = await verbs.set_quiet_hours(session, webhook_id, quiet, data.urgent, caller.actor)
    return WebhookView.model_validate(changed)


@delete("/webhooks/{webhook_id:int}", opt=ADMINS, status_code=200, tags=["Webhooks"])
async def remove_webhook(webhook_id: FromPath[int], caller: Caller, session: Session) -> WebhookRemoved:
    """Tell nothing more there, and forget what was told."""
    return WebhookRemoved(name=await verbs.remove(session, webhook_id, caller.actor))


@post("/webhooks/{webhook_id:int}/tests", opt=ADMINS, status_code=201, tags=["Webhooks"])
async def test_webhook(webhook_id: FromPath[int], caller: Caller, session: Session) -> DeliveryView:
    """Send something harmless. It is on its way when this answers: look at the delivery."""
    return DeliveryView.model_validate(await verbs.test(session, webhook_id))


@get("/webhooks/deliveries", opt=ADMINS, tags=["Webhooks"])
async def list_deliveries(
    caller: Caller,
    session: Session,
    webhook_id: RowId = None,
    wanted: Annotated[DeliveryState | None, QueryParameter(name="state")] = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Page[DeliveryView]:
    """List what was told in the last 30 days, the newest first."""
    query = verbs.told(webhook_id, wanted)
    rows, following = await rows_of(session, query, Delivery.id, cursor, limit, newest=True)
    return Page[DeliveryView](items=[DeliveryView.model_validate(row) for row in rows], next_cursor=following)


@post("/webhooks/deliveries/{delivery_id:int}/replay", opt=ADMINS, status_code=200, tags=["Webhooks"])
async def replay_delivery(delivery_id: FromPath[int], caller: Caller, session: Session) -> DeliveryView:
    """Send the same once more, now, and try as often as the first time."""
    return DeliveryView.model_validate(await verbs.replay(session, delivery_id, caller.actor))


HANDLERS = [
    list_webhooks,
    make_webhook,
    change_webhook,
    set_quiet_hours,
    remove_webhook,
    test_webhook,
    list_deliveries,
    replay_delivery,
]
