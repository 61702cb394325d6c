"""Signing in on the web site."""

import hmac
import secrets

from pydantic import JsonValue

from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.mobile.legacy_login import second_factors
from igfleet.sandbox.mobile.session import is_right_code
from igfleet.sandbox.people import AccountState, SimAccount
from igfleet.sandbox.refusals import standing_against
from igfleet.sandbox.web.session import give_session, is_forged
from igfleet.sandbox.web.site import WWW
from igfleet.sandbox.web.stops import Stop, code_wanted, stop_of
from igfleet.sandbox.world import World, route

_SEAL = "#PWD_INSTAGRAM_BROWSER:0:"
_FORGED = "CSRF token missing or incorrect"


@route("POST", r"/api/v1/web/accounts/login/ajax/", needs_session=False, host=WWW)
async def login(world: World, request: Request, _path: dict[str, str]) -> Answer:
    if is_forged(request):
        return Answer.of({"message": _FORGED, "status": "fail"}, 403)
    form = request.form()
    account = world.accounts.get(form.get("username", ""))
    if account is None:
        return Answer.ok(user=False, authenticated=False)
    if not hmac.compare_digest(_opened(form.get("enc_password", "")), account.password):
        return Answer.ok(user=True, userId=str(account.pk), authenticated=False, oneTapPrompt=False)
    if (stopped := _in_the_way(account)) is not None:
        return stopped
    if account.totp_secret is not None or account.sms_two_factor:
        return _second_factor(world, account)
    return _signed_in(world, account, request)


@route("POST", r"/api/v1/web/accounts/login/ajax/two_factor/", needs_session=False, host=WWW)
async def two_factor(world: World, request: Request, _path: dict[str, str]) -> Answer:
    if is_forged(request):
        return Answer.of({"message": _FORGED, "status": "fail"}, 403)
    form = request.form()
    username, _ = world.contexts.get(form.get("identifier", ""), ("", ""))
    account = world.accounts.get(username)
    if account is None or not is_right_code(world, account, form.get("verificationCode", "")):
        refused: dict[str, JsonValue] = {"message": "", "error_type": "sms_code_validation_error", "status": "fail"}
        return Answer.of(refused, 400)
    return _in_the_way(account) or _signed_in(world, account, request)


def _opened(sealed: str) -> str:
    """The password inside `#PWD_INSTAGRAM_BROWSER:0:<time>:<password>`; the sandbox takes it in the clear."""
    return sealed.removeprefix(_SEAL).partition(":")[2] if sealed.startswith(_SEAL) else ""


def _signed_in(world: World, account: SimAccount, request: Request) -> Answer:
    answer = Answer.ok(authenticated=True, user=True, userId=str(account.pk), oneTapPrompt=True)
    return give_session(world, account, request, answer)


def _second_factor(world: World, account: SimAccount) -> Answer:
    context = secrets.token_hex(16)
    world.contexts[context] = account.username, ""
    info: dict[str, JsonValue] = {
        "two_factor_identifier": context,
        **second_factors(account),
        "username": account.username,
    }
    if account.totp_secret is None:
        world.letters.by_sms(account)
    wanted: dict[str, JsonValue] = {"message": "", "two_factor_required": True, "two_factor_info": info}
    return Answer.of({**wanted, "status": "fail"}, 400)


def _in_the_way(account: SimAccount) -> Answer | None:
    """What the account's state answers to a sign-in, at each of its steps; None when nothing is in the way."""
    if account.state == AccountState.MAILED_CODE:
        return _stopped(code_wanted(account), Answer())
    refused = standing_against(account)
    return None if refused is None else _stopped(stop_of(account), refused)


def _stopped(stop: Stop | None, refused: Answer) -> Answer:
    """Where the site sends a browser whose account it has stopped."""
    if stop is None:
        return refused
    body: dict[str, JsonValue] = {
        "message": "checkpoint_required",
        "checkpoint_url": stop.path,
        "lock": stop.is_locked,
        "flow_render_type": 0,
        "status": "fail",
    }
    return Answer.of(body, 400)
