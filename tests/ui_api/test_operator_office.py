"""The operator API at the desk: captions, reports, people, webhooks, settings and the audit."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.domain.factories import accounts, draft, proxies, videos
from tests.serving import Served
from tests.ui_api.holding import holder

from igfleet.ui.models import ProxyCheckEntry, Role
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

pytestmark = pytest.mark.anyio


async def test_captions_are_kept_found_changed_and_forgotten(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    body = {"name": "Spring", "captions": {"form": "template", "text": "{Hello|Hi} from {{username}}"}}
    async with holder(ui) as client:
        made = (await client.post("/api/v1/captions", json=body)).json()
        path = f"/api/v1/captions/{made['id']}"
        taken = await client.post("/api/v1/captions", json=body)
        wrong = await client.put(path, json={**body, "captions": {"form": "template", "text": "{Hello"}})
        changed = (await client.put(path, json={**body, "name": "Summer"})).json()
        found = (await client.get("/api/v1/captions", params={"q": "summ"})).json()["items"]
        other = (await client.get("/api/v1/captions", params={"form": "csv"})).json()["items"]
        removed = (await client.delete(path)).json()
        gone = await client.get(path)

    assert (made["form"], made["made_by"].split("/")[0]) == ("template", "user:boss")
    assert (taken.status_code, wrong.status_code, changed["name"]) == (422, 422, "Summer")
    assert ([one["id"] for one in found], other) == ([made["id"]], [])
    assert (removed, gone.status_code) == ({"name": "Summer"}, 404)


async def test_posts_are_reported_by_client_to_who_sees_all_of_them(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with ui.context.database.sessions.begin() as session:
        who = await accounts(session, 3, client="Bakery")
        who[2].client = "Kanarek"
        how = {"distribution": "every_video_to_every_account", "delay_min_s": 0}
        task = await draft(session, ui.context.settings, who, await videos(session, 1, duration_s=3), **how)
        await plan(session, ui.context.settings, task.id)
        await start(session, ui.context.settings, task.id, plan_hash=None, actor="user:anna")
    async with holder(ui) as boss, holder(ui, clients=["Bakery"]) as narrow:
        whole = (await boss.get("/api/v1/reports/posts")).json()
        own = await narrow.get("/api/v1/reports/posts")
        none = (await boss.get("/api/v1/reports/posts", params={"from": "2020-01-01", "to": "2020-01-31"})).json()
        codes = [
            (await boss.get("/api/v1/reports/posts", params=wrong)).status_code
            for wrong in ({"zone": "Mars"}, {"from": "2020-02-01", "to": "2020-01-01"}, {"from": "0001-01-01"})
        ]

    assert [(row["name"], row["planned"], row["to_come"]) for row in whole["rows"]] == [
        ("Bakery", 2, 2),
        ("Kanarek", 1, 1),
    ]
    assert (whole["total"]["planned"], none["total"]["planned"]) == (3, 0)
    assert own.status_code == 403
    assert codes == [422, 422, 422]


async def test_an_admin_invites_limits_and_disables_people_and_finds_it_in_the_audit(
    ui_without_proxies: Served,
) -> None:
    ui = ui_without_proxies
    async with holder(ui) as client:
        made = await client.post("/api/v1/users", json={"name": "lena", "role": "viewer", "clients": ["Bakery"]})
        lena = made.json()
        path = f"/api/v1/users/{lena['id']}"
        raised = (await client.put(f"{path}/role", json={"role": "operator"})).json()
        freed = (await client.put(f"{path}/clients", json={"clients": []})).json()
        out = (await client.post(f"{path}/disabling")).json()
        back = (await client.post(f"{path}/enabling")).json()
        names = [one["name"] for one in (await client.get("/api/v1/users", params={"q": "LEN"})).json()["items"]]
        query = {"subject": f"user:{lena['id']}", "limit": 3}
        page = (await client.get("/api/v1/audit", params=query)).json()
        rest = (await client.get("/api/v1/audit", params={**query, "cursor": page["next_cursor"]})).json()
    async with holder(ui, person="otto", role=Role.MANAGER) as manager:
        refused = [(await manager.get(f"/api/v1/{place}")).status_code for place in ("users", "audit")]

    assert (made.status_code, lena["has_joined"], lena["invitation"].split("=")[0]) == (
        201,
        False,
        "/invitation?token",
    )
    assert (raised["role"], freed["clients"], out["disabled_at"] is None, back["disabled_at"]) == (
        "operator",
        [],
        False,
        None,
    )
    assert names == ["lena"]
    assert [one["action"] for one in (*page["items"], *rest["items"])] == [
        "user_enabled",
        "user_disabled",
        "user_clients_changed",
        "user_role_changed",
        "user_link_made",
        "user_invited",
    ]
    assert refused == [403, 403]


async def test_a_setting_is_changed_found_and_taken_back(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with holder(ui) as client:
        path = "/api/v1/settings/CAPTION_MAX_HASHTAGS"
        changed = (await client.put(path, json={"value": "12"})).json()
        wrong = await client.put(path, json={"value": "many"})
        unknown = await client.put("/api/v1/settings/MASTER_KEY", json={"value": "x"})
        listed = {one["name"]: one for one in (await client.get("/api/v1/settings")).json()["items"]}
        back = (await client.delete(path)).json()

    assert (changed["value"], changed["source"]) == ("12", "database")
    assert (wrong.status_code, unknown.status_code) == (422, 404)
    assert listed["CAPTION_MAX_HASHTAGS"]["value"] == "12"
    assert (back["value"], back["source"]) == (back["default"], "default")


async def test_a_task_is_repeated_paused_and_repeated_no_more(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with ui.context.database.sessions.begin() as session:
        await accounts(session, 1)
    when = {"weekdays": [0, 6], "at": "09:30", "timezone": "Europe/Berlin", "missed": "hold"}
    async with holder(ui) as client:
        task = (await client.post("/api/v1/tasks", json={"kind": "bulk_login", "accounts": ["nord_01"]})).json()
        order = {"task_id": task["task_id"], "name": "Weekends", **when}
        made = await client.post("/api/v1/recurring", json=order)
        path = f"/api/v1/recurring/{made.json()['id']}"
        wrong = [
            (await client.post("/api/v1/recurring", json={**order, **change})).status_code
            for change in ({"at": "9 o'clock"}, {"timezone": "Mars"}, {"weekdays": [7]}, {"task_id": 99})
        ]
        paused = (await client.post(f"{path}/pause")).json()
        resumed = (await client.post(f"{path}/pause/end")).json()
        past = (await client.get(f"{path}/occurrences")).json()["items"]
        removed = (await client.delete(path)).json()
        left = (await client.get("/api/v1/recurring")).json()["items"]

    assert made.status_code == 201
    assert (made.json()["at"], made.json()["weekdays"], len(made.json()["upcoming"])) == ("09:30", [0, 6], 3)
    assert wrong == [422, 422, 422, 404]
    assert (paused["paused_at"] is None, resumed["paused_at"], past) == (False, None, [])
    assert (removed, left) == ({"name": "Weekends"}, [])


async def test_a_webhook_is_made_changed_tested_sent_again_and_removed(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    body = {"name": "Desk", "address": "http://127.0.0.1:9/hook", "events": ["post_failed"]}
    async with holder(ui) as client:
        made = await client.post("/api/v1/webhooks", json=body)
        path = f"/api/v1/webhooks/{made.json()['id']}"
        wrong = [
            (await client.post("/api/v1/webhooks", json={**body, **change})).status_code
            for change in ({"events": ["test"]}, {"address": "ftp://x"}, {"events": []}, {"format": "telegram"})
        ]
        changed = (await client.put(path, json={"name": "Night desk", "events": ["task_ended"]})).json()
        night = {"quiet_from": "22:00", "quiet_until": "07:00", "timezone": "Europe/Oslo", "urgent": ["task_ended"]}
        quiet = (await client.put(f"{path}/quiet-hours", json=night)).json()
        wrong += [
            (await client.put(f"{path}/quiet-hours", json=night | change)).status_code
            for change in ({"quiet_until": ""}, {"quiet_from": "25:00"}, {"timezone": "Moon/Crater"})
        ]
        test = await client.post(f"{path}/tests")
        told = await _answered(client, made.json()["id"])
        again = (await client.post(f"/api/v1/webhooks/deliveries/{test.json()['id']}/replay")).json()
        listed = (await client.get("/api/v1/webhooks")).json()["items"]
        removed = (await client.delete(path)).json()
        gone = [(await client.post(f"{path}/tests")).status_code, (await client.delete(path)).status_code]

    assert (made.status_code, made.json()["secret"][:5], made.json()["host"]) == (201, "igfh_", "127.0.0.1:9")
    assert wrong == [422] * 7
    assert (quiet["quiet_from"], quiet["timezone"], quiet["urgent"]) == ("22:00", "Europe/Oslo", ["task_ended"])
    assert (changed["name"], changed["events"], changed["host"]) == ("Night desk", ["task_ended"], "127.0.0.1:9")
    assert (test.status_code, told["event"], told["state"], again["attempts"]) == (201, "test", "waiting", 0)
    assert [sorted(one) for one in listed] == [sorted(changed)], "neither address nor secret"
    assert (removed, gone) == ({"name": "Night desk"}, [404, 404])


async def test_people_are_invited_anew_signed_out_and_freed_of_a_lost_device(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with holder(ui) as client, ui.signed_in("otto", Role.OPERATOR) as browser:
        members = {one["name"]: one for one in (await client.get("/api/v1/users")).json()["items"]}
        path = f"/api/v1/users/{members['otto']['id']}"
        out = (await client.post(f"{path}/signout")).json()
        turned_away = (await browser.get("/tasks")).status_code
        link = (await client.post(f"{path}/invitation")).json()["invitation"]
        off = await client.post(f"{path}/second-factor/removal")

    assert (members["otto"]["browsers"], members["otto"]["state"]) == (1, "active")
    assert (out, turned_away in (303, 401)) == ({"browsers": 1}, True)
    assert link.startswith("/invitation?token=")
    assert (off.status_code, off.json()["reason_code"]) == (409, "nothing_to_do")


async def test_facts_notes_and_switches_are_set_as_on_the_pages(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with ui.context.database.sessions.begin() as session:
        [account] = await accounts(session, 1, tags=["north"])
        path = f"/api/v1/accounts/{account.id}"
    async with holder(ui) as client, holder(ui, tags=["north"]) as narrow:
        edited = (await client.put(path, json={"timezone": "Europe/Berlin", "notes": "Asks often"})).json()
        wrong = await client.put(path, json={"timezone": "Mars"})
        lost = await narrow.put(path, json={"tags": ["south"]})
        noted = await client.post(f"{path}/notes", json={"note": "The owner was told"})
        health = (await narrow.get(f"{path}/health")).json()
        line = (await client.get(f"{path}/timeline")).json()
        notes = (await client.get(f"{path}/timeline", params={"only": "notes"})).json()["items"]
        earlier = (await client.get(f"{path}/timeline", params={"cursor": line["items"][-1]["at"]})).json()
        odd = [(await client.get(f"{path}/timeline", params=no)).status_code for no in ({"cursor": "x"}, {"only": "x"})]
        aside = (await client.post(f"{path}/archive", json={})).json()
        back = (await client.post(f"{path}/archive", json={"on": False})).json()
        live = [
            await client.put("/api/v1/methods/playwright+dolphin", json={"is_live": True, "knows_the_risk": known})
            for known in (False, True)
        ]
        unknown = await client.put("/api/v1/methods/none", json={"is_live": False})
        on = [one["method"] for one in (await client.get("/api/v1/methods")).json()["items"] if one["is_live"]]
        token = (await client.post("/api/v1/worker-tokens", json={"worker": "worker-1"})).json()["token"]
        revoked = (await client.delete("/api/v1/worker-tokens", params={"worker": "worker-1"})).json()
        mails = [(await client.get("/api/v1/mails")).json(), (await client.post("/api/v1/mails/9/replay")).status_code]
        subject = {"subject": f"account:{account.id}", "action": "account_noted"}
        [entry] = (await client.get("/api/v1/audit", params=subject)).json()["items"]
        chain = (await client.get("/api/v1/audit/chain")).json()
        cut = (await client.get("/api/v1/audit/chain", params={"head": f"1:{'0' * 64}"})).json()

    assert (edited["timezone"], edited["tags"], wrong.status_code) == ("Europe/Berlin", ["north"], 422)
    assert (lost.status_code, noted.status_code, entry["facts"]) == (404, 201, {"note": "The owner was told"})
    costs = {one["name"]: one["taken"] for one in health["parts"] if one["taken"]}
    assert (health["score"], health["level"], costs) == (60, "fair", {"proxy": 10, "sign-in": 30})
    assert health["budgets"][0]["left_day"] == health["budgets"][0]["per_day"]
    assert [one["detail"] for one in notes] == ["The owner was told"]
    assert {one["after"] for event in line["items"] for one in event["changes"]} >= {"Europe/Berlin", "Asks often"}
    assert (earlier["items"], earlier["next_cursor"], odd) == ([], None, [422, 422])
    assert (aside["archived_at"] is None, back["archived_at"], back["tags"]) == (False, None, ["north"])
    assert [one.status_code for one in live] == [422, 200]
    assert (unknown.status_code, on) == (404, ["playwright+dolphin"])
    assert (token[:5], revoked, mails) == ("igfw_", {"revoked": 1}, [{"items": [], "next_cursor": None}, 404])
    assert (chain["wrong"], chain["entries"] > 5, cut["found"]) == ([], True, 1)


async def test_a_proxy_is_switched_off_and_its_checks_are_listed(ui_without_proxies: Served) -> None:
    ui = ui_without_proxies
    async with ui.context.database.sessions.begin() as session:
        [proxy] = await proxies(session, 1)
        words = ("It refuses.", "It is slow.")
        session.add_all([ProxyCheckEntry(proxy_id=proxy.id, verdict="unreachable", sentence=said) for said in words])
    async with holder(ui) as client:
        path = f"/api/v1/proxies/{proxy.id}"
        off = [(await client.put(f"{path}/switch", json={"on": False})).json()["state"] for _ in range(2)]
        page = (await client.get(f"{path}/checks", params={"limit": 1})).json()
        rest = (await client.get(f"{path}/checks", params={"cursor": page["next_cursor"]})).json()
        gone = await client.get("/api/v1/proxies/99/checks")

    assert off == ["disabled", "disabled"]
    assert [one["sentence"] for one in (*page["items"], *rest["items"])] == ["It is slow.", "It refuses."]
    assert (rest["next_cursor"], gone.status_code) == (None, 404)


async def _answered(client: httpx.AsyncClient, webhook_id: int) -> dict[str, Any]:
    """The newest delivery, once an attempt was made."""
    async with asyncio.timeout(60):
        while True:
            log = await client.get("/api/v1/webhooks/deliveries", params={"webhook_id": webhook_id})
            told: dict[str, Any] = log.json()["items"][0]
            if told["answer"]:
                return told
            await asyncio.sleep(0.05)
