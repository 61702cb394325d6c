"""Fetching a picture from Instagram's own servers, on the account's own way out and without its session."""

from urllib.parse import urlsplit

import requests

from igfleet.errors import GiveUp, NotSupported
from igfleet.instagram.adapters.transport import SendOnce
from igfleet.reasons import ReasonCode

_HOSTS = ("instagram.com", "cdninstagram.com", "fbcdn.net")
"""Each stands for its subdomains too."""
_OK = 200
_GONE = (403, 404, 410)


def fetch_picture(url: str, proxy_url: str, verify: str | bool, user_agent: str) -> bytes:
    """The bytes. Raises `NotSupported` for any other host, `GiveUp` (media_missing) when it is gone, and what
    `requests` raises."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or not any(host == name or host.endswith(f".{name}") for name in _HOSTS):
        raise NotSupported(f"{host or url!r} is no server of Instagram")
    with requests.Session() as session:
        session.trust_env = False
        session.max_redirects = 0
        session.mount("https://", SendOnce())
        session.proxies = {"https": proxy_url}
        session.verify = verify
        answer = session.get(url, headers={"User-Agent": user_agent})
    if answer.status_code in _GONE:
        raise GiveUp("The picture is not on Instagram's servers any more", ReasonCode.MEDIA_MISSING)
    if answer.status_code != _OK:
        answer.raise_for_status()
        raise requests.ConnectionError(f"a picture was answered with {answer.status_code}")
    return answer.content
