"""Leased accounts for tests: invented names, made-up sessions."""

import json
from pathlib import Path

from pydantic import SecretStr

from igfleet.contracts.leases import LeasedAccount, SessionKind, SessionMaterial
from igfleet.instagram.adapters.commit import PreparedReel
from igfleet.instagram.gateway import Reel


def material(**settings: object) -> SessionMaterial:
    return SessionMaterial(kind=SessionKind.MOBILE, settings=SecretStr(json.dumps(settings)))


def signed_in(user_id: int = 4711, **settings: object) -> LeasedAccount:
    """An account with a stored session that nobody has checked yet."""
    authorization = {"ds_user_id": str(user_id), "sessionid": f"{user_id}:made-up:1"}
    return LeasedAccount(id=1, username="nord_01", sessions=(material(authorization_data=authorization, **settings),))


def a_prepared_reel(folder: Path) -> PreparedReel:
    reel = Reel(
        video=folder / "clip.mp4",
        cover=folder / "cover.jpg",
        caption='Sea & "sand" 🌊\nsecond line',
        upload_id="1700000000001",
        duration_s=2.04,
        width=270,
        height=480,
    )
    return PreparedReel(reel, location="{}", usertags='{"in": []}')
