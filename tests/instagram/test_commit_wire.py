"""The commit against everything that can happen on the line: sent at most once, over when its time is over."""

import json
import time
import urllib.parse
from datetime import timedelta
from pathlib import Path

import pytest
from tests.instagram.accounts import a_prepared_reel, signed_in
from tests.instagram.line import (
    Behaviour,
    Line,
    closes,
    is_cut_short,
    is_silent,
    says,
    trickles,
    trickles_a_body,
)

from igfleet.contracts.posts import CommitKind, PostOutcome
from igfleet.instagram.adapters.client import new_client
from igfleet.instagram.adapters.commit import send_commit
from igfleet.instagram.adapters.trust import bundle
from igfleet.reasons import ReasonCode

WINDOW = timedelta(seconds=10)
MEDIA = {"pk": 3400000000000000001, "code": "Cabc", "taken_at": 1_700_000_000, "caption": {"text": "Sea"}}


def commit_over(line: Line, folder: Path, window: timedelta = WINDOW) -> PostOutcome:
    client, transport = new_client(signed_in(), line.proxy_url, bundle(line.ca_file, folder))
    return send_commit(client, transport, a_prepared_reel(folder), window)


def test_a_good_answer_is_published_with_its_id(tmp_path: Path) -> None:
    with Line(tmp_path / "ca", [says(200, {"status": "ok", "media": MEDIA})]) as line:
        outcome = commit_over(line, tmp_path)

    assert outcome.kind is CommitKind.PUBLISHED
    assert outcome.media is not None
    assert (outcome.media.pk, outcome.media.caption) == ("3400000000000000001", "Sea")
    assert outcome.permalink == "https://www.instagram.com/reel/Cabc/"


def test_the_request_is_the_librarys_own_and_signed(tmp_path: Path) -> None:
    with Line(tmp_path / "ca", [says(200, {"status": "ok", "media": MEDIA})]) as line:
        commit_over(line, tmp_path)
    (request,) = line.requests
    form = urllib.parse.parse_qs(request.body.decode())
    fields = json.loads(form["signed_body"][0].removeprefix("SIGNATURE."))

    assert (request.method, request.path) == ("POST", "/api/v1/media/configure_to_clips/?video=1")
    assert request.headers["authorization"].startswith("Bearer IGT:2:")
    assert fields["upload_id"] == "1700000000001"
    assert fields["caption"] == 'Sea & "sand" 🌊\nsecond line'
    assert (fields["usertags"], fields["location"], fields["length"]) == ('{"in": []}', "{}", 2.04)


@pytest.mark.parametrize(
    "behaviour",
    [closes, is_cut_short, says(502, b"Bad Gateway"), says(500, {"status": "fail"}), says(200, b"<html></html>"),
     says(200, b""), says(200, {"status": "ok"}), says(408, b""), says(429, {"message": "x", "status": "fail"}),
     says(403, {"message": "forbidden", "status": "fail"}), says(404, b"Not Found"),
     says(400, {"message": "Please wait a few minutes before you try again.", "status": "fail"}),
     says(400, {"message": "Server got a conflicting upload id", "status": "fail"})],
    ids=["dropped", "cut short", "502", "500", "html", "empty", "no media", "408", "429", "403", "404", "wait",
         "conflicting id"],
)  # fmt: skip
def test_what_does_not_settle_it_is_unknown_and_sent_once(tmp_path: Path, behaviour: Behaviour) -> None:
    with Line(tmp_path / "ca", [behaviour]) as line:
        outcome = commit_over(line, tmp_path)

    assert outcome.kind is CommitKind.UNKNOWN
    assert len(line.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(tmp_path: Path, status: int) -> None:
    elsewhere = "Location: https://i.instagram.com/api/v1/media/configure_to_clips/"
    with Line(tmp_path / "ca", [says(status, b"", elsewhere)]) as line:
        outcome = commit_over(line, tmp_path)

    assert outcome.kind is CommitKind.UNKNOWN
    assert len(line.requests) == 1


@pytest.mark.parametrize("behaviour", [is_silent, trickles, trickles_a_body])
def test_it_is_over_when_the_window_is_over(tmp_path: Path, behaviour: Behaviour) -> None:
    with Line(tmp_path / "ca", [behaviour]) as line:
        started = time.monotonic()
        outcome = commit_over(line, tmp_path, timedelta(seconds=0.6))
        took = time.monotonic() - started

    assert outcome.kind is CommitKind.UNKNOWN
    assert outcome.evidence["is_late"] is True
    assert took < 2


@pytest.mark.parametrize(
    ("tunnel", "reason"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", ReasonCode.PROXY_AUTH_FAILED),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", ReasonCode.EGRESS_REFUSED),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", ReasonCode.PROXY_UNREACHABLE),
        (b"nonsense\r\n\r\n", ReasonCode.NETWORK_TROUBLE),
    ],
)
def test_a_refused_tunnel_is_provably_not_sent(tmp_path: Path, tunnel: bytes, reason: ReasonCode) -> None:
    with Line(tmp_path / "ca", [closes], tunnel=tunnel) as line:
        outcome = commit_over(line, tmp_path)

    assert (outcome.kind, outcome.reason) == (CommitKind.NOT_SENT, reason)
    assert line.requests == []


def test_a_proxy_that_is_not_there_is_provably_not_sent(tmp_path: Path) -> None:
    with Line(tmp_path / "ca", [closes]) as line:
        gone = line.proxy_url
    client, transport = new_client(signed_in(), gone, True)

    outcome = send_commit(client, transport, a_prepared_reel(tmp_path), WINDOW)

    assert (outcome.kind, outcome.reason) == (CommitKind.NOT_SENT, ReasonCode.PROXY_UNREACHABLE)


def test_a_certificate_that_is_not_trusted_is_provably_not_sent(tmp_path: Path) -> None:
    with Line(tmp_path / "ca", [closes]) as line:
        client, transport = new_client(signed_in(), line.proxy_url, True)
        outcome = send_commit(client, transport, a_prepared_reel(tmp_path), WINDOW)

    assert outcome.kind is CommitKind.NOT_SENT
    assert line.requests == []


def test_time_that_is_over_before_the_connection_stands_sends_nothing(tmp_path: Path) -> None:
    with Line(tmp_path / "ca", [says(200, {"status": "ok", "media": MEDIA})]) as line:
        outcome = commit_over(line, tmp_path, timedelta(0))

    assert outcome.kind is CommitKind.NOT_SENT
    assert line.requests == []


def test_it_leaves_on_a_connection_of_its_own(tmp_path: Path) -> None:
    me = {"status": "ok", "user": {"pk": 4711}}
    with Line(tmp_path / "ca", [says(200, me), says(200, {"status": "ok", "media": MEDIA})]) as line:
        client, transport = new_client(signed_in(), line.proxy_url, bundle(line.ca_file, tmp_path))
        client.private_request("accounts/current_user/?edit=true")
        outcome = send_commit(client, transport, a_prepared_reel(tmp_path), WINDOW)

    assert outcome.kind is CommitKind.PUBLISHED
    assert line.connects == 2


def test_even_a_library_that_repeats_sends_one_request(tmp_path: Path) -> None:
    with Line(tmp_path / "ca", [says(400, {"message": "feedback_required", "status": "fail"})]) as line:
        client, transport = new_client(signed_in(), line.proxy_url, bundle(line.ca_file, tmp_path))
        client.handle_exception = lambda *_: None
        send_commit(client, transport, a_prepared_reel(tmp_path), WINDOW)

    assert len(line.requests) == 1
