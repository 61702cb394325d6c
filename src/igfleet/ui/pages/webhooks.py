"""Webhooks: where outcomes are told, and what became of each telling, mails to people among them."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet import clock
from igfleet.errors import Invalid
from igfleet.ui.forms.reading import last, listed
from igfleet.ui.injected import Session, Ui
from igfleet.ui.mail import choices
from igfleet.ui.models import Role, Webhook, WebhookEvent, WebhookFormat
from igfleet.ui.pages.render import go_and_say, page
from igfleet.ui.quiet_hours import QuietHours, written
from igfleet.ui.schedule.person import zone_of
from igfleet.ui.schedule.zones import UTC_ZONE, zone_names
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.webhooks import verbs
from igfleet.ui.webhooks.events import EVENTS
from igfleet.ui.webhooks.order import held_until
from igfleet.ui.webhooks.verbs import NewWebhook

_KEPT = ("name", "address", "format", "chat", "quiet_from", "quiet_until", "timezone")
_ADMIN = {"role": Role.ADMIN}
_FIRST = [WebhookEvent.POST_FAILED, WebhookEvent.POST_NEEDS_PERSON, WebhookEvent.CHALLENGE_OPENED]


@get("/settings/webhooks", opt=_ADMIN)
async def show(request: AnyRequest, session: Session) -> Template:
    """The webhooks, the form of a new one, and the newest deliveries."""
    return page(request, "webhooks/list.html", "keys", **await _shown(request, session))


@post("/settings/webhooks", opt=_ADMIN)
async def make(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """A new one; its secret is shown this once."""
    form = await checked_form(request)
    given: dict[str, Any] = {name: last(form, name) or "" for name in _KEPT}
    given |= {name: listed(form, name) for name in ("events", "urgent")}
    try:
        made = await verbs.make(session, ui.vault, ui.settings, _wanted(given), person_of(request).actor)
    except Invalid as error:
        context = await _shown(request, session, given=given, wrong=error.fields or {"": str(error)})
        return page(request, "webhooks/list.html", "keys", status_code=422, **context)
    return page(request, "webhooks/list.html", "keys", **await _shown(request, session, secret=made.secret))


@post("/settings/webhooks/{webhook_id:int}/deletion", opt=_ADMIN)
async def remove(request: AnyRequest, webhook_id: FromPath[int], session: Session) -> Redirect:
    """Nothing more is told there."""
    await checked_form(request)
    await verbs.remove(session, webhook_id, person_of(request).actor)
    return go_and_say(request, "/settings/webhooks", "The webhook is removed")


@get("/settings/webhooks/{webhook_id:int}/quiet-hours", opt=_ADMIN)
async def quiet_hours(request: AnyRequest, webhook_id: FromPath[int], session: Session) -> Template:
    """When it is told only what is urgent."""
    webhook = await verbs.find(session, webhook_id)
    quiet = written(webhook)
    given = {"quiet_from": quiet.begin, "quiet_until": quiet.end, "timezone": quiet.timezone, "urgent": webhook.urgent}
    return _quiet_hours(request, webhook, given)


@post("/settings/webhooks/{webhook_id:int}/quiet-hours", opt=_ADMIN)
async def set_quiet_hours(request: AnyRequest, webhook_id: FromPath[int], session: Session) -> Redirect | Template:
    """From now on so."""
    form = await checked_form(request)
    given: dict[str, Any] = {name: last(form, name) or "" for name in ("quiet_from", "quiet_until", "timezone")}
    given["urgent"] = listed(form, "urgent")
    try:
        await verbs.set_quiet_hours(session, webhook_id, _quiet(given), given["urgent"], person_of(request).actor)
    except Invalid as error:
        webhook = await verbs.find(session, webhook_id)
        return _quiet_hours(request, webhook, given, error.fields or {"": str(error)})
    return go_and_say(request, "/settings/webhooks", "The quiet hours are set")


@post("/settings/webhooks/{webhook_id:int}/tests", opt=_ADMIN)
async def test(request: AnyRequest, webhook_id: FromPath[int], session: Session) -> Redirect:
    """Something harmless is on its way."""
    await checked_form(request)
    await verbs.test(session, webhook_id)
    return go_and_say(request, "/settings/webhooks", "A test is on its way")


@post("/settings/webhooks/deliveries/{delivery_id:int}/replay", opt=_ADMIN)
async def replay(request: AnyRequest, delivery_id: FromPath[int], session: Session) -> Redirect:
    """The same once more."""
    await checked_form(request)
    delivery = await verbs.replay(session, delivery_id, person_of(request).actor)
    is_held = held_until(delivery, clock.now()) is not None
    said = "It is sent again when the quiet hours are over" if is_held else "It is sent again"
    return go_and_say(request, "/settings/webhooks", said)


@post("/settings/webhooks/mails/{mail_id:int}/replay", opt=_ADMIN)
async def resend(request: AnyRequest, mail_id: FromPath[int], session: Session) -> Redirect:
    """A mail that was given up, once more."""
    await checked_form(request)
    await choices.resend(session, mail_id, person_of(request).actor)
    return go_and_say(request, "/settings/webhooks", "The mail is sent again")


def _quiet_hours(
    request: AnyRequest, webhook: Webhook, given: dict[str, Any], wrong: dict[str, str] | None = None
) -> Template:
    context: dict[str, Any] = {
        "webhook": webhook,
        "given": given,
        "wrong": wrong or {},
        "events": {event.value: label for event, label in EVENTS.items() if event in webhook.events},
        "zones": zone_names(),
    }
    return page(request, "webhooks/quiet_hours.html", "keys", status_code=422 if wrong else 200, **context)


def _quiet(given: dict[str, Any]) -> QuietHours:
    return QuietHours(given["quiet_from"], given["quiet_until"], given["timezone"] or UTC_ZONE)


def _wanted(given: dict[str, Any]) -> NewWebhook:
    """Raises `Invalid`."""
    if given["format"] not in set(WebhookFormat):
        raise Invalid("Choose a format.", {"format": "Choose one."})
    events, urgent = ([event for event in EVENTS if event in given[name]] for name in ("events", "urgent"))
    name, address, chat = given["name"], given["address"], given["chat"]
    return NewWebhook(name, address, WebhookFormat(given["format"]), events, chat, _quiet(given), urgent)


async def _shown(
    request: AnyRequest,
    session: AsyncSession,
    *,
    secret: str = "",
    given: dict[str, Any] | None = None,
    wrong: dict[str, str] | None = None,
) -> dict[str, Any]:
    await session.flush()  # what was just made is listed
    deliveries, now = await verbs.deliveries(session), clock.now()
    first = dict.fromkeys(_KEPT, "") | {"format": WebhookFormat.JSON.value, "events": _FIRST, "urgent": []}
    first["timezone"] = await zone_of(session, person_of(request).user_id)
    return {
        "webhooks": await verbs.webhooks(session),
        "deliveries": deliveries,
        "held": {one.id: held_until(one, now) for one in deliveries},
        "mails": await choices.mails(session),
        "events": {event.value: label for event, label in EVENTS.items()},
        "zones": zone_names(),
        "secret": secret,
        "given": given or first,
        "wrong": wrong or {},
    }


HANDLERS = [show, make, remove, quiet_hours, set_quiet_hours, test, replay, resend]
