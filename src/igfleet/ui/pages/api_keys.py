"""Keys of the operator API: one's own, and for an admin everybody's."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.errors import Invalid
from igfleet.ui.forms.reading import last, listed
from igfleet.ui.injected import Session
from igfleet.ui.keys import verbs
from igfleet.ui.keys.verbs import NewKey
from igfleet.ui.models import Role
from igfleet.ui.pages.render import go_and_say, page
from igfleet.ui.security.gate import AnyRequest, checked_form, person_of
from igfleet.ui.security.sessions import SignedIn

_DAYS = (30, 90, 365)


@get("/settings/keys")
async def show(request: AnyRequest, session: Session) -> Template:
    """The keys that work, and the form of a new one."""
    return page(request, "keys/list.html", "keys", **await _shown(session, person_of(request)))


@post("/settings/keys")
async def make(request: AnyRequest, session: Session) -> Template:
    """A new key, shown this once."""
    form, person = await checked_form(request), person_of(request)
    given = {name: last(form, name) or "" for name in ("name", "role", "write", "days", "tags", "clients")}
    given["kinds"] = " ".join(kinds := listed(form, "kinds"))
    try:
        async with session.begin_nested():
            made = await verbs.make(session, person.user_id, _wanted(given, kinds), person.actor)
    except Invalid as error:
        context = await _shown(session, person, given=given, wrong=error.fields or {"": str(error)})
        return page(request, "keys/list.html", "keys", status_code=422, **context)
    base = str(request.base_url).rstrip("/")
    return page(request, "keys/list.html", "keys", **await _shown(session, person, made=made.token, base=base))


@post("/settings/keys/{key_id:int}/revocation")
async def revoke(request: AnyRequest, key_id: FromPath[int], session: Session) -> Redirect:
    """It stops working within a second."""
    await checked_form(request)
    person = person_of(request)
    await verbs.revoke(session, key_id, person.actor, of_user=None if _sees_all(person) else person.user_id)
    return go_and_say(request, "/settings/keys", "The key is revoked")


def _wanted(given: dict[str, str], kinds: list[str]) -> NewKey:
    """Raises `Invalid`."""
    if given["role"] not in set(Role):
        raise Invalid("Choose a role.", {"role": "Choose one."})
    days = given["days"].strip()
    if days and (not days.isascii() or not days.isdecimal() or len(days) > 5):
        raise Invalid("The days are not a number.", {"days": "is not a number of days"})
    return NewKey(
        name=given["name"],
        role=Role(given["role"]),
        may_write=given["write"] == "yes",
        kinds=kinds,
        tags=_words(given["tags"]),
        clients=_words(given["clients"]),
        days=int(days) if days else None,
    )


def _words(text: str) -> list[str]:
    """Names with commas between: a client's name may have spaces."""
    return list(dict.fromkeys(word for part in text.split(",") if (word := part.strip())))


def _sees_all(person: SignedIn) -> bool:
    return person.role.includes(Role.ADMIN)


async def _shown(
    session: AsyncSession,
    person: SignedIn,
    *,
    made: str = "",
    base: str = "",
    given: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> dict[str, Any]:
    first = {"name": "", "role": Role.OPERATOR.value, "write": "", "days": "90", "tags": "", "clients": "", "kinds": ""}
    return {
        "keys": await verbs.listed(session, None if _sees_all(person) else person.user_id),
        "roles": [role for role in Role if person.role.includes(role)],
        "day_choices": _DAYS,
        "given": given or first,
        "wrong": wrong or {},
        "made": made,
        "base": base,
    }


HANDLERS = [show, make, revoke]
