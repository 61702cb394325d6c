"""What I am told by mail, and when."""

from typing import Any

from litestar import get, post
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.ui import quiet_hours
from igfleet.ui.forms.reading import last, listed
from igfleet.ui.injected import Session, Ui
from igfleet.ui.mail import choices
from igfleet.ui.mail.choices import Wanted
from igfleet.ui.models import MailChoice, MailPace, Role, WebhookEvent
from igfleet.ui.pages.render import go_and_say, page
from igfleet.ui.schedule.person import zone_of
from igfleet.ui.schedule.zones import zone_names
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.users import roster
from igfleet.ui.webhooks.events import EVENTS

_EVERYBODY = {"role": Role.VIEWER}
_PACES = {MailPace.AT_ONCE: "At once", MailPace.HOURLY: "Hourly", MailPace.DAILY: "Daily"}
_FIRST = [
    WebhookEvent.POST_NEEDS_PERSON.value,
    WebhookEvent.CHALLENGE_OPENED.value,
    WebhookEvent.TASK_FAILED.value,
    WebhookEvent.INCIDENT_OPENED.value,
]


@get("/me/notifications")
async def show(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """What I chose, and my mails."""
    return await _shown(request, session, ui)


@post("/me/notifications", opt=_EVERYBODY)
async def keep(request: AnyRequest, session: Session, ui: Ui) -> Redirect | Template:
    """From now on so."""
    form = await checked_form(request)
    names = ("address", "pace", "digest_at", "quiet_from", "quiet_until", "timezone")
    given = {name: last(form, name) or "" for name in names}
    wanted = Wanted(events=listed(form, "events"), urgent=listed(form, "urgent"), **given)
    person = person_of(request)
    try:
        await choices.keep(session, await roster.find(session, person.user_id), wanted, person.actor)
    except Invalid as error:
        return await _shown(request, session, ui, 422, given=wanted, wrong=error.fields or {"": str(error)})
    said = "Saved" if wanted.address.strip() else "You get no mail any more"
    return go_and_say(request, "/me/notifications", said)


@post("/me/notifications/tests", opt=_EVERYBODY)
async def test(request: AnyRequest, session: Session, ui: Ui) -> Redirect:
    """Something harmless is on its way."""
    await checked_form(request)
    await choices.test(session, ui.settings, person_of(request).user_id)
    return go_and_say(request, "/me/notifications", "A test is on its way")


async def _shown(request: AnyRequest, session: AsyncSession, ui: Any, status_code: int = 200, **told: Any) -> Template:
    user_id = person_of(request).user_id
    kept = await choices.of(session, user_id)
    context: dict[str, Any] = {
        "kept": kept,
        "given": _written(kept)
        if kept
        else Wanted("", _FIRST, [], "at_once", "08:00", "", "", await zone_of(session, user_id)),
        "wrong": {},
        "events": {event.value: label for event, label in EVENTS.items()},
        "paces": {pace.value: label for pace, label in _PACES.items()},
        "zones": zone_names(),
        "has_server": ui.settings.smtp_url is not None,
        "mails": (await choices.mails(session, user_id))[:20],
        **told,
    }
    return page(request, "mail/choices.html", "me", status_code=status_code, **context)


def _written(kept: MailChoice) -> Wanted:
    quiet, at = quiet_hours.written(kept), f"{kept.digest_at:%H:%M}"
    return Wanted(kept.address, kept.events, kept.urgent, kept.pace, at, quiet.begin, quiet.end, quiet.timezone)


HANDLERS = [show, keep, test]
