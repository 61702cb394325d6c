"""Webhooks: where outcomes are told, and what became of each telling."""

from datetime import datetime
from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from pydantic import ConfigDict, Field

from igfleet.contracts.base import Word
from igfleet.ui.api.v1.access import ADMINS, Caller
from igfleet.ui.api.v1.paging import USUAL, Body, Cursor, Limit, Page, RowId, View, rows_of
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Delivery, DeliveryState, WebhookEvent, WebhookFormat
from igfleet.ui.webhooks import verbs

Events = Annotated[tuple[WebhookEvent, ...], Field(min_length=1, max_length=len(WebhookEvent))]


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


class WebhookChange(Body):
    """Its name and what it is told from now on. For another address, make another webhook."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Desk", "events": ["post_failed"]}]})
    name: Word
    events: Events


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
    new = verbs.NewWebhook(data.name, data.address, data.format, data.events, data.chat)
    made = await verbs.make(session, ui.vault, ui.settings, new, caller.actor)
    return WebhookMade(**WebhookView.model_validate(made.webhook).model_dump(), secret=made.secret)


@put("/webhooks/{webhook_id:int}", opt=ADMINS, tags=["Webhooks"])
async def change_webhook(
    webhook_id: FromPath[int], data: JSONBody[WebhookChange], caller: Caller, session: Session
) -> WebhookView:
    """Change the name of a webhook and what it is told."""
    return WebhookView.model_validate(await verbs.change(session, webhook_id, data.name, data.events, caller.actor))


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
    remove_webhook,
    test_webhook,
    list_deliveries,
    replay_delivery,
]
