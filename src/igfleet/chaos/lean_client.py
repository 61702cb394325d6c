"""A small client of the simulated Instagram, for campaigns of ten thousand posts: the same calls, none of the weight.

It stands where instagrapi stands, behind the same gate, permit and journal. What a campaign proves about the protocol
does not depend on which client sends the bytes; the adapter of the real library is proven by its own tests.
"""

import base64
import json
import os
import time
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from igfleet.chaos.wire import Answered, NotConnected, Wire
from igfleet.contracts.leases import SessionKind, SessionMaterial
from igfleet.contracts.posts import PostOutcome
from igfleet.contracts.tasks import Action
from igfleet.errors import NeedsPerson, NetworkTrouble, ProxyTrouble
from igfleet.instagram.adapters.commit_answers import Answer, outcome_of
from igfleet.instagram.adapters.media_shape import seen_media
from igfleet.instagram.adapters.refusal import Phase, Refusal
from igfleet.instagram.adapters.site_clock import site_time
from igfleet.instagram.adapters.translate import run_error
from igfleet.instagram.gateway import Listing, Opening, Prepared, Progress, Publisher, Reel, SignIn
from igfleet.reasons import ReasonCode

_OK = 200


@dataclass(frozen=True, slots=True)
class LeanReel:
    reel: Reel

    @property
    def upload_id(self) -> str:
        return self.reel.upload_id


def open_lean(opening: Opening) -> Publisher:
    """One account through one gate. Nothing is sent before `sign_in`."""
    return LeanPublisher(opening)


class LeanPublisher:
    """A `Publisher`."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._who = opening.account.username
        self._wire = Wire(opening.proxy_url, {"X-IG-Device-ID": f"lean-{opening.account.id}"})
        self._me = ""
        self.signed_in_by = SignIn.RESTORED

    async def sign_in(self) -> SignIn:
        """Restore the stored session with one call, else sign in once."""
        if not await self._restore():
            await self._opening.spend(Action.LOGIN)
            await self._log_in()
            self.signed_in_by = SignIn.SIGNED_IN
        return self.signed_in_by

    async def recent_media(self, count: int = 12) -> Listing:
        feed = await self._read("GET", f"/api/v1/feed/user/{self._me}/?count={count}")
        person = await self._read("GET", f"/api/v1/users/{self._me}/info/")
        media = tuple(seen for seen in map(seen_media, json.loads(feed.body)["items"]) if seen is not None)
        total = int(json.loads(person.body)["user"]["media_count"])
        return Listing(media, total, site_time(person.headers.get("date")))

    async def prepare(self, reel: Reel, progress: Progress) -> Prepared:
        """Video and cover, under the reel's upload id, from where an earlier try was cut."""
        video = reel.video.read_bytes()
        path = f"/rupload_igvideo/{reel.upload_id}_0_{len(video)}"
        offset = int(json.loads((await self._read("GET", path)).body).get("offset", 0))
        if offset < len(video):
            await self._upload(path, reel, video, offset)
        progress(len(video), len(video))
        await self._upload(f"/rupload_igphoto/{reel.upload_id}_0_1", reel, reel.cover.read_bytes(), 0)
        return LeanReel(reel)

    async def commit(self, prepared: Prepared, window: timedelta) -> PostOutcome:
        """The publish request, once, on a connection of its own, ended with the window."""
        assert isinstance(prepared, LeanReel)
        await self._wire.close()
        try:
            answered = await self._wire.ask(
                "POST",
                "/api/v1/media/configure_to_clips/?video=1",
                self._form(prepared.reel),
                {"Content-Type": "application/x-www-form-urlencoded"},
                limit_s=window.total_seconds(),
            )
        except TimeoutError as error:
            return outcome_of(Answer(None, b"", error=error, has_left=self._wire.has_left, is_late=True))
        except OSError as error:
            return outcome_of(Answer(None, b"", error=error, has_left=self._wire.has_left))
        return outcome_of(Answer(answered.status, answered.body))

    async def close(self) -> None:
        await self._wire.close()

    async def _restore(self) -> bool:
        stored = next((one for one in self._opening.account.sessions if one.kind is SessionKind.MOBILE), None)
        if stored is None:
            return False
        settings = json.loads(stored.settings.get_secret_value())
        self._wire.headers["Authorization"], self._me = settings["authorization"], settings["user_id"]
        answered = await self._ask("GET", "/api/v1/accounts/current_user/?edit=true")
        if answered.status == _OK:
            return True
        if answered.status == 403:
            self._wire.headers.pop("Authorization")
            return False
        raise self._refused(answered, Phase.READ)

    async def _log_in(self) -> None:
        if self._opening.account.password is None:
            raise NeedsPerson(f"{self._who}: no password is stored", ReasonCode.CREDENTIALS_MISSING)
        key = (await self._ask("GET", "/api/v1/qe/sync/")).headers
        sealed = _sealed(self._opening.account.password.get_secret_value(), key)
        body = _signed({"username": self._who, "enc_password": sealed, "guid": f"lean-{self._opening.account.id}"})
        answered = await self._ask("POST", "/api/v1/accounts/login/", body)
        if answered.status != _OK:
            raise self._refused(answered, Phase.LOGIN)
        authorization = answered.headers["ig-set-authorization"]
        self._wire.headers["Authorization"] = authorization
        self._me = str(json.loads(answered.body)["logged_in_user"]["pk"])
        settings = json.dumps({"authorization": authorization, "user_id": self._me})
        await self._opening.keep_session(SessionMaterial(kind=SessionKind.MOBILE, settings=SecretStr(settings)))

    async def _upload(self, path: str, reel: Reel, data: bytes, offset: int) -> None:
        headers = {
            "X-Instagram-Rupload-Params": json.dumps({"upload_id": reel.upload_id}),
            "X-Entity-Length": str(len(data)),
            "Offset": str(offset),
        }
        answered = await self._ask("POST", path, data[offset:], headers)
        if answered.status != _OK:
            raise self._refused(answered, Phase.UPLOAD)

    def _form(self, reel: Reel) -> bytes:
        told = {"upload_id": reel.upload_id, "caption": reel.caption, "length": reel.duration_s}
        return _signed({**told, "original_width": reel.width, "original_height": reel.height})

    async def _read(self, method: str, path: str) -> Answered:
        answered = await self._ask(method, path)
        if answered.status != _OK:
            raise self._refused(answered, Phase.READ)
        return answered

    async def _ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answered:
        try:
            return await self._wire.ask(method, path, body, headers)
        except NotConnected as error:
            raise ProxyTrouble(f"{self._who}: {error}") from error
        except (OSError, TimeoutError) as error:
            raise NetworkTrouble(f"{self._who}: {type(error).__name__}: {error}") from error

    def _refused(self, answered: Answered, phase: Phase) -> Exception:
        try:
            body = json.loads(answered.body)
        except ValueError:
            body = {}
        message, error_type = str(body.get("message") or "").lower(), str(body.get("error_type") or "").lower()
        return run_error(self._who, Refusal(phase, frozenset(), message, error_type, answered.status))


def _signed(told: dict[str, object]) -> bytes:
    return f"signed_body=SIGNATURE.{quote(json.dumps(told))}".encode()


def _sealed(password: str, headers: dict[str, str]) -> str:
    """The password as Instagram's mobile clients hide it."""
    public = serialization.load_pem_public_key(base64.b64decode(headers["ig-set-password-encryption-pub-key"]))
    assert isinstance(public, rsa.RSAPublicKey)
    key, iv, stamp = os.urandom(32), os.urandom(12), str(int(time.time()))
    wrapped = public.encrypt(key, padding.PKCS1v15())
    hidden = AESGCM(key).encrypt(iv, password.encode(), stamp.encode())
    head = bytes([1, int(headers["ig-set-password-encryption-key-id"])]) + iv + len(wrapped).to_bytes(2, "little")
    return f"#PWD_INSTAGRAM:4:{stamp}:{base64.b64encode(head + wrapped + hidden[-16:] + hidden[:-16]).decode()}"
