"""For every route that workers call with a body: one that is right, for a lease of the stage."""

from typing import Any

from tests.ui_api.stage import Stage

NOW = "2026-05-31T12:00:00Z"
_SEEN = {"pk": "3400000000000000001", "code": "C1", "taken_at": NOW, "caption": "Hello", "duration_s": 3.0}


def bodies(stage: Stage) -> dict[str, dict[str, Any] | None]:
    """By the route's name. None: it takes no body."""
    lease = stage.leases[0]
    post = lease["posts"][0]
    worker = stage.workers["w1"]
    of_lease, of_post = "/api/leases/{lease_id:uuid}", "/api/leases/{lease_id:uuid}/posts/{post_id:int}"
    return {
        "POST /api/workers/register": {
            "name": "w1", "version": "0", "kinds": ["bulk_upload"], "methods": ["instagrapi"], "slots": 2,
            "labels": ["a"], "base_url": "http://127.0.0.1:8100",
        },
        "POST /api/workers/{worker_id:int}/heartbeat": {
            "running": 1, "cpu_percent": 1.5, "memory_bytes": 1, "disk_free_bytes": 1,
        },
        "POST /api/leases": {
            "worker_id": worker, "kinds": ["bulk_upload"], "methods": ["instagrapi"], "limit": 1, "task_id": stage.task,
            "batch_index": 0, "batch_count": 2, "wait_s": 0, "request_id": "00000000-0000-4000-8000-000000000001",
        },
        "POST /api/leases/renew": {"leases": [lease["id"]]},
        f"POST {of_lease}/reports": {
            "seq": 1, "counters": {"success": 0}, "checkpoints": {"a": ["b", {"c": 1.5}]}, "step": "uploading",
            "lines": [{"at": NOW, "level": "info", "event": "e", "text": "t", "fields": {"a": ["b", {"c": 1}]}}],
            "session": {"kind": "mobile", "settings": "{}", "version": 1},
        },
        f"POST {of_lease}/totp": None,
        f"POST {of_lease}/spendings": {"action": "login", "amount": 1},
        f"POST {of_lease}/lookups": {"username": "bar_01"},
        f"PUT {of_lease}/lookups": {"username": "bar_01", "user_id": "91", "is_private": False, "is_missing": False},
        f"PUT {of_post}/intent": {
            "upload_id": post["upload_id"], "media_sha256": "a" * 64, "caption_sha256": "b" * 64, "duration_s": 3.0,
            "size_bytes": 10, "cover_hash": "0" * 16,
            "snapshot": {"pks": ["3399999999999999999"], "media_count": 1, "taken_at": NOW},
        },
        f"POST {of_post}/permit": None,
        f"PUT {of_post}/outcome": {
            "kind": "unknown", "media": _SEEN, "permalink": "https://www.instagram.com/reel/C1/",
            "reason": "rate_limited", "message": "m", "evidence": {"a": ["b", {"c": 1.5}]}, "post_state": "planned",
        },
        f"POST {of_post}/readings": {
            "seq": 1, "media": [_SEEN], "media_count": 1, "is_good": True, "message": "m",
        },
        f"PUT {of_lease}/files/{{sha256:str}}": {
            "name": "a.png", "purpose": "evidence", "size_bytes": 10, "source_id": 1, "facts": {"a": ["b"]},
            "counter": "success",
        },
        f"PATCH {of_lease}/files/{{sha256:str}}": None,
        f"POST {of_lease}/challenges": {"kind": "email_code", "destination": "n***@example.com", "resume": "{}"},
        f"PUT {of_lease}/challenges/{{challenge_id:int}}/verdict": {"is_right": True, "is_from_mailbox": False},
        f"PUT {of_lease}/outcome": {
            "outcome": "retry_later", "reason_code": "rate_limited", "message": "m", "retry_after_s": 1.0,
            "result": {"a": ["b", {"c": 1.5}]},
        },
        "POST /api/{kind:str}/{task_id:int}/status": {"status": "RUNNING", "log": "l", "log_append": "m"},
        "POST /api/{kind:str}/accounts/{account_task_id:int}/status": {"status": "RUNNING", "log_append": "m"},
        "POST /api/bulk-accounts/{account_task_id:int}/status": {"status": "PENDING", "log_append": "m"},
        "POST /api/{kind:str}/accounts/{account_task_id:int}/counters": {"success": 1, "seq": 1},
        "POST /api/bulk-accounts/{account_task_id:int}/counters": {"success": 1, "seq": 1},
    }  # fmt: skip
