"""The proxies that a sandbox stands for, through its control API."""

from pathlib import Path

import httpx
import pytest
from tests.authorities import PUBLIC

from igfleet.sandbox.sandbox import Sandbox

pytestmark = pytest.mark.anyio


def _client(sandbox: Sandbox) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{sandbox.control_url}/v1/", trust_env=False, verify=PUBLIC)


async def _echoed(sandbox: Sandbox, user: str, password: str) -> httpx.Response:
    proxy = httpx.Proxy(sandbox.proxy_url, auth=(user, password))
    async with httpx.AsyncClient(proxy=proxy, trust_env=False, verify=PUBLIC) as client:
        return await client.get("http://echo.sandbox/")


async def test_each_registered_proxy_comes_out_elsewhere_and_moves_when_asked(sandbox: Sandbox) -> None:
    async with _client(sandbox) as control:
        await control.post("proxies", json={"username": "exit_01", "password": "pw"})
        before = (await _echoed(sandbox, "exit_01", "pw")).json()
        rotated = (await control.post("rotation", params={"proxy": "exit_01"})).json()
        after = (await _echoed(sandbox, "exit_01", "pw")).json()

    assert before["proxy"] == "exit_01"
    assert before["ip"].startswith("203.0.113.")
    assert rotated == {"rotated": True, "exit_ip": after["ip"]}
    assert after["ip"] != before["ip"]


async def test_the_proxies_are_listed_with_their_connections_and_without_passwords(sandbox: Sandbox) -> None:
    async with _client(sandbox) as control:
        await control.post("proxies", json={"username": "exit_01", "password": "canary-pw", "mode": "auth"})
        refused = await _echoed(sandbox, "exit_01", "canary-pw")
        await _echoed(sandbox, "anybody", "anything")
        listed = await control.get("proxies")

    assert refused.status_code == 407
    shown = {
        one["username"]: (one["mode"], one["connections"], one["is_registered"]) for one in listed.json()["proxies"]
    }
    assert shown == {"exit_01": ("auth", 1, True), "anybody": ("ok", 1, False)}
    assert "canary" not in listed.text


@pytest.mark.parametrize("body", [{"username": "x"}, {"username": "x", "password": "y", "mode": "dance"}])
async def test_a_wrong_body_is_told(sandbox: Sandbox, body: dict[str, str]) -> None:
    async with _client(sandbox) as control:
        answer = await control.post("proxies", json=body)

    assert answer.status_code == 422


async def test_registered_proxies_survive_a_restart(tmp_path: Path) -> None:
    async with Sandbox(tmp_path) as first:
        first.proxy.exits.register("exit_01", "pw")
        first.proxy.exits.rotate("exit_01")
        before = first.proxy.exits.all()
    async with Sandbox(tmp_path) as second:
        assert second.proxy.exits.all() == before
        assert (await _echoed(second, "exit_01", "wrong")).status_code == 407
