"""Who an account is, and who others are."""

import re

from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.people import SimAccount
from igfleet.sandbox.refusals import REFUSALS
from igfleet.sandbox.world import World, route


@route("GET", r"/api/v1/accounts/current_user/")
async def current_user(world: World, request: Request, _path: dict[str, str]) -> Answer:
    account = world.signed_in(request)
    return Answer.ok(user=account.own()) if account else REFUSALS["login_required"].answer()


@route("GET", r"/api/v1/users/(?P<pk>\d+)/info/")
async def user_info(world: World, _request: Request, path: dict[str, str]) -> Answer:
    return _full(world, world.account_of(int(path["pk"])))


@route("GET", r"/api/v1/users/(?P<name>[A-Za-z0-9._]+)/usernameinfo/")
async def username_info(world: World, _request: Request, path: dict[str, str]) -> Answer:
    return _full(world, world.accounts.get(path["name"]))


@route("GET", r"/api/v1/users/search/")
async def search_users(world: World, request: Request, _path: dict[str, str]) -> Answer:
    wanted = re.escape(request.query.get("q", ""))
    found = [
        account.short() for account in world.accounts.values() if re.match(wanted, account.username, re.IGNORECASE)
    ]
    return Answer.ok(users=[*found[:20]], num_results=len(found))


def _full(world: World, account: SimAccount | None) -> Answer:
    if account is None:
        return Answer.of({"message": "User not found", "status": "fail"}, 404)
    return Answer.ok(user=account.full(len(world.ledger.of(account.username))))
