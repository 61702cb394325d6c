"""Brings a reel's bytes and cover to Instagram under our own upload id. All of it may be repeated."""

import json
import uuid
from collections.abc import Iterator
from typing import Any, BinaryIO

import requests

from igfleet.instagram.adapters.refusal import Phase, json_of
from igfleet.instagram.adapters.translate import refused
from igfleet.instagram.adapters.transport import SendOnce
from igfleet.instagram.gateway import Progress, Reel

_BASE = "https://i.instagram.com"
_OK = 200
_PATIENCE_S = 60.0
_SLOWEST_BYTES_PER_S = 50_000
_NAMES = uuid.UUID("5f1c6a0e-6f0f-4a55-8a0c-3a6b8a1d7e11")


def upload_reel(client: Any, transport: SendOnce, reel: Reel, progress: Progress, *, anew: bool = False) -> None:
    """Announce, ask how much is there already, send the rest, then the cover. Raises `RunError`.

    `anew` sends all bytes again, whatever is there.
    """
    size = reel.video.stat().st_size
    session = str(uuid.uuid5(_NAMES, reel.upload_id))
    _announce(client, reel, size, session)
    name = upload_name(reel.upload_id, size)
    address = f"{_BASE}/rupload_igvideo/{name}"
    headers = client.private_headers(_video_headers(reel, session))
    offset = 0 if anew else _offset(client, address, headers, size)
    progress(offset, size)
    if offset < size:
        with reel.video.open("rb") as file, transport.within(_longest_s(size - offset)):
            rest = Rest(file, offset, size, progress)
            sending = {**headers, **_part_headers(name, offset, size, len(rest))}
            _checked(client, client.private.post(address, data=rest, headers=sending))
    client.photo_rupload(reel.cover, reel.upload_id, for_story=True)


def upload_name(upload_id: str, size: int) -> str:
    """What the bytes are called on the way: the same in every try, so that a cut upload is found again."""
    return f"{uuid.uuid5(_NAMES, upload_id).hex}-0-{size}-{upload_id}-{upload_id}"


class Rest:
    """The part of a file that is still to be sent, read in pieces while it is sent."""

    def __init__(self, file: BinaryIO, offset: int, size: int, progress: Progress) -> None:
        file.seek(offset)
        self._file = file
        self._sent = offset
        self._size = size
        self._length = size - offset
        self._progress = progress

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(1 << 16):
            yield piece

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        if piece:
            self._sent += len(piece)
            self._progress(self._sent, self._size)
        return piece


def _longest_s(size: int) -> float:
    return _PATIENCE_S + size / _SLOWEST_BYTES_PER_S


def _announce(client: Any, reel: Reel, size: int, session: str) -> None:
    body = json.dumps(_upload_settings(client, reel, size, session))
    headers = client.private_headers(
        {
            "Accept-Encoding": "gzip",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Offset": "0",
            "X-Entity-Length": str(len(body)),
            "X-Entity-Name": "upload_settings",
            "X-Entity-Type": "application/json",
            "X_FB_VIDEO_WATERFALL_ID": f"{session}_settings",
        }
    )
    _checked(client, client.private.post(f"{_BASE}/upload_settings/{session}", data=body, headers=headers))


def _offset(client: Any, address: str, headers: dict[str, str], size: int) -> int:
    """How many bytes have arrived in an earlier try."""
    answer = _checked(client, client.private.get(address, headers=headers))
    offset = json_of(answer).get("offset", 0)
    return offset if isinstance(offset, int) and 0 <= offset <= size else 0


def _checked(client: Any, answer: requests.Response) -> requests.Response:
    if answer.status_code != _OK:
        raise refused(client.username, answer, Phase.UPLOAD)
    return answer


def _part_headers(name: str, offset: int, size: int, length: int) -> dict[str, str]:
    return {
        "Offset": str(offset),
        "X-Entity-Name": name,
        "X-Entity-Length": str(size),
        "Content-Type": "application/octet-stream",
        "Content-Length": str(length),
    }


def _video_headers(reel: Reel, session: str) -> dict[str, str]:
    params = {
        "provenance_metadata": json.dumps({"origin": ["EXTERNAL"]}),
        "upload_media_height": str(reel.height),
        "share_type": "reels",
        "debug_segment_id": "0",
        "extract_cover_frame": "1",
        "upload_engine_config_enum": "0",
        "xsharing_user_ids": "[]",
        "upload_media_width": str(reel.width),
        "stella_data": "{}",
        "is_clips_video": "1",
        "is_optimistic_upload": "true",
        "upload_media_duration_ms": str(int(reel.duration_s * 1000)),
        "content_tags": "use_default_cover",
        "upload_id": reel.upload_id,
        "retry_context": '{"num_reupload":0,"num_step_manual_retry":0,"num_step_auto_retry":0}',
        "session_id": reel.upload_id,
        "media_type": "2",
    }
    return {
        "Accept-Encoding": "gzip",
        "X-Instagram-Rupload-Params": json.dumps(params),
        "X_FB_VIDEO_WATERFALL_ID": f"{session}_{reel.upload_id}_Mixed_0",
        "X-Entity-Type": "video/mp4",
        "Segment-Start-Offset": "0",
        "Segment-Type": "3",
    }


def _upload_settings(client: Any, reel: Reel, size: int, session: str) -> dict[str, object]:
    duration_ms = int(reel.duration_s * 1000)
    dummy = {"download_latency_connection_quality": "ig_dummy", "network_connection_name": "ig_dummy",
             "download_bandwidth_connection_quality": "ig_dummy"}  # fmt: skip
    return {
        "composer_session_id": session,
        "upload_setting_properties": {
            "upload_settings_version": "v0.1",
            "codec": {},
            "context": {
                "source_attribution": None,
                "enable_video_dimension_upscale": False,
                "source_type": "clips",
                "quality": "",
                "target_id": client.user_id,
            },
            "video": _video_settings(reel, size, duration_ms),
            "creative_tools": {"transmuxing_eligible": False, "transcoding_required": True},
            "network": dummy,
        },
        "preview_spec": {"spec_version": 1, "video_dur_ms": duration_ms, "audio_dur_ms": duration_ms},
    }


def _video_settings(reel: Reel, size: int, duration_ms: int) -> dict[str, object]:
    return {
        "video_height": reel.height,
        "video_gop_size_sec": 0,
        "video_rotation_angle": 0,
        "video_width": reel.width,
        "source_video_codec": None,
        "video_partial_frame_size_bytes": 0,
        "asset_id": reel.upload_id,
        "video_key_frame_size_bytes": 0,
        "target_duration": int(reel.duration_s),
        "video_original_file_size": size,
        "video_duration_milliseconds": duration_ms,
        "audio_bit_rate_bps": -1,
        "video_bit_rate_bps": 0,
        "audio_codec_type": None,
        "video_fps": 30,
    }
