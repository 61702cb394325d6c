"""How accounts stand to each other."""

from pydantic import JsonValue

from igfleet.contracts.tasks import Action
from igfleet.sandbox.acts import ActKind
from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.people import SimAccount
from igfleet.sandbox.world import World, route

_REFUSED: dict[str, JsonValue] = {"message": "Invalid target user", "status": "fail"}


@route("GET", r"/api/v1/friendships/show/(?P<pk>\d+)/")
async def show(world: World, request: Request, path: dict[str, str]) -> Answer:
    target = world.account_of(int(path["pk"]))
    return _nobody() if target is None else Answer.ok(**_status(world, request.account or "", target))


@route("POST", r"/api/v1/friendships/create/(?P<pk>\d+)/")
async def create(world: World, request: Request, path: dict[str, str]) -> Answer:
    viewer, target = request.account or "", world.account_of(int(path["pk"]))
    if target is None:
        return _nobody()
    if target.refuses_follows or target.username == viewer:
        return Answer.of(_REFUSED, 400)
    refused = world.limits.refusal(world.ledger.acts, viewer, Action.FOLLOW)
    if refused is not None:
        return refused
    world.ledger.acts.note(ActKind.FOLLOW, request, target.username, requested=target.is_private)
    return Answer.ok(friendship_status=_status(world, viewer, target), previous_following=False)


@route("POST", r"/api/v1/friendships/destroy/(?P<pk>\d+)/")
async def destroy(world: World, request: Request, path: dict[str, str]) -> Answer:
    target = world.account_of(int(path["pk"]))
    if target is None:
        return _nobody()
    world.ledger.acts.note(ActKind.UNFOLLOW, request, target.username)
    return Answer.ok(friendship_status=_status(world, request.account or "", target))


def may_see(world: World, viewer: str, account: SimAccount) -> bool:
    """Whether somebody is shown what the account has: a private one is for those it let follow."""
    if not account.is_private or account.username == viewer:
        return True
    follow = world.ledger.acts.standing(ActKind.FOLLOW, viewer, account.username)
    return follow is not None and not follow.facts.get("requested")


def _status(world: World, viewer: str, target: SimAccount) -> dict[str, JsonValue]:
    acts = world.ledger.acts
    mine = acts.standing(ActKind.FOLLOW, viewer, target.username)
    theirs = acts.standing(ActKind.FOLLOW, target.username, viewer)
    asked = mine is not None and bool(mine.facts.get("requested"))
    return {
        "following": mine is not None and not asked,
        "outgoing_request": asked,
        "followed_by": theirs is not None and not theirs.facts.get("requested"),
        "incoming_request": theirs is not None and bool(theirs.facts.get("requested")),
        "is_private": target.is_private,
        "blocking": False,
        "is_bestie": False,
        "is_blocking_reel": False,
        "is_muting_reel": False,
        "is_restricted": False,
        "is_feed_favorite": False,
        "muting": False,
    }


def _nobody() -> Answer:
    return Answer.of({"message": "User not found", "status": "fail"}, 404)
