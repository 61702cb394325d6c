"""What was done and seen, for who has to find out why it failed: without bodies, headers, queries or typed text."""

from collections import deque
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response

from igfleet import clock

_MOST_LINES = 400
_LONGEST_LINE = 300


class Chronicle:
    """The newest lines of one run."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self.step_now = "start"

    def step(self, name: str) -> None:
        self.step_now = name
        self._add(f"--- {name}")

    def note(self, text: str) -> None:
        self._add(f"    {text}")

    def listen(self, context: BrowserContext) -> None:
        """Take down what the pages ask for and complain about."""
        context.on("response", self._answered)
        context.on("requestfailed", self._failed)
        context.on("console", self._said)

    def text(self) -> str:
        return "\n".join(self._lines)

    def _answered(self, response: Response) -> None:
        self._add(f"    {response.status} {response.request.method} {_place(response.url)}")

    def _failed(self, request: Request) -> None:
        self._add(f"    --- {request.method} {_place(request.url)}: {request.failure}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._add(f"    console: {message.text}")

    def _add(self, line: str) -> None:
        self._lines.append(f"{clock.now():%H:%M:%S.%f} {line}"[:_LONGEST_LINE])


def _place(url: str) -> str:
    """Host and path. What stands in a query or below `data:` and `blob:` is nobody's business."""
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}" if parts.hostname else f"{parts.scheme}:"
