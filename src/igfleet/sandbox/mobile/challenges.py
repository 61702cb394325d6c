"""Challenges in answer to any call: by which way the code is sent, and the code."""

from pydantic import JsonValue

from igfleet.sandbox.letters import masked_mail, masked_phone
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.mobile.session import session_headers
from igfleet.sandbox.people import AccountState, SimAccount
from igfleet.sandbox.refusals import REFUSALS
from igfleet.sandbox.world import World, route

_PATH = r"/api(?:/v1)?/challenge/(?P<pk>\d+)/(?P<nonce>\w+)/"
_WITH_CODE = (AccountState.CHALLENGE_EMAIL, AccountState.CHALLENGE_SMS)


@route("GET", _PATH, needs_session=False)
async def what_is_wanted(world: World, request: Request, path: dict[str, str]) -> Answer:
    account = _account(world, request, path)
    if account is None or account.state not in _WITH_CODE:
        return REFUSALS["not_found"].answer()
    by_mail = account.state == AccountState.CHALLENGE_EMAIL
    way: dict[str, JsonValue] = (
        {"email": masked_mail(account.email)} if by_mail else {"phone_number": masked_phone(account.phone)}
    )
    return Answer.ok(step_name="select_verify_method", step_data={"choice": "1" if by_mail else "0", **way})


@route("POST", _PATH, needs_session=False)
async def way_or_code(world: World, request: Request, path: dict[str, str]) -> Answer:
    """The choice has a code sent; the right code settles it, and ends a sign-in that it interrupted."""
    account = _account(world, request, path)
    if account is None or account.state not in _WITH_CODE:
        return REFUSALS["not_found"].answer()
    body = request.signed()
    if "choice" in body:
        send = world.letters.by_mail if account.state == AccountState.CHALLENGE_EMAIL else world.letters.by_sms
        send(account)
        return Answer.ok(step_name="verify_code", step_data={"form_type": "code"})
    if not world.letters.is_right(account, str(body.get("security_code", ""))):
        return Answer.of({"message": "Please check the code we sent you and try again.", "status": "fail"}, 400)
    world.settled(account)
    answer = Answer.ok(action="close")
    if world.signed_in(request) is None:
        answer.headers |= session_headers(world, account, request.headers.get("x-ig-device-id", ""))
    return answer


def _account(world: World, request: Request, path: dict[str, str]) -> SimAccount | None:
    found = next((account for account in world.accounts.values() if account.pk == int(path["pk"])), None)
    request.account = found.username if found else request.account
    return found
