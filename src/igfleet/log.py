"""Logs: events with fields, secrets removed last, control characters escaped.

Standard-library loggers (uvicorn, httpx, instagrapi, sqlalchemy, procrastinate) pass through the same chain.
"""

import base64
import logging
import re
import sys
import urllib.parse
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog

STARS = "***"
_SECRET_KEY = re.compile(
    r"pass(word|wd)?$|secret|token|cookie|authorization|session_?(id|settings|key)?$|totp|seed$|api_?key|otp|csrf",
    re.IGNORECASE,
)
_MORE = re.compile(r"(?i)(bearer\s+|sessionid[=:\"'\s]+|igfw_\d+_)[^\s\"'&;,]+")
_IN_ADDRESS = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+(?=@)")
_CHATTY = (
    "alembic",
    "httpcore",
    "httpx",
    "instagrapi",
    "private_request",
    "procrastinate",
    "public_request",
    "urllib3",
    "uvicorn",
)
"""Libraries of whose doings only warnings are logged."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_SHORTEST = 6
_LONGEST = 20_000
_MOST_VALUES = 20_000
"""The oldest are forgotten first: a process that has opened so many secrets since no longer handles them."""
_LONGEST_TEXT = 20_000
_LOOKED_THROUGH = _LONGEST_TEXT + 10 * _LONGEST
"""What follows is never shown, not even when all before it turns out to be one secret in its longest encoding."""


class Redactor:
    """Removes secrets from log events: by the name of the field and by the exact value, in common encodings."""

    def __init__(self) -> None:
        self._values: dict[str, None] = {}
        self._by_beginning: dict[str, set[str]] = {}
        """The values by their first characters: looking for thousands of them costs as much as for one."""

    def learn(self, *values: str | None) -> None:
        """Never let these values appear in a log of this process again. Values under 6 characters are not learnt."""
        for value in values:
            if value and _SHORTEST <= len(value) <= _LONGEST:
                for form in _encodings(value):
                    self._values.pop(form, None)
                    self._values[form] = None
                    self._by_beginning.setdefault(form[:_SHORTEST], set()).add(form)
        while len(self._values) > _MOST_VALUES:
            self._forget(next(iter(self._values)))

    def text(self, text: str) -> str:
        """The text without secrets, with control characters escaped, and not too long."""
        was_longer = len(text) > _LOOKED_THROUGH
        text = text[:_LOOKED_THROUGH]
        for found in sorted(self._found(text), key=len, reverse=True):
            text = text.replace(found, STARS)
        text = _MORE.sub(lambda match: match.group(1) + STARS, text)
        text = _IN_ADDRESS.sub(lambda match: match.group(1) + STARS, text)
        text = _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), text)
        return text[:_LONGEST_TEXT] + "… (cut)" if was_longer or len(text) > _LONGEST_TEXT else text

    def value(self, key: str, value: object) -> object:
        """A field's value without secrets, at any depth."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if _SECRET_KEY.search(key):
            return STARS
        if isinstance(value, Mapping):
            return {str(name): self.value(str(name), item) for name, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value("", item) for item in value]
        return self.text(str(value))

    def _found(self, text: str) -> set[str]:
        """The values that stand in the text, whichever of its places they begin at."""
        length = len(text) - _SHORTEST + 1
        places = [at for at in range(length) if text[at : at + _SHORTEST] in self._by_beginning]
        alike = ((at, value) for at in places for value in tuple(self._by_beginning[text[at : at + _SHORTEST]]))
        return {value for at, value in alike if text.startswith(value, at)}

    def _forget(self, value: str) -> None:
        del self._values[value]
        alike = self._by_beginning[value[:_SHORTEST]]
        alike.discard(value)
        if not alike:
            del self._by_beginning[value[:_SHORTEST]]

    def __call__(self, _logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        told = {key: self.value(key, value) for key, value in event.items()}
        return told | {"event": str(told.get("event", "")).replace("\n", "\\n")}  # one event is one line


redactor = Redactor()
"""The redactor of this process."""


def _encodings(value: str) -> list[str]:
    raw = value.encode()
    return [
        value,
        urllib.parse.quote(value, safe=""),
        urllib.parse.quote_plus(value),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
        value.encode("unicode_escape").decode(),
    ]


def set_up(form: Literal["text", "json"] = "text", level: str = "info") -> None:
    """Send every log of the process to stderr, through the redactor. Called once, at start."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redactor,
            renderer,
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    for own in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(own).handlers.clear()
        logging.getLogger(own).propagate = True


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
