"""The newer sign-in: the Bloks dialogue of the Android app, on `b.i.instagram.com`."""

import json
import secrets

from pydantic import JsonValue

from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.mobile.legacy_login import refusal, second_factors
from igfleet.sandbox.mobile.session import is_right_code, session_headers
from igfleet.sandbox.people import AccountState, SimAccount
from igfleet.sandbox.world import World, route

_CAA = r"/api/v1/bloks/async_action/com\.bloks\.www\."
_TWO_STEP = "com.bloks.www.two_step_verification.entrypoint"
_AP = "com.bloks.www.ap.two_step_verification"
_DETOUR = "CAA_LOGIN_FALLBACK:sandbox"


@route("POST", r"/graphql_www", needs_session=False)
async def device_registration(_world: World, _request: Request, _path: dict[str, str]) -> Answer:
    return Answer.of({"data": {"1$usdid_registration(input:$input)": {"success": True}}})


@route("POST", _CAA + r"bloks\.caa\.login\.process_client_data_and_redirect/", needs_session=False)
async def access_context(_world: World, _request: Request, _path: dict[str, str]) -> Answer:
    node: JsonValue = {"data": {"key": "CAA_ACCOUNT_ACCESS_CONTEXT:aac", "initial": secrets.token_urlsafe(24)}}
    return _payload("", [node])


@route("POST", r"/api/v1/attestation/create_android_keystore/", needs_session=False)
async def attestation(_world: World, _request: Request, _path: dict[str, str]) -> Answer:
    return Answer.ok(challenge_nonce=secrets.token_urlsafe(16), key_nonce=secrets.token_urlsafe(16))


@route("POST", _CAA + r"caa\.login\.oauth\.token\.fetch\.async/", needs_session=False)
async def token_fetch(_world: World, _request: Request, _path: dict[str, str]) -> Answer:
    return _payload("")


@route("POST", _CAA + r"bloks\.caa\.login\.async\.send_login_request/", needs_session=False)
async def send_login(world: World, request: Request, _path: dict[str, str]) -> Answer:
    given, server = _params(request)
    account = world.accounts.get(str(given.get("contact_point", "")))
    if account is None or refusal(world, account, str(given.get("password", ""))) is not None:
        return _payload(json.dumps(_DETOUR), [{"data": _DETOUR}])
    device = str(server.get("qe_device_id", ""))
    if account.state == AccountState.MAILED_CODE:
        return _opens(world, _AP + ".entrypoint_async", "context_data", account, device)
    if account.totp_secret is None and not account.sms_two_factor:
        return _signed_in(world, account, device)
    return _opens(world, _TWO_STEP, "two_step_verification_context", account, device, [second_factors(account)])


@route("POST", _CAA + r"ap\.two_step_verification\.entrypoint_async/", needs_session=False)
async def mails_a_code(world: World, request: Request, _path: dict[str, str]) -> Answer:
    """The dialogue of the mailed code begins: now the code is sent."""
    account, device = _in_dialogue(world, request, "context_data")
    if account is None:
        return _payload("(nothing)")
    world.letters.by_mail(account)
    return _opens(world, _AP + ".code_entry", "context_data", account, device)


@route("POST", r"/api/v1/bloks/apps/com\.bloks\.www\.ap\.two_step_verification\.code_entry/", needs_session=False)
async def wants_the_mailed_code(world: World, request: Request, _path: dict[str, str]) -> Answer:
    account, device = _in_dialogue(world, request, "context_data")
    if account is None:
        return _payload("(nothing)")
    return _opens(world, _AP + ".code_entry_async", "context_data", account, device)


@route("POST", _CAA + r"ap\.two_step_verification\.code_entry_async/", needs_session=False)
async def takes_the_mailed_code(world: World, request: Request, _path: dict[str, str]) -> Answer:
    given, _ = _params(request)
    account, device = _in_dialogue(world, request, "context_data")
    if account is None or not world.letters.is_right(account, str(given.get("code", ""))):
        return _payload("(wrong_code)")
    world.settled(account)
    return _signed_in(world, account, device)


@route("POST", r"/api/v1/bloks/apps/com\.bloks\.www\.two_step_verification\..*", needs_session=False)
async def two_step_screens(_world: World, _request: Request, _path: dict[str, str]) -> Answer:
    return _payload("")


@route("POST", _CAA + r"two_step_verification\.method_picker\.navigation\.async/", needs_session=False)
async def method_chosen(world: World, request: Request, _path: dict[str, str]) -> Answer:
    given, _ = _params(request)
    account, _ = _in_dialogue(world, request, "two_step_verification_context")
    if account is not None and given.get("selected_method") == "sms":
        world.letters.by_sms(account)
    return _payload("")


@route("POST", _CAA + r"two_step_verification\.verify_code\.async/", needs_session=False)
async def verify_code(world: World, request: Request, _path: dict[str, str]) -> Answer:
    given, _ = _params(request)
    account, device = _in_dialogue(world, request, "two_step_verification_context")
    if account is None or not is_right_code(world, account, str(given.get("code", ""))):
        return _payload("(wrong_code)")
    return _signed_in(world, account, device)


def _in_dialogue(world: World, request: Request, key: str) -> tuple[SimAccount | None, str]:
    """Whose dialogue it is, and on which device."""
    _, server = _params(request)
    username, device = world.contexts.get(str(server.get(key, "")), ("", ""))
    return world.accounts.get(username), device


def _opens(
    world: World, app: str, key: str, account: SimAccount, device: str, data: list[JsonValue] | None = None
) -> Answer:
    """Leads to the dialogue's next screen, with a token for it."""
    context = secrets.token_hex(16)
    world.contexts[context] = (account.username, device)
    pairs = f"(f4i (dkc {json.dumps(key)}) (dkc {json.dumps(context)}))"
    return _payload(f"(open {json.dumps(app)} {pairs})", data)


def _params(request: Request) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    loaded = json.loads(request.form().get("params", "{}"))
    return loaded.get("client_input_params") or {}, loaded.get("server_params") or {}


def _payload(action: str, data: list[JsonValue] | None = None) -> Answer:
    return Answer.ok(layout={"bloks_payload": {"data": data or [], "action": action}})


def _signed_in(world: World, account: SimAccount, device: str) -> Answer:
    headers = session_headers(world, account, device)
    cookie = headers.pop("set-cookie")
    inner = {
        "login_response": json.dumps({"logged_in_user": account.own(), "status": "ok"}),
        "headers": json.dumps({"IG-Set-Authorization": headers["ig-set-authorization"], **headers}),
        "cookies": f"Set-Cookie: {cookie}",
    }
    answer = _payload(f"(login {json.dumps(json.dumps(inner))})")
    answer.headers["set-cookie"] = cookie
    return answer
