"""A reel that a person publishes in the app, while igfleet works on the same account."""

import hashlib
import secrets
from typing import TYPE_CHECKING

from igfleet import clock
from igfleet.sandbox.ledger import Published, shortcode

if TYPE_CHECKING:
    from igfleet.sandbox.people import SimAccount
    from igfleet.sandbox.world import World

DEVICE = "a person's phone"


def post_by_hand(world: "World", account: "SimAccount", caption: str, duration_s: float) -> Published:
    """Publish it at once. The ledger knows it by its device; no bytes are kept of it."""
    pk = world.ledger.next_pk()
    invented = hashlib.sha256(secrets.token_bytes(16)).hexdigest()
    medium = Published(
        pk=pk,
        code=shortcode(pk),
        account=account.username,
        account_pk=account.pk,
        upload_id=str(pk),
        sha256=invented,
        cover_sha256=invented,
        size_bytes=0,
        caption=caption,
        usertags=[],
        location="",
        duration_s=duration_s,
        width=270,
        height=480,
        at=clock.now().isoformat(),
        device=DEVICE,
        proxy="",
        acknowledged=True,
    )
    world.ledger.publish(medium)
    return medium
