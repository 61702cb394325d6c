"""Webhooks: where outcomes are told, and what became of each telling, mails to people among them."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.ui.forms.reading import last, listed
from igfleet.ui.injected import Session, Ui
from igfleet.ui.mail import choices
from igfleet.ui.models import Role, WebhookEvent, WebhookFormat
from igfleet.ui.pages.render import go_and_say, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.webhooks import verbs
from igfleet.ui.webhooks.events import EVENTS
from igfleet.ui.webhooks.verbs import NewWebhook

_ADMIN = {"role": Role.ADMIN}
_FIRST = (WebhookEvent.POST_FAILED, WebhookEvent.POST_NEEDS_PERSON, WebhookEvent.CHALLENGE_OPENED)


@get("/settings/webhooks", opt=_ADMIN)
async def show(request: AnyRequest, session: Session) -> Template:
    """The webhooks, the form of a new one, and the newest deliveries."""
    return page(request, "webhooks/list.html", "keys", **await _shown(session))


@post("/settings/webhooks", opt=_ADMIN)
async def make(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """A new one; its secret is shown this once."""
    form = await checked_form(request)
    given = {name: last(form, name) or "" for name in ("name", "address", "format", "chat")}
    given["events"] = " ".join(listed(form, "events"))
    try:
        made = await verbs.make(session, ui.vault, ui.settings, _wanted(given), person_of(request).actor)
    except Invalid as error:
        context = await _shown(session, given=given, wrong=error.fields or {"": str(error)})
        return page(request, "webhooks/list.html", "keys", status_code=422, **context)
    return page(request, "webhooks/list.html", "keys", **await _shown(session, secret=made.secret))


@post("/settings/webhooks/{webhook_id:int}/deletion", opt=_ADMIN)
async def remove(request: AnyRequest, webhook_id: FromPath[int], session: Session) -> Redirect:
    """Nothing more is told there."""
    await checked_form(request)
    await verbs.remove(session, webhook_id, person_of(request).actor)
    return go_and_say(request, "/settings/webhooks", "The webhook is removed")


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
    await verbs.replay(session, delivery_id, person_of(request).actor)
    return go_and_say(request, "/settings/webhooks", "It is sent again")


@post("/settings/webhooks/mails/{mail_id:int}/replay", opt=_ADMIN)
async def resend(request: AnyRequest, mail_id: FromPath[int], session: Session) -> Redirect:
    """A mail that was given up, once more."""
    await checked_form(request)
    await choices.resend(session, mail_id, person_of(request).actor)
    return go_and_say(request, "/settings/webhooks", "The mail is sent again")


def _wanted(given: dict[str, str]) -> NewWebhook:
    """Raises `Invalid`."""
    if given["format"] not in set(WebhookFormat):
        raise Invalid("Choose a format.", {"format": "Choose one."})
    events = [WebhookEvent(word) for word in given["events"].split() if word in set(EVENTS)]
    return NewWebhook(given["name"], given["address"], WebhookFormat(given["format"]), events, given["chat"])


async def _shown(
    session: AsyncSession,
    *,
    secret: str = "",
    given: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> dict[str, Any]:
    await session.flush()  # what was just made is listed
    first = {"name": "", "address": "", "format": WebhookFormat.JSON.value, "chat": "", "events": " ".join(_FIRST)}
    return {
        "webhooks": await verbs.webhooks(session),
        "deliveries": await verbs.deliveries(session),
        "mails": await choices.mails(session),
        "events": {event.value: label for event, label in EVENTS.items()},
        "secret": secret,
        "given": given or first,
        "wrong": wrong or {},
    }


HANDLERS = [show, make, remove, test, replay, resend]
