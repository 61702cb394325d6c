"""The newer sign-in: the Bloks dialogue of the Android app, on `b.i.instagram.com`."""

import json
import secrets

from pydantic import JsonValue

from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.mobile.legacy_login import refusal
from igfleet.sandbox.mobile.session import is_right_code, session_headers
from igfleet.sandbox.people import SimAccount
from igfleet.sandbox.world import World, route

_CAA = r"/api/v1/bloks/async_action/com\.bloks\.www\."
_TWO_STEP = "com.bloks.www.two_step_verification.entrypoint"
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
    if account.totp_secret is None:
        return _signed_in(world, account, device)
    context = secrets.token_hex(16)
    world.contexts[context] = (account.username, device)
    pairs = f'(f4i (dkc "two_step_verification_context") (dkc {json.dumps(context)}))'
    return _payload(f"(open {json.dumps(_TWO_STEP)} {pairs})")


@route("POST", r"/api/v1/bloks/apps/com\.bloks\.www\.(ap\.)?two_step_verification\..*", needs_session=False)
@route("POST", _CAA + r"two_step_verification\.method_picker\.navigation\.async/", needs_session=False)
async def two_step_screens(_world: World, _request: Request, _path: dict[str, str]) -> Answer:
    return _payload("")


@route("POST", _CAA + r"two_step_verification\.verify_code\.async/", needs_session=False)
async def verify_code(world: World, request: Request, _path: dict[str, str]) -> Answer:
    given, server = _params(request)
    username, device = world.contexts.get(str(server.get("two_step_verification_context", "")), ("", ""))
    account = world.accounts.get(username)
    if account is None or not is_right_code(account, str(given.get("code", ""))):
        return _payload("(wrong_code)")
    return _signed_in(world, account, device)


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
