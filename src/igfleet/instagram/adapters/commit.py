"""The one irreversible call: the library's own request, sent once, ended when its time is over."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from instagrapi.mixins.clip import UploadClipMixin

from igfleet.contracts.posts import PostOutcome
from igfleet.instagram.adapters.commit_answers import Answer, outcome_of
from igfleet.instagram.adapters.held import Held
from igfleet.instagram.adapters.transport import SendOnce
from igfleet.instagram.gateway import Reel


@dataclass(frozen=True, slots=True)
class PreparedReel:
    """A reel whose bytes Instagram holds, with its place and mentions found."""

    reel: Reel
    location: str
    usertags: str

    @property
    def upload_id(self) -> str:
        return self.reel.upload_id


def configure_request(client: Any, prepared: PreparedReel) -> tuple[str, dict[str, object]]:
    """Endpoint and fields, made by the library's own code: it runs on a stand-in that sends nothing."""
    desk = _Desk(client, prepared.location)
    reel = prepared.reel
    UploadClipMixin.clip_configure(
        desk,
        reel.upload_id,
        reel.cover,
        reel.width,
        reel.height,
        reel.duration_s,
        reel.caption,
        extra_data={"usertags": prepared.usertags},
    )
    return desk.endpoint, desk.fields


def send_commit(client: Any, transport: SendOnce, prepared: PreparedReel, window: timedelta) -> PostOutcome:
    """Send the publish request, at most once and on a connection of its own. Never raises for what the other side did.

    Everything that can fail on this side is done before the request is begun.
    """
    endpoint, fields = configure_request(client, prepared)
    transport.forget_connections()
    client.last_response = None
    with transport.wire.only_one() as wire, transport.within(window.total_seconds()), Held() as held:
        client.private_request(endpoint, fields)
    return outcome_of(_answer(client.last_response, held.error, wire.has_left, wire.is_late))


def _answer(response: object, error: Exception | None, has_left: bool, is_late: bool) -> Answer:
    if not isinstance(response, requests.Response):
        return Answer(None, b"", error=error, has_left=has_left, is_late=is_late)
    return Answer(response.status_code, response.content, error=error, has_left=True, is_late=is_late)


class _Desk:
    """Stands in for the client while the library fills in the form: uploads nothing, asks nothing, sends nothing."""

    def __init__(self, client: Any, location: str) -> None:
        self.endpoint = ""
        self.fields: dict[str, object] = {}
        self.timezone_offset = client.timezone_offset
        self.device = client.device
        self.with_default_data = client.with_default_data
        self._location = location

    def photo_rupload(self, *_: object, **__: object) -> None:
        """The cover is there already."""

    def location_build(self, _: object) -> str:
        return self._location

    def private_request(self, endpoint: str, data: dict[str, object], with_signature: bool = True) -> None:
        self.endpoint, self.fields = endpoint, data
