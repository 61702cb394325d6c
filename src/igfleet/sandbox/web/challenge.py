"""The page that has a code sent and asks for it: at a sign-in, or in the middle of everything."""

from igfleet.sandbox.letters import masked_mail, masked_phone
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.people import AccountState, SimAccount
from igfleet.sandbox.web.pages import page
from igfleet.sandbox.web.session import give_session, is_forged
from igfleet.sandbox.web.site import WWW
from igfleet.sandbox.world import World, route

_PATH = r"/challenge/(?P<pk>\d+)/code/"
_BY_MAIL = (AccountState.MAILED_CODE, AccountState.CHALLENGE_EMAIL)
_BY_SMS = (AccountState.CHALLENGE_SMS,)


@route("GET", _PATH, needs_session=False, host=WWW)
async def code_page(world: World, request: Request, path: dict[str, str]) -> Answer:
    account = _account(world, request, path)
    if account is None:
        return Answer.redirect("/")
    by_mail = account.state in _BY_MAIL
    to = masked_mail(account.email) if by_mail else masked_phone(account.phone)
    is_sent = world.letters.is_awaited(account)
    return page(world, request, "challenge", to=to, choice="1" if by_mail else "0", is_sent=is_sent)


@route("POST", _PATH, needs_session=False, host=WWW)
async def way_or_code(world: World, request: Request, path: dict[str, str]) -> Answer:
    """The choice has a code sent; the right code settles it, and ends a sign-in that it interrupted."""
    account = _account(world, request, path)
    if account is None or is_forged(request):
        return Answer.of({"message": "This page is not for you", "status": "fail"}, 403)
    form = request.form()
    if "choice" in form:
        send = world.letters.by_mail if account.state in _BY_MAIL else world.letters.by_sms
        send(account)
        return Answer.ok()
    if not world.letters.is_right(account, form.get("security_code", "")):
        return Answer.of({"message": "Please check the code we sent you and try again.", "status": "fail"}, 400)
    world.settled(account)
    answer = Answer.ok(location="/")
    return answer if world.signed_in(request) else give_session(world, account, request, answer)


def _account(world: World, request: Request, path: dict[str, str]) -> SimAccount | None:
    """The one that a code settles."""
    found = world.account_of(int(path["pk"]))
    if found is None or found.state not in _BY_MAIL + _BY_SMS:
        return None
    request.account = found.username
    return found
