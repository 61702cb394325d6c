"""The control API: set the stage, read the ledger. Plain HTTP on its own loopback port; see docs/sandbox.md."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from igfleet.sandbox import proxy_control
from igfleet.sandbox.by_hand import post_by_hand
from igfleet.sandbox.faults import Fault
from igfleet.sandbox.limits import Limit
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.people import AccountState
from igfleet.sandbox.refusals import REFUSALS
from igfleet.sandbox.switches import Switches
from igfleet.sandbox.world import ROUTES

if TYPE_CHECKING:
    from igfleet.sandbox.sandbox import Sandbox


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAccount(_Body):
    """An account to add, or to change."""

    username: Annotated[str, Field(pattern=r"^[A-Za-z0-9._]{1,30}$")]
    password: str
    totp_secret: str | None = None
    state: AccountState = AccountState.OK
    full_name: str | None = None
    biography: str | None = None
    external_url: str | None = None
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] | None = None
    """Of the web site after sign-in."""
    is_private: bool | None = None
    refuses_follows: bool | None = None
    ignores_edits: bool | None = None
    email: str | None = None
    email_password: str | None = None
    phone: str | None = None
    sms_two_factor: bool | None = None
    pictures: Annotated[int, Field(ge=0, le=100)] = 0
    """At least so many invented pictures for others to like."""
    stories: Annotated[int, Field(ge=0, le=100)] = 0
    """At least so many invented stories for others to look at."""

    def traits(self) -> dict[str, str | bool]:
        """What is set beside the sign-in; None leaves a trait as it is."""
        signs_in = {"username", "password", "totp_secret", "state", "pictures", "stories"}
        return self.model_dump(exclude=signs_in, exclude_none=True)


class NewAccounts(_Body):
    accounts: Annotated[list[NewAccount], Field(max_length=10_000)]


class NewMedium(_Body):
    """A reel that a person publishes in the app."""

    account: str
    caption: str = "Posted by hand"
    duration_s: Annotated[float, Field(gt=0, le=900)] = 3.0


class Removal(_Body):
    """A reel that somebody removes, or Instagram takes down: no listing shows it any more."""

    pk: str


class ListingDelay(_Body):
    """How long a new medium stays out of listings."""

    seconds: Annotated[float, Field(ge=0, le=86_400)]


class UploadIds(_Body):
    """Whether listings tell what an uploader called its upload."""

    shown: bool


class Approval(_Body):
    """Whose owner says in the app: It was me."""

    account: str


class Expire(_Body):
    """Whose sessions end now; all when None."""

    account: str | None = None


class DolphinPlan(_Body):
    """What the stand-in for Dolphin Anty may do: the free plan cannot be automated."""

    plan: Literal["free", "paid"]


type Command = Callable[["Sandbox", Request], JsonValue | Awaitable[JsonValue]]


def _status(sandbox: "Sandbox", _request: Request) -> JsonValue:
    world = sandbox.world
    return {
        "accounts": len(world.accounts),
        "media": len(world.ledger.media),
        "duplicates": len(world.ledger.duplicates()),
        "overlaps": len(world.ledger.overlaps),
        "leaks": sum(world.ledger.leaks.values()),
        "faults": len(world.faults.waiting),
        **sandbox.addresses(),
    }


def _dolphin(sandbox: "Sandbox", _request: Request) -> JsonValue:
    return sandbox.dolphin.shown()


def _set_dolphin(sandbox: "Sandbox", request: Request) -> JsonValue:
    sandbox.dolphin.is_free = DolphinPlan.model_validate_json(request.body).plan == "free"
    return sandbox.dolphin.shown()


def _ledger(sandbox: "Sandbox", _request: Request) -> JsonValue:
    return sandbox.world.ledger.shown()


def _accounts(sandbox: "Sandbox", _request: Request) -> JsonValue:
    return {"accounts": [account.public() for account in sandbox.world.accounts.values()]}


def _add_accounts(sandbox: "Sandbox", request: Request) -> JsonValue:
    body = NewAccounts.model_validate_json(request.body)
    for new in body.accounts:
        account = sandbox.world.add_account(new.username, new.password, new.totp_secret, new.state)
        sandbox.world.furnish(account, pictures=new.pictures, stories=new.stories, **new.traits())
    return {"added": len(body.accounts)}


def _faults(sandbox: "Sandbox", _request: Request) -> JsonValue:
    return {
        "faults": [fault.model_dump(mode="json") for fault in sandbox.world.faults.waiting],
        "refusals": [*REFUSALS],
    }


def _add_fault(sandbox: "Sandbox", request: Request) -> JsonValue:
    fault = Fault.model_validate_json(request.body)
    sandbox.world.faults.add(fault)
    return fault.model_dump(mode="json")


def _clear_faults(sandbox: "Sandbox", _request: Request) -> JsonValue:
    sandbox.world.faults.clear()
    return {"faults": []}


def _limits(sandbox: "Sandbox", _request: Request) -> JsonValue:
    return {"limits": [limit.model_dump(mode="json") for limit in sandbox.world.limits.all]}


def _add_limit(sandbox: "Sandbox", request: Request) -> JsonValue:
    limit = Limit.model_validate_json(request.body)
    sandbox.world.limits.all.append(limit)
    return limit.model_dump(mode="json")


def _clear_limits(sandbox: "Sandbox", _request: Request) -> JsonValue:
    sandbox.world.limits.all.clear()
    return {"limits": []}


def _set_delay(sandbox: "Sandbox", request: Request) -> JsonValue:
    body = ListingDelay.model_validate_json(request.body)
    sandbox.world.ledger.visible_delay = timedelta(seconds=body.seconds)
    return {"seconds": body.seconds}


def _show_upload_ids(sandbox: "Sandbox", request: Request) -> JsonValue:
    sandbox.world.ledger.shows_upload_ids = UploadIds.model_validate_json(request.body).shown
    return {"shown": sandbox.world.ledger.shows_upload_ids}


def _journal(sandbox: "Sandbox", request: Request) -> JsonValue:
    wanted = request.query.get("account")
    entries = [asdict(entry) for entry in sandbox.world.journal if wanted is None or entry.account == wanted]
    return {"requests": [*entries]}


def _switch(sandbox: "Sandbox", request: Request) -> JsonValue:
    sandbox.world.web = Switches.model_validate({**sandbox.world.web.model_dump(), **request.json()})
    shown: JsonValue = sandbox.world.web.model_dump()
    return shown


def _expire(sandbox: "Sandbox", request: Request) -> JsonValue:
    body = Expire.model_validate_json(request.body or b"{}")
    ended = 0
    for account in sandbox.world.accounts.values():
        if body.account in (None, account.username):
            ended += len(account.sessions)
            account.sessions.clear()
            sandbox.world.keep(account)
    return {"ended": ended}


def _letters(sandbox: "Sandbox", request: Request) -> JsonValue:
    wanted = request.query.get("account")
    sent = [letter.shown() for letter in sandbox.world.letters.sent if wanted is None or letter.account == wanted]
    return {"letters": [*sent]}


def _approve(sandbox: "Sandbox", request: Request) -> JsonValue:
    body = Approval.model_validate_json(request.body)
    account = sandbox.world.accounts.get(body.account)
    if account is None:
        return {"approved": False, "was": None}
    was = account.state
    sandbox.world.settled(account)
    return {"approved": True, "was": was}


def _reset(sandbox: "Sandbox", _request: Request) -> JsonValue:
    world = sandbox.world
    world.store.clear()
    world.accounts.clear()
    sandbox.proxy.exits.clear()
    world.ledger.clear()
    world.items.clear()
    world.faults.clear()
    world.limits.all.clear()
    world.ledger.visible_delay, world.ledger.shows_upload_ids = timedelta(), False
    world.journal.clear()
    world.letters.clear()
    world.web = Switches()
    sandbox.dolphin.is_free = False
    return {"reset": True}


def _add_medium(sandbox: "Sandbox", request: Request) -> JsonValue:
    body = NewMedium.model_validate_json(request.body)
    account = sandbox.world.accounts.get(body.account)
    if account is None:
        return {"error": f"there is no account {body.account}"}
    medium = post_by_hand(sandbox.world, account, body.caption, body.duration_s)
    return {"pk": str(medium.pk), "code": medium.code}


def _remove_medium(sandbox: "Sandbox", request: Request) -> JsonValue:
    medium = sandbox.world.ledger.find(Removal.model_validate_json(request.body).pk)
    if medium is None:
        return {"removed": False}
    sandbox.world.ledger.remove(medium)
    return {"removed": True}


COMMANDS: dict[tuple[str, str], Command] = {
    ("GET", "/v1/status"): _status,
    ("GET", "/v1/ledger"): _ledger,
    ("GET", "/v1/dolphin"): _dolphin,
    ("POST", "/v1/dolphin"): _set_dolphin,
    ("POST", "/v1/media"): _add_medium,
    ("DELETE", "/v1/media"): _remove_medium,
    ("GET", "/v1/accounts"): _accounts,
    ("POST", "/v1/accounts"): _add_accounts,
    ("GET", "/v1/faults"): _faults,
    ("POST", "/v1/faults"): _add_fault,
    ("DELETE", "/v1/faults"): _clear_faults,
    ("GET", "/v1/limits"): _limits,
    ("POST", "/v1/limits"): _add_limit,
    ("DELETE", "/v1/limits"): _clear_limits,
    ("POST", "/v1/publish_visible_delay"): _set_delay,
    ("POST", "/v1/upload_ids"): _show_upload_ids,
    ("GET", "/v1/journal"): _journal,
    ("POST", "/v1/web"): _switch,
    ("GET", "/v1/proxies"): proxy_control.show,
    ("POST", "/v1/proxies"): proxy_control.add,
    ("POST", "/v1/rotation"): proxy_control.rotate,
    ("POST", "/v1/sessions/expire"): _expire,
    ("GET", "/v1/letters"): _letters,
    ("POST", "/v1/approvals"): _approve,
    ("POST", "/v1/reset"): _reset,
}
_PAGES = ("/reel/", "/videos/", "/covers/", "/avatars/")


async def handle(sandbox: "Sandbox", request: Request) -> Answer:
    """Answer one call of the control API, or show a published reel."""
    command = COMMANDS.get((request.method, request.path))
    if command is None:
        return await _page(sandbox, request)
    if request.headers.get("origin") or request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return Answer.of({"error": "not for web pages"}, 403)
    try:
        made = command(sandbox, request)
        return Answer(200, json.dumps(made).encode(), {"content-type": "application/json"})
    except ValidationError as error:
        wrong: list[JsonValue] = [
            {"field": ".".join(map(str, item["loc"])), "problem": item["msg"]} for item in error.errors()
        ]
        return Answer.of({"error": "wrong body", "fields": wrong}, 422)


async def _page(sandbox: "Sandbox", request: Request) -> Answer:
    if request.method == "GET" and request.path.startswith(_PAGES):
        for known in ROUTES:
            found = known.pattern.fullmatch(request.path)
            if found and known.method == "GET" and not known.needs_session:
                return await known.handler(sandbox.world, request, found.groupdict())
    return Answer.of({"error": "unknown call", "known": [f"{method} {path}" for method, path in COMMANDS]}, 404)
