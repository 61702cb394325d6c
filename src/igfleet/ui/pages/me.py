"""My own page: password, second factor, and the browsers I am signed in with."""

from typing import Any

from litestar import get, post
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.ui.injected import Session, Ui
from igfleet.ui.models import Role, User
from igfleet.ui.pages.render import go, go_and_say, page, with_words
from igfleet.ui.pages.set_up import address_of, signed_in
from igfleet.ui.security import sessions
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.users import joining, roster, second_factor

_EVERYBODY = {"role": Role.VIEWER}
_SETS_UP = {**_EVERYBODY, "sets_up": True}
NEEDED = "/me/second-factor"


@get("/me")
async def show(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """What is mine."""
    return await _shown(request, session, ui, await _self(request, session))


@post("/me/password", opt=_EVERYBODY)
async def change_password(request: AnyRequest, session: Session, ui: Ui) -> Redirect | Template:
    """Another password; every other browser is signed out, this one gets a fresh session."""
    form = await checked_form(request)
    user = await _self(request, session)
    old, new = str(form.get("old", "")), str(form.get("password", ""))
    try:
        await joining.change_password(session, ui.database, user, old, new, address_of(request))
    except Invalid as error:
        return await _shown(request, session, ui, user, 422, wrong=error.fields)
    return await signed_in(request, session, user, with_words(request, "/me", "Your password is changed"))


@post("/me/sessions/revocation", opt=_EVERYBODY)
async def end_one(request: AnyRequest, session: Session) -> Redirect:
    """Sign out one of my browsers."""
    form = await checked_form(request)
    await sessions.close_browser(session, person_of(request).user_id, str(form.get("mark", "")))
    return go_and_say(request, "/me", "That browser is signed out")


@post("/me/sessions/others/revocation", opt=_EVERYBODY)
async def end_others(request: AnyRequest, session: Session) -> Redirect:
    """Sign out all of my browsers but this one."""
    await checked_form(request)
    person = person_of(request)
    await sessions.close_all(session, person.user_id, but=person.session_key)
    return go_and_say(request, "/me", "All other browsers are signed out")


@get(NEEDED, opt=_SETS_UP)
async def needed(request: AnyRequest, ui: Ui) -> Template | Redirect:
    """The beginning of the set-up, for who must have one."""
    return _needed(request, ui, {}) if person_of(request).lacks_second_factor(ui.settings) else go("/me")


@post("/me/second-factor", opt=_SETS_UP)
async def begin(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """A fresh seed, as a picture and as text."""
    form = await checked_form(request)
    user = await _self(request, session)
    try:
        await joining.confirm(ui.database, user, str(form.get("password", "")), address_of(request))
    except Invalid as error:
        wrong = {"again": str(error)}
        if person_of(request).lacks_second_factor(ui.settings):
            return _needed(request, ui, wrong, 422)
        return await _shown(request, session, ui, user, 422, wrong=wrong)
    return _set_up(request, ui, user, await second_factor.begin(session, ui.vault, user), {})


@post("/me/second-factor/confirmation", opt=_SETS_UP)
async def confirm(request: AnyRequest, session: Session, ui: Ui) -> Template:
    """A first code turns it on; the recovery codes are shown this once."""
    form = await checked_form(request)
    user = await _self(request, session)
    try:
        codes = await second_factor.confirm(session, ui.vault, user, str(form.get("code", "")))
    except Invalid as error:
        return _set_up(request, ui, user, await second_factor.begun(session, ui.vault, user), error.fields, 422)
    return page(request, "users/recovery.html", "me", codes=codes, **_alone(request, ui))


@post("/me/second-factor/removal", opt=_EVERYBODY)
async def turn_off(request: AnyRequest, session: Session, ui: Ui) -> Redirect | Template:
    """Only the password is asked for from now on."""
    form = await checked_form(request)
    user = await _self(request, session)
    try:
        await joining.confirm(ui.database, user, str(form.get("password", "")), address_of(request))
    except Invalid as error:
        return await _shown(request, session, ui, user, 422, wrong={"again": str(error)})
    await second_factor.turn_off(session, ui.vault, user, person_of(request).actor)
    return go_and_say(request, "/me", "The second factor is off")


async def _self(request: AnyRequest, session: AsyncSession) -> User:
    return await roster.find(session, person_of(request).user_id)


def _needed(request: AnyRequest, ui: Ui, wrong: dict[str, str], status_code: int = 200) -> Template:
    whom = "everybody" if ui.settings.require_second_factor == "all" else "every admin"
    told: dict[str, Any] = {"whom": whom, "wrong": wrong, **_alone(request, ui)}
    return page(request, "users/second_factor_needed.html", status_code=status_code, **told)


def _alone(request: AnyRequest, ui: Ui) -> dict[str, Any]:
    """Without the navigation, for whom nothing else is open."""
    return {"person": None} if person_of(request).lacks_second_factor(ui.settings) else {}


def _set_up(
    request: AnyRequest, ui: Ui, user: User, seed: str, wrong: dict[str, str], status_code: int = 200
) -> Template:
    side, dots = second_factor.picture(second_factor.address_of(user, seed))
    grouped = " ".join(seed[at : at + 4] for at in range(0, len(seed), 4))
    context: dict[str, Any] = {"side": side, "dots": dots, "seed": grouped, "wrong": wrong, **_alone(request, ui)}
    return page(request, "users/second_factor.html", "me", status_code=status_code, **context)


async def _shown(
    request: AnyRequest, session: AsyncSession, ui: Any, user: User, status_code: int = 200, **told: Any
) -> Template:
    key = person_of(request).session_key
    context: dict[str, Any] = {
        "user": user,
        "codes_left": await second_factor.codes_left(session, user),
        "browsers": await sessions.browsers_of(session, ui.settings, user.id, key),
        "wrong": {},
        **told,
    }
    return page(request, "users/me.html", "me", status_code=status_code, **context)


HANDLERS = [show, change_password, end_one, end_others, needed, begin, confirm, turn_off]
