"""The older sign-in: `accounts/login/` and its second factor, and the key that hides passwords."""

import hmac
import secrets

from pydantic import JsonValue

from igfleet.sandbox.letters import masked_phone
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.mobile.session import is_right_code, session_headers
from igfleet.sandbox.people import SimAccount
from igfleet.sandbox.refusals import REFUSALS, standing_against
from igfleet.sandbox.world import World, route


@route("GET", r"/api/v1/qe/sync/", needs_session=False)
@route("POST", r"/api/v1/qe/sync/", needs_session=False)
async def password_key(world: World, _request: Request, _path: dict[str, str]) -> Answer:
    answer = Answer.ok()
    answer.headers |= world.password_key.headers()
    return answer


@route("POST", r"/api/v1/launcher/sync/", needs_session=False)
async def launcher(_world: World, _request: Request, _path: dict[str, str]) -> Answer:
    return Answer.ok()


@route("POST", r"/api/v1/accounts/login/", needs_session=False)
async def login(world: World, request: Request, _path: dict[str, str]) -> Answer:
    body = request.signed()
    account = world.accounts.get(str(body.get("username", "")))
    if account is None:
        return REFUSALS["invalid_user"].answer()
    refused = refusal(world, account, str(body.get("enc_password", "")))
    if refused is not None:
        return refused
    if account.totp_secret is not None or account.sms_two_factor:
        return _second_factor(world, account, str(body.get("guid", "")))
    return signed_in(world, account, str(body.get("guid", "")))


@route("POST", r"/api/v1/accounts/two_factor_login/", needs_session=False)
async def two_factor(world: World, request: Request, _path: dict[str, str]) -> Answer:
    body = request.signed()
    username, device = world.contexts.get(str(body.get("two_factor_identifier", "")), ("", ""))
    account = world.accounts.get(username)
    if account is None or not is_right_code(world, account, str(body.get("verification_code", ""))):
        return Answer.of({"message": "Please check the security code and try again.", "status": "fail"}, 400)
    return signed_in(world, account, device)


@route("POST", r"/api/v1/accounts/logout/", needs_session=False)
async def logout(world: World, request: Request, _path: dict[str, str]) -> Answer:
    account = world.signed_in(request)
    if account is not None:
        account.sessions.clear()
        world.keep(account)
    return Answer.ok()


def refusal(world: World, account: SimAccount, sealed_password: str) -> Answer | None:
    """What stands against a sign-in; None when nothing does."""
    opened = world.password_key.open(sealed_password)
    if opened is None or not hmac.compare_digest(opened, account.password):
        return REFUSALS["bad_password"].answer()
    return standing_against(account)


def signed_in(world: World, account: SimAccount, device: str) -> Answer:
    """The answer that carries a session."""
    answer = Answer.ok(logged_in_user=account.own())
    answer.headers |= session_headers(world, account, device)
    return answer


def second_factors(account: SimAccount) -> dict[str, JsonValue]:
    """Which second factors the account has."""
    return {
        "totp_two_factor_on": account.totp_secret is not None,
        "sms_two_factor_on": account.sms_two_factor,
        "obfuscated_phone_number": masked_phone(account.phone) if account.sms_two_factor else "",
    }


def _second_factor(world: World, account: SimAccount, device: str) -> Answer:
    context = secrets.token_hex(16)
    world.contexts[context] = (account.username, device)
    answer = REFUSALS["two_factor_required"].answer()
    info: dict[str, JsonValue] = {
        "two_factor_identifier": context,
        **second_factors(account),
        "username": account.username,
    }
    if account.totp_secret is None:
        world.letters.by_sms(account)
    refused: dict[str, JsonValue] = {
        "message": "",
        "error_type": "two_factor_required",
        "two_factor_info": info,
        "status": "fail",
    }
    return Answer.of(refused, answer.status)
