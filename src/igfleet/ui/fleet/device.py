"""The device of an account's stored session, in words. Its identifiers and cookies stay sealed."""

import json
from typing import Any


def device_of(settings: str) -> str:
    """ "Samsung SM-G991B, Android 12, app 269.0.0.18.75"; empty when the session does not say."""
    try:
        stored = json.loads(settings)
    except ValueError:
        return ""
    found = stored.get("device_settings") if isinstance(stored, dict) else None
    if not isinstance(found, dict):
        return ""
    name = " ".join(filter(None, (_text(found, "manufacturer").title(), _text(found, "model"))))
    parts = (name, _labelled("Android", found, "android_release"), _labelled("app", found, "app_version"))
    return ", ".join(filter(None, parts))


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return str(value)[:60] if isinstance(value, str | int) else ""


def _labelled(label: str, found: dict[str, Any], name: str) -> str:
    value = _text(found, name)
    return f"{label} {value}" if value else ""
