"""Changing one's own profile: its text, its link, its picture."""

import json
import secrets
from collections.abc import Callable

from pydantic import JsonValue

from igfleet.contracts.tasks import Action
from igfleet.sandbox.acts import ActKind
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.people import SimAccount
from igfleet.sandbox.refusals import REFUSALS
from igfleet.sandbox.world import World, route

_FIELDS = {"first_name": "full_name", "biography": "biography", "external_url": "external_url"}
"""What can be edited: the app's name for it, and ours."""


@route("POST", r"/api/v1/accounts/edit_profile/")
async def edit_profile(world: World, request: Request, _path: dict[str, str]) -> Answer:
    body = request.signed()
    given = {ours: str(body.get(name) or "") for name, ours in _FIELDS.items() if name in body}
    return _edited(world, request, given)


@route("POST", r"/api/v1/accounts/set_biography/")
async def set_biography(world: World, request: Request, _path: dict[str, str]) -> Answer:
    return _edited(world, request, {"biography": str(request.signed().get("raw_text") or "")})


@route("POST", r"/api/v1/accounts/update_bio_links/")
async def update_bio_links(world: World, request: Request, _path: dict[str, str]) -> Answer:
    links = json.loads(str(request.signed().get("updated_links") or "[]"))
    url = str(links[0].get("url") or "") if links else ""
    if not url:
        return Answer.of({"message": "Enter a valid link.", "status": "fail"}, 400)
    return _edited(world, request, {"external_url": url})


@route("POST", r"/api/v1/accounts/remove_bio_links/")
async def remove_bio_links(world: World, request: Request, _path: dict[str, str]) -> Answer:
    account = world.signed_in(request)
    named = request.signed().get("link_ids")
    if account is None or not isinstance(named, list) or account.link_id not in map(str, named):
        return Answer.of({"message": "There is no such link.", "status": "fail"}, 400)
    return _edited(world, request, {"external_url": ""})


@route("POST", r"/api/v1/accounts/change_profile_picture/")
async def change_picture(world: World, request: Request, _path: dict[str, str]) -> Answer:
    upload = world.uploads.covers.get((request.account or "", str(request.signed().get("upload_id", ""))))
    owner = world.signed_in(request)
    if upload is None or owner is None:
        return REFUSALS["media_needs_reupload"].answer()

    def change(account: SimAccount) -> None:
        world.store.keep_bytes(upload.sha256, bytes(upload.data))
        account.avatar_id, account.avatar_sha256 = str(world.ledger.next_pk()), upload.sha256

    facts: dict[str, JsonValue] = {"sha256": upload.sha256, "size_bytes": len(upload.data)}
    facts["before_sha256"] = owner.avatar_sha256
    return _changed(world, request, ActKind.AVATAR, "picture", facts, change)


def _edited(world: World, request: Request, given: dict[str, str]) -> Answer:
    account = world.signed_in(request)
    if account is None:
        return REFUSALS["login_required"].answer()
    differing = {name: value for name, value in given.items() if getattr(account, name) != value}

    def change(account: SimAccount) -> None:
        for name, value in differing.items():
            setattr(account, name, value)
        if "external_url" in differing:
            account.link_id = str(secrets.randbelow(10**15)) if account.external_url else ""

    before: JsonValue = {name: getattr(account, name) for name in differing}
    facts: dict[str, JsonValue] = {"before": before, "after": {**differing}}
    return _changed(world, request, ActKind.EDIT, ", ".join(given), facts, change)


def _changed(
    world: World,
    request: Request,
    kind: ActKind,
    what: str,
    facts: dict[str, JsonValue],
    change: Callable[[SimAccount], None],
) -> Answer:
    """Do it and record it; for an account whose edits are ignored, only record that it was asked for."""
    account = world.signed_in(request)
    if account is None:
        return REFUSALS["login_required"].answer()
    refused = world.limits.refusal(world.ledger.acts, account.username, Action.PROFILE_EDIT)
    if refused is not None:
        return refused
    if not account.ignores_edits:
        change(account)
        world.keep(account)
    world.ledger.acts.note(kind, request, what, **facts, is_applied=not account.ignores_edits)
    return Answer.ok(user=account.own())
